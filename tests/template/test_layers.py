"""The layers as `sam build` makes them: small, all of use, and with nothing left for a cold start to compile."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from layers.dependencies.prune_botocore import SERVICES

from tests import declared
from tests.benchmarks import artifacts
from tests.builders import ROOT

ZIPPED_MB = 10
FOLDERS_OF_TOOLS = {"__pycache__", "bin"}
Starts = dict[str, dict[str, list[str]]]
# Code that is made of a text, such as that of a dataclass, is no file that bytecode could have spared.
LOOK = """
import importlib, json, sys
compiled = []
def note(event, arguments):
    if event == "compile" and str(arguments[1]).endswith(".py"):
        compiled.append(arguments[1])
sys.addaudithook(note)
importlib.import_module("handler")
print(json.dumps({"compiled": compiled, "loaded": [getattr(each, "__file__", None) for each in sys.modules.values()]}))
"""

pytestmark = pytest.mark.skipif(
    sys.version_info[:2] != artifacts.VERSION,
    reason="the layers have bytecode of the runtime's Python, which this is not",
)


@pytest.fixture(scope="module")
def layers(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("layers")
    artifacts.build_layers(folder)
    artifacts.copy_runtime(folder)
    return folder


@pytest.fixture(scope="module")
def starts(layers: Path) -> Starts:
    """Return what the start of each function compiles and loads."""
    return {function: _start(function, layers) for function in declared.functions()}


def _start(function: str, layers: Path) -> dict[str, list[str]]:
    folders = [ROOT / "functions" / function, *(layers / each for each in ("shared", "dependencies", "runtime"))]
    path = {"PYTHONPATH": os.pathsep.join(map(str, folders)), "PYTHONDONTWRITEBYTECODE": "1"}
    command = [sys.executable, "-S", "-c", LOOK]
    environment = {**os.environ, **declared.environment(function), **path}
    run = subprocess.run(command, env=environment, stdout=subprocess.PIPE, check=True)  # noqa: S603 - this very Python
    seen: dict[str, list[str]] = json.loads(run.stdout)
    return seen


@pytest.mark.parametrize("layer", artifacts.LAYERS)
def test_brings_bytecode_that_is_never_checked_against_its_source(layers: Path, layer: str) -> None:
    sources = list((layers / layer).rglob("*.py"))
    compiled = [each.parent / "__pycache__" / f"{each.stem}.{sys.implementation.cache_tag}.pyc" for each in sources]
    assert len(sources) > 50
    # PEP 552: bit 0 of the flags says that it is found by hash, bit 1 that the source is to be looked at.
    assert {each.read_bytes()[4:8] for each in compiled} == {b"\x01\0\0\0"}


@pytest.mark.parametrize("function", declared.functions())
def test_leaves_nothing_to_compile_but_the_functions_own_file(starts: Starts, function: str) -> None:
    assert set(starts[function]["compiled"]) <= {str(ROOT / "functions" / function / "handler.py")}


def test_holds_no_module_of_ours_that_no_function_loads(layers: Path, starts: Starts) -> None:
    loaded = {each for start in starts.values() for each in start["loaded"]}
    assert not {str(each) for each in (layers / "shared").rglob("*.py")} - loaded


def test_holds_no_package_that_no_function_loads(layers: Path, starts: Starts) -> None:
    folder = layers / "dependencies"
    loaded = {
        Path(each).relative_to(folder).parts[0]
        for start in starts.values()
        for each in start["loaded"]
        if each and Path(each).is_relative_to(folder)
    }
    brought = {each.name for each in folder.iterdir() if each.suffix != ".dist-info"}
    assert brought - FOLDERS_OF_TOOLS == loaded


@pytest.mark.parametrize("function", declared.functions())
def test_every_package_comes_from_the_layers_and_none_from_the_runtime(
    layers: Path, starts: Starts, function: str
) -> None:
    loaded = starts[function]["loaded"]
    assert not [each for each in loaded if each and Path(each).is_relative_to(layers / "runtime")]


def test_botocore_has_only_the_services_in_use(layers: Path) -> None:
    data = layers / "dependencies" / "botocore" / "data"
    assert {each.name for each in data.iterdir() if each.is_dir()} == SERVICES


def test_stays_small(layers: Path) -> None:
    assert sum(artifacts.sizes(layers / layer)[0] for layer in artifacts.LAYERS) < ZIPPED_MB * 1e6
