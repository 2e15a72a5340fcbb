"""The packages that `make mutants` changes, each with the tests that must notice."""

import sys
from collections.abc import Sequence
from typing import NamedTuple

_SERVICE = "layers/shared/ai_integrations"
_CLIENT = "layers/client/ai_integrations_client"

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


PACKAGES = {
    "domain": Package((f"{_SERVICE}/domain",), ("tests/unit",)),
    "contracts": Package(
        (f"{_SERVICE}/contracts",),
        ("tests/unit", "tests/events", *_handler_tests("access_keys", "authorizer", "credentials", "spaces")),
    ),
    "client": Package(
        tuple(f"{_CLIENT}/{name}.py" for name in ("cache", "cache_entry", "client", "policy")), ("tests/unit/client",)
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
            *_unit_tests(
                "assume_role",
                "connection_test_service",
                "connection_tester",
                "deadline",
                "dns",
                "endpoints",
                "fingerprints",
                "provider_requests",
            ),
            *_unit_tests("bedrock", "health", "key_search", "redaction", "resolve", "step_timer", "verify_key"),
            *_unit_tests("identity_tokens", "token_requests", "token_responses"),
            "tests/connection",
            "tests/contract/test_secret_reader.py",
            *_handler_tests("credentials", "secret_references"),
        ),
    ),
    "use_cases": Package(
        (f"{_SERVICE}/use_cases",),
        (
            "tests/unit",
            *_handler_tests("custom_resource", "get_update_delete", "key_destinations", "key_rotation", "list"),
            *_handler_tests("provision", "publish_changes", "secret_references", "sweep"),
        ),
    ),
    "adapters": Package(
        (f"{_SERVICE}/adapters",),
        (
            *_unit_tests("access_key_lookup", "attributes", "aws_failures", "change_events", "change_publishing"),
            *_unit_tests("cloudformation", "data_model", "dynamodb_reads", "health", "key_store_failures"),
            *_unit_tests("key_verifier", "repository_failures", "secret_inventory", "sqs", "sweep"),
            *_unit_tests("token_exchanger"),
            "tests/contract",
        ),
    ),
}


def selected(names: Sequence[str]) -> list[str]:
    """List the named packages, or all if none is named. Exit if there is no such package."""
    every = [*PACKAGES, "template"]
    if not set(names) <= set(every):
        sys.exit(f"There is no such package. Name one of these: make mutants PACKAGE={'|'.join(every)}")
    return list(names) or every
