"""The layers that `sam build` makes: small, without unused files, and compiled in advance."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from layers.dependencies.prune_botocore import SERVICES

from tests import sam_template
from tests.benchmarks import artifacts
from tests.builders import ROOT
from tests.handlers.test_cold_start import RARELY_NEEDED

ZIPPED_MB = 10
TOOL_FOLDERS = {"__pycache__", "bin"}
Imports = dict[str, dict[str, list[str]]]
# Reports the source files that an import of the handler compiles, and the files of all modules that it loads. Code that
# is generated from a string, as for a dataclass, has no file that bytecode could replace.
PROBE = """
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
    reason="the layers contain bytecode for the Python version of the Lambda runtime",
)


@pytest.fixture(scope="module")
def layers(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("layers")
    artifacts.build_layers(folder)
    artifacts.copy_runtime(folder)
    return folder


@pytest.fixture(scope="module")
def imports(layers: Path) -> Imports:
    """Return what the import of each function's handler compiles and loads."""
    return {function: _import_handler(function, layers) for function in sam_template.functions()}


def _import_handler(function: str, layers: Path) -> dict[str, list[str]]:
    folders = [ROOT / "functions" / function, *(layers / each for each in ("shared", "dependencies", "runtime"))]
    path = {"PYTHONPATH": os.pathsep.join(map(str, folders)), "PYTHONDONTWRITEBYTECODE": "1"}
    command = [sys.executable, "-S", "-c", PROBE]
    environment = {**os.environ, **sam_template.environment(function), **path}
    run = subprocess.run(command, env=environment, stdout=subprocess.PIPE, check=True)  # noqa: S603 - this very Python
    seen: dict[str, list[str]] = json.loads(run.stdout)
    return seen


@pytest.mark.parametrize("layer", artifacts.LAYERS)
def test_layer_has_bytecode_that_python_never_checks_against_its_source(layers: Path, layer: str) -> None:
    sources = list((layers / layer).rglob("*.py"))
    compiled = [each.parent / "__pycache__" / f"{each.stem}.{sys.implementation.cache_tag}.pyc" for each in sources]
    assert len(sources) > 50
    # PEP 552: bit 0 of the flags means hash-based, bit 1 means that the hash is checked.
    assert {each.read_bytes()[4:8] for each in compiled} == {b"\x01\0\0\0"}


@pytest.mark.parametrize("function", sam_template.functions())
def test_cold_start_compiles_only_the_handler_file(imports: Imports, function: str) -> None:
    assert set(imports[function]["compiled"]) <= {str(ROOT / "functions" / function / "handler.py")}


def test_shared_layer_has_no_module_that_no_function_loads(layers: Path, imports: Imports) -> None:
    loaded = {each for found in imports.values() for each in found["loaded"]}
    exempt = {"ports", *(name.removeprefix(".") for name in RARELY_NEEDED)}  # for type checking only; on first use
    modules = {each for each in (layers / "shared").rglob("*.py") if each.stem not in exempt}
    assert not {str(each) for each in modules} - loaded


def test_no_function_loads_the_ports(imports: Imports) -> None:
    assert not [each for found in imports.values() for each in found["loaded"] if str(each).endswith("/ports.py")]


def test_dependencies_layer_has_no_package_that_no_function_loads(layers: Path, imports: Imports) -> None:
    folder = layers / "dependencies"
    loaded = {
        Path(each).relative_to(folder).parts[0]
        for found in imports.values()
        for each in found["loaded"]
        if each and Path(each).is_relative_to(folder)
    }
    packaged = {each.name for each in folder.iterdir() if each.suffix != ".dist-info"}
    assert packaged - TOOL_FOLDERS == loaded


@pytest.mark.parametrize("function", sam_template.functions())
def test_import_loads_no_package_of_the_lambda_runtime(layers: Path, imports: Imports, function: str) -> None:
    loaded = imports[function]["loaded"]
    assert not [each for each in loaded if each and Path(each).is_relative_to(layers / "runtime")]


def test_botocore_in_the_layer_has_only_the_services_in_use(layers: Path) -> None:
    data = layers / "dependencies" / "botocore" / "data"
    assert {each.name for each in data.iterdir() if each.is_dir()} == SERVICES


def test_zipped_layers_stay_below_the_size_limit(layers: Path) -> None:
    assert sum(artifacts.sizes(layers / layer)[0] for layer in artifacts.LAYERS) < ZIPPED_MB * 1e6
