"""The packages that `make mutants` changes, each with the tests that must notice."""

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


def _handler_tests(*names: str) -> tuple[str, ...]:
    return tuple(f"tests/handlers/test_{name}.py" for name in names)


PACKAGES = {
    "domain": Package((f"{_SERVICE}/domain",), ("tests/unit",)),
    "contracts": Package(
        (f"{_SERVICE}/contracts",),
        ("tests/unit", "tests/events", *_handler_tests("access_keys", "credentials", "spaces")),
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
        _handler_tests("authorizer", "access_keys"),
    ),
    "key_access": Package((f"{_SERVICE}/key_access",), ("tests/unit", "tests/connection", "tests/contract")),
    "use_cases": Package((f"{_SERVICE}/use_cases",), ("tests/unit",)),
    "adapters": Package((f"{_SERVICE}/adapters",), ("tests/unit", "tests/contract")),
}
