"""The commands that compare keys: one integration's fingerprint, and the search for the holders of a key."""

import json
from collections.abc import Collection
from typing import Any

import pytest
from pydantic import SecretStr

from ai_integrations.contracts import ids
from ai_integrations.contracts.parsing import parse_text
from ai_integrations.domain.credentials import ReadKey
from ai_integrations.domain.errors import (
    FieldsError,
    InvalidRequestError,
    KeyUnavailableError,
    NotFoundError,
    RuleViolationError,
)
from ai_integrations.domain.model import Caller, Integration, Membership, Role, SecretVersion
from ai_integrations.key_access.commands import FindKey, FingerprintKey, KeyCommand, execute_command
from ai_integrations.key_access.key_search import PAGE, KeySearch
from ai_integrations.key_access.messages import ResolveCommand
from tests.builders import API_KEY, ULID, an_integration
from tests.fakes import InMemoryRepository

SHARED, OTHER, GONE = (SecretVersion(arn=f"arn:fake:{name}", version="v1") for name in ("shared", "other", "gone"))
FINGERPRINT = "0" * 32


class FakeKeys:
    """Reads keys, and computes fingerprints: the shared key has FINGERPRINT in the account `acme`."""

    def read(self, integration: Integration, secret: SecretVersion) -> ReadKey:
        assert integration.secret == secret
        if secret == GONE:
            raise KeyUnavailableError
        return ReadKey(value=SecretStr(API_KEY if secret == SHARED else "sk-fake-other"), version="v1")

    def compute(self, account: str, key: SecretStr) -> str:
        return FINGERPRINT if (account, key.get_secret_value()) == ("acme", API_KEY) else "f" * 32

    try_compute = compute


def a_search(*integrations: Integration) -> KeySearch:
    repository, keys = InMemoryRepository(), FakeKeys()
    for each in integrations:
        repository.integrations[each.account, each.id] = each
    return KeySearch(integrations=repository, reader=keys, fingerprints=keys)


def view(ulid: str, fingerprint: str | None = FINGERPRINT) -> dict[str, Any]:
    key_version = "v1" if fingerprint else None
    return {"id": ids.encode(ulid), "name": ulid, "version": 1, "key_version": key_version, "fingerprint": fingerprint}


def some_integrations() -> list[Integration]:
    secrets = {"A": SHARED, "B": OTHER, "C": None, "D": GONE, "E": SHARED}
    own = [an_integration(id=ULID[:-1] + end, name=ULID[:-1] + end, secret=secret) for end, secret in secrets.items()]
    return [*own, an_integration(account="other", id=ULID[:-1] + "F", secret=SHARED)]


@pytest.mark.parametrize("sent", [{"api_key": API_KEY}, {"fingerprint": FINGERPRINT}])
def test_find_key_lists_the_holders_in_the_account_and_the_unreadable(sent: dict[str, str]) -> None:
    command = FindKey.model_validate({"action": "find_key", "account": "acme", **sent})
    assert execute_command(command, a_search(*some_integrations())) == {
        "fingerprint": FINGERPRINT,
        "holders": [view(ULID[:-1] + "E"), view(ULID[:-1] + "A")],
        "unreadable": [view(ULID[:-1] + "D", None)],
        "next": None,
    }


def test_find_key_continues_after_the_last_integration_of_the_page() -> None:
    assert PAGE == 25, "docs/connection-tests.md"
    ulids = [f"{ULID[:-2]}{number:02}" for number in range(PAGE + 1)]
    search = a_search(*(an_integration(id=each, name=each, secret=SHARED) for each in ulids))
    sent = {"action": "find_key", "account": "acme", "fingerprint": FINGERPRINT}
    first = execute_command(FindKey.model_validate(sent), search)
    assert (len(first["holders"]), first["next"]) == (PAGE, ids.encode(ulids[1]))
    rest = execute_command(FindKey.model_validate(sent | {"after": first["next"]}), search)
    assert (rest["holders"], rest["next"]) == ([view(ulids[0])], None)


@pytest.mark.parametrize("keyless", [range(1, PAGE + 1), range(1, 5), [1]], ids=["all", "oldest", "last"])
def test_find_key_continues_after_integrations_without_a_key(keyless: Collection[int]) -> None:
    ulids = [f"{ULID[:-2]}{number:02}" for number in range(PAGE + 1)]
    secrets = [None if number in keyless else OTHER for number in range(1, PAGE + 1)]
    search = a_search(
        *(an_integration(id=each, secret=secret) for each, secret in zip(ulids, [SHARED, *secrets], strict=True))
    )
    sent = {"action": "find_key", "account": "acme", "fingerprint": FINGERPRINT}
    first = execute_command(FindKey.model_validate(sent), search)
    assert (first["holders"], first["next"]) == ([], ids.encode(ulids[1]))
    rest = execute_command(FindKey.model_validate(sent | {"after": first["next"]}), search)
    assert [each["id"] for each in rest["holders"]] == [ids.encode(ulids[0])]


def test_fingerprint_returns_that_of_the_current_key() -> None:
    search = a_search(*some_integrations())
    for end, error in (("C", KeyUnavailableError), ("D", KeyUnavailableError), ("F", NotFoundError)):
        with pytest.raises(error):
            execute_command(a_fingerprint_command(ULID[:-1] + end), search)
    assert execute_command(a_fingerprint_command(ULID[:-1] + "A"), search) == view(ULID[:-1] + "A")


def a_fingerprint_command(ulid: str) -> FingerprintKey:
    sent = {"action": "fingerprint", "account": "acme", "integration": ids.encode(ulid)}
    return FingerprintKey.model_validate(sent)


@pytest.mark.parametrize(
    ("sent", "kind", "detail"),
    [
        ({"action": "find_key"}, RuleViolationError, "Give either the key or its fingerprint."),
        (
            {"action": "find_key", "api_key": API_KEY, "fingerprint": FINGERPRINT},
            RuleViolationError,
            "Give either the key or its fingerprint.",
        ),
        ({"action": "find"}, InvalidRequestError, "The field action has an unknown value."),
        ({}, InvalidRequestError, "Unable to extract tag using discriminator 'action'"),
    ],
)
def test_command_without_a_known_action_or_one_key_is_rejected(
    sent: dict[str, str], kind: type[FieldsError], detail: str
) -> None:
    with pytest.raises(kind) as rejected:
        parse_text(json.dumps({"account": "acme", **sent}), KeyCommand)
    assert [(each.pointer, each.detail) for each in rejected.value.errors] == [("", detail)]


@pytest.mark.parametrize("place", [{"organization_id": "o", "space_id": "s"}, {"organization_id": "o"}, {}])
def test_program_resolves_as_a_reader_of_its_organization_and_space(place: dict[str, Any]) -> None:
    command = ResolveCommand.model_validate({"account": "acme", "integration": "x", "consumer": "billing", **place})
    assert command.caller() == Caller(
        account="acme", user="billing", role=Role.READER, memberships=(Membership(**place),)
    )
    assert command.key_version is None
