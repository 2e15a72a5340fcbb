"""architecture.md, "Layout": imports go one way, and the use cases know neither AWS nor the web framework."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.builders import ROOT

PACKAGE = ROOT / "layers/shared/ai_integrations"

# Which layer a module of the package belongs to; each layer may import itself and those before it.
LAYERS = (
    {"model", "providers", "errors", "destinations"},
    {"ports", "rules", "listing", "service"},
    {
        "observability",
        "dynamodb",
        "transactions",
        "items",
        "repository",
        "directory",
        "vault",
        "leftovers",
        "access",
        "commands",
        "events",
        "http",
        "runtime",
    },
    {"bootstrap"},
)
PURE = {
    "collections",
    "contextlib",
    "dataclasses",
    "datetime",
    "enum",
    "ipaddress",
    "re",
    "socket",
    "typing",
    "unicodedata",
    "urllib",
}

WITH_KEYS = {"ports", "rules", "service"}  # what handles provider keys knows them as pydantic's SecretStr


def name_of(module: Path) -> str:
    return module.relative_to(PACKAGE).parts[0].removesuffix(".py")


def level(name: str) -> int:
    return next(number for number, layer in enumerate(LAYERS) if name in layer)


def imported(module: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(module.read_text())):
        if isinstance(node, ast.ImportFrom):
            assert node.level == 0, "relative imports hide where they lead"
            yield node.module or ""
            if node.module == "ai_integrations":
                yield from (f"ai_integrations.{alias.name}" for alias in node.names)
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)


def imported_parts(module: Path) -> set[str]:
    return {each.split(".")[1] for each in imported(module) if each.startswith("ai_integrations.")}


MODULES = sorted(module for module in PACKAGE.rglob("*.py") if module != PACKAGE / "__init__.py")
FUNCTIONS = sorted((ROOT / "functions").glob("*/*.py"))


def test_gives_every_module_a_place() -> None:
    assert {name_of(module) for module in MODULES} <= set().union(*LAYERS)


@pytest.mark.parametrize("module", MODULES, ids=lambda module: str(module.relative_to(PACKAGE)))
def test_imports_only_towards_the_model(module: Path) -> None:
    assert all(level(part) <= level(name_of(module)) for part in imported_parts(module))


@pytest.mark.parametrize("name", sorted(LAYERS[0] | LAYERS[1]))
def test_keeps_aws_and_the_web_framework_out_of_the_domain(name: str) -> None:
    allowed = PURE | {"ai_integrations"} | ({"pydantic"} if name in WITH_KEYS else set())
    assert {each.split(".")[0] for each in imported(PACKAGE / f"{name}.py")} <= allowed


@pytest.mark.parametrize(
    "module", [each for each in MODULES if name_of(each) != "bootstrap"], ids=lambda each: each.name
)
def test_reads_the_environment_in_the_composition_root_alone(module: Path) -> None:
    assert not {"os", "boto3"} & set(imported(module))


@pytest.mark.parametrize("handler", FUNCTIONS, ids=lambda handler: handler.parent.name)
def test_needs_nothing_of_its_own_folder_in_a_function(handler: Path) -> None:
    assert handler.name == "handler.py"
    assert "functions" not in {each.split(".")[0] for each in imported(handler)}
    assert "ai_integrations.runtime" not in set(imported(handler)) or handler.parent.name in {
        "credentials",
        "test_connection",
    }
