"""`sam build` produces a template that CloudFormation accepts, and layers with compiled bytecode."""

import subprocess
from pathlib import Path

import yaml  # type: ignore[import-untyped]

from tests.builders import ROOT

UNZIPPED_MB = 28


def test_sam_validate_accepts_the_template() -> None:
    subprocess.run(["sam", "validate", "--lint"], cwd=ROOT, check=True)  # noqa: S607


def test_built_template_contains_no_anchors_or_merge_keys(built: Path) -> None:
    # CloudFormation rejects both.
    events = list(yaml.parse((built / "template.yaml").read_text(), Loader=yaml.SafeLoader))
    assert not [event for event in events if getattr(event, "anchor", None)]
    assert not [event for event in events if isinstance(event, yaml.ScalarEvent) and event.value == "<<"]


def test_built_layers_contain_bytecode_that_is_never_checked_against_its_source(built: Path) -> None:
    sources = [source for layer in ("DependenciesLayer", "SharedLayer") for source in (built / layer).rglob("*.py")]
    compiled = [source.parent / "__pycache__" / f"{source.stem}.cpython-313.pyc" for source in sources]
    assert len(sources) > 100
    # PEP 552, flags: bit 0 marks hash-based bytecode, bit 1 makes the import system check the source.
    assert {each.read_bytes()[4:8] for each in compiled} == {b"\x01\0\0\0"}


def test_dependencies_layer_supports_both_processors_within_the_size_limit(built: Path) -> None:
    layer = built / "DependenciesLayer"
    processors = {library.name.split("-")[2] for library in layer.rglob("_pydantic_core*.so")}
    assert processors == {"aarch64", "x86_64"}
    assert sum(file.stat().st_size for file in layer.rglob("*")) < UNZIPPED_MB * 1e6
