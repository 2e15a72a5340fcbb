"""architecture.md, "Layout": imports go one way, and the use cases know neither AWS nor the web framework."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.builders import ROOT

PACKAGE = ROOT / "layers/shared/ai_integrations"

DOMAIN = {"health", "model", "providers", "errors", "destinations"}
USE_CASES = {"ports", "rules", "listing", "service"}
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


def layer(name: str) -> int:
    """Return a module's layer; each may import its own and those below it."""
    return 0 if name in DOMAIN else 1 if name in USE_CASES else 3 if name == "bootstrap" else 2


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


@pytest.mark.parametrize("module", MODULES, ids=lambda module: str(module.relative_to(PACKAGE)))
def test_imports_only_towards_the_model(module: Path) -> None:
    assert all(layer(part) <= layer(name_of(module)) for part in imported_parts(module))


@pytest.mark.parametrize("name", sorted(DOMAIN | USE_CASES))
def test_keeps_aws_and_the_web_framework_out_of_the_domain(name: str) -> None:
    allowed = PURE | {"ai_integrations"} | ({"pydantic"} if name in WITH_KEYS else set())
    assert {each.split(".")[0] for each in imported(PACKAGE / f"{name}.py")} <= allowed


# What Lambda says of the start itself is read before anything is composed.
READS_ENVIRONMENT = {"bootstrap", "cold_start"}


@pytest.mark.parametrize(
    "module", [each for each in MODULES if name_of(each) not in READS_ENVIRONMENT], ids=lambda each: each.name
)
def test_reads_the_environment_in_the_composition_root_alone(module: Path) -> None:
    assert not {"os", "botocore.session"} & set(imported(module))


@pytest.mark.parametrize("module", [*MODULES, *FUNCTIONS], ids=lambda module: str(module.relative_to(ROOT)))
def test_does_without_boto3_which_makes_every_cold_start_longer(module: Path) -> None:
    assert "boto3" not in {each.split(".")[0] for each in imported(module)}


@pytest.mark.parametrize("handler", FUNCTIONS, ids=lambda handler: handler.parent.name)
def test_needs_nothing_of_its_own_folder_in_a_function(handler: Path) -> None:
    assert handler.name == "handler.py"
    assert "functions" not in {each.split(".")[0] for each in imported(handler)}


def test_knows_how_to_read_a_provider_key_only_where_that_is_the_purpose() -> None:
    readers = [module for module in (*MODULES, *FUNCTIONS) if "runtime" in imported_parts(module)]
    names = {name_of(module) if module in MODULES else module.parent.name for module in readers}
    assert names <= {"runtime", "bootstrap", "credentials", "test_connection", "verify_key"}


@pytest.mark.parametrize("module", [*MODULES, *FUNCTIONS], ids=lambda module: str(module.relative_to(ROOT)))
def test_makes_no_schema_at_run_time(module: Path) -> None:
    """A cold start would pay for it: what is served is the committed document."""
    assert not [each for each in imported(module) if each.startswith(("apidoc", "pydantic.json_schema"))]
