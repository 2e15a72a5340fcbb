"""Rules on imports and modules that import-linter (pyproject.toml) cannot express."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.builders import ROOT

PACKAGE = ROOT / "layers/shared/ai_integrations"
MODULES = sorted(PACKAGE.rglob("*.py"))
FUNCTIONS = sorted((ROOT / "functions").glob("*/*.py"))
# __init__.py reads Lambda's own variables. All other settings are read by the composition root.
READS_ENVIRONMENT = {"__init__.py", "bootstrap"}


def imported(module: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(module.read_text())):
        if isinstance(node, ast.ImportFrom):
            assert node.level == 0, "relative imports hide the imported package"
            yield node.module or ""
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)


def layer_of(module: Path) -> str:
    return module.relative_to(PACKAGE).parts[0]


def test_package_has_no_module_outside_its_layers() -> None:
    assert {each.name for each in PACKAGE.glob("*.py")} == {"__init__.py", "observability.py"}


@pytest.mark.parametrize("module", MODULES, ids=lambda module: str(module.relative_to(PACKAGE)))
def test_only_composition_root_reads_environment(module: Path) -> None:
    assert layer_of(module) in READS_ENVIRONMENT or not {"os", "botocore.session"} & set(imported(module))


@pytest.mark.parametrize("module", [*MODULES, *FUNCTIONS], ids=lambda module: str(module.relative_to(ROOT)))
def test_no_schema_is_generated_at_run_time(module: Path) -> None:
    """It would slow down every cold start. The committed document is served instead."""
    assert "pydantic.json_schema" not in set(imported(module))


@pytest.mark.parametrize("handler", FUNCTIONS, ids=lambda handler: handler.parent.name)
def test_function_is_one_file(handler: Path) -> None:
    assert [each.name for each in handler.parent.glob("*.py")] == ["handler.py"]
