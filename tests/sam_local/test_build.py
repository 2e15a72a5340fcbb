"""What `sam build` makes of the template: something that CloudFormation takes and a cold start need not compile."""

import subprocess
from pathlib import Path

import yaml  # type: ignore[import-untyped]

from tests.builders import ROOT

UNZIPPED_MB = 28


def test_passes_sams_own_checks() -> None:
    subprocess.run(["sam", "validate", "--lint"], cwd=ROOT, check=True)  # noqa: S607


def test_leaves_no_anchor_in_the_template_for_cloudformation_refuses_them(built: Path) -> None:
    events = list(yaml.parse((built / "template.yaml").read_text(), Loader=yaml.SafeLoader))
    assert not [event for event in events if getattr(event, "anchor", None)]
    assert not [event for event in events if isinstance(event, yaml.ScalarEvent) and event.value == "<<"]


def test_brings_bytecode_that_is_never_checked_against_its_source(built: Path) -> None:
    sources = [source for layer in ("DependenciesLayer", "SharedLayer") for source in (built / layer).rglob("*.py")]
    compiled = [source.parent / "__pycache__" / f"{source.stem}.cpython-313.pyc" for source in sources]
    assert len(sources) > 100
    # PEP 552: bit 0 of the flags says that it is found by hash, bit 1 that the source is to be looked at.
    assert {each.read_bytes()[4:8] for each in compiled} == {b"\x01\0\0\0"}


def test_suits_both_processors_and_stays_small(built: Path) -> None:
    layer = built / "DependenciesLayer"
    processors = {library.name.split("-")[2] for library in layer.rglob("_pydantic_core*.so")}
    assert processors == {"aarch64", "x86_64"}
    assert sum(file.stat().st_size for file in layer.rglob("*")) < UNZIPPED_MB * 1e6
