"""The packages that `make mutants` changes, each with the tests that must notice."""

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

_ROOT = Path(__file__).parents[2]
_SERVICE = "layers/shared/ai_integrations"
_CLIENT = "layers/client/ai_integrations_client"

# What decides where a request and its credentials go, and how long an answer is used.
_CLIENT_MODULES = (
    "api_address",
    "api_source",
    "cache",
    "cache_entry",
    "client",
    "lambda_source",
    "policy",
    "resolve_request",
    "signed_connection",
    "sources",
)

ROOTS = {
    "src/ai_integrations": _SERVICE,
    "src/ai_integrations_client": _CLIENT,
    "functions/authorizer": "functions/authorizer",
}


class Package(NamedTuple):
    """Files to change, relative to the repository, and tests to run: folders or files."""

    sources: tuple[str, ...]
    tests: tuple[str, ...]


def _unit_tests(*names: str) -> tuple[str, ...]:
    return tuple(f"tests/unit/test_{name}.py" for name in names)


def _handler_tests(*names: str) -> tuple[str, ...]:
    return tuple(f"tests/handlers/test_{name}.py" for name in names)


def _tests_importing(name: str) -> tuple[str, ...]:
    """List the unit tests that import a package. The other tests of a package are named below."""
    files = sorted((_ROOT / "tests/unit").glob("test_*.py"))
    imports = f"ai_integrations.{name}"
    return tuple(str(each.relative_to(_ROOT)) for each in files if imports in each.read_text(encoding="utf-8"))


PACKAGES = {
    "domain": Package(
        (f"{_SERVICE}/domain",),
        ("tests/unit", "tests/connection/test_federated_steps.py", *_handler_tests("audit_log")),
    ),
    "contracts": Package(
        (f"{_SERVICE}/contracts",),
        (
            "tests/unit",
            "tests/events",
            *_handler_tests("access_keys", "audit_log", "authorizer", "consumers", "credentials"),
            *_handler_tests("deleted_integrations", "keys", "senders", "spaces", "use_ledger"),
        ),
    ),
    "client": Package(
        tuple(f"{_CLIENT}/{name}.py" for name in _CLIENT_MODULES),
        ("tests/unit/client", "tests/connection/test_signed_connection.py"),
    ),
    "authorizer": Package(
        (
            "functions/authorizer",
            f"{_SERVICE}/adapters/dynamodb/access_key_lookup.py",
            f"{_SERVICE}/contracts/authorizer_response.py",
        ),
        (
            "tests/unit/test_access_key_lookup.py",
            "tests/unit/test_dynamodb_reads.py",
            *_handler_tests("authorizer", "access_keys", "invocation_log"),
        ),
    ),
    "key_access": Package(
        (f"{_SERVICE}/key_access",),
        (
            *_tests_importing("key_access"),
            *_unit_tests("wire_model"),
            "tests/connection",
            "tests/contract/test_secret_reader.py",
            *_handler_tests("consumer_credentials", "credentials", "federated_credentials", "secret_references"),
            *_handler_tests("use_ledger"),
        ),
    ),
    "use_cases": Package(
        (f"{_SERVICE}/use_cases",),
        (
            "tests/unit",
            *_handler_tests(
                "audit_log", "custom_resource", "get_update_delete", "key_destinations", "key_rotation", "list"
            ),
            *_handler_tests(
                "federations", "provision", "publish_changes", "roles", "secret_references", "senders", "sweep"
            ),
        ),
    ),
    "adapters": Package(
        (f"{_SERVICE}/adapters",),
        (
            *_tests_importing("adapters"),
            *_unit_tests("sweep"),
            "tests/contract",
            *_handler_tests("dead_changes", "federations", "publish_changes", "roles", "secret_references", "senders"),
        ),
    ),
}


def selected(names: Sequence[str]) -> list[str]:
    """List the named packages, or all if none is named. Exit if there is no such package."""
    every = [*PACKAGES, "template"]
    if not set(names) <= set(every):
        sys.exit(f"There is no such package. Name one of these: make mutants PACKAGE={'|'.join(every)}")
    return list(names) or every
