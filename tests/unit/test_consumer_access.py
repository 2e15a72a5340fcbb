"""`key_access/consumer_access.py` on fakes: grants, accounts, and the hint which account to read."""

from datetime import timedelta
from typing import Any

import pytest

from ai_integrations.domain.consumers import Consumer, Grant, Revocation
from ai_integrations.domain.errors import InvalidRequestError, NoGrantError
from ai_integrations.domain.model import Integration, Membership, Role
from ai_integrations.key_access import consumer_access
from ai_integrations.key_access.consumer_access import ConsumerAccess
from ai_integrations.key_access.resolve import Access
from tests.builders import NOON, ULID, a_consumer, an_integration
from tests.fakes import InMemoryConsumers, InMemoryGrantedIntegrations, InMemoryRepository

HINT = timedelta(seconds=45)
PRINCIPAL = a_consumer().principal


class AccessFixture:
    def __init__(self) -> None:
        self.now = NOON
        self.consumers, self.repository = InMemoryConsumers(), InMemoryRepository()
        self.granted = InMemoryGrantedIntegrations(self.consumers, self.repository)
        self.access = ConsumerAccess(self.granted, lambda: self.now)
        for account in ("acme", "umbrella"):
            self.repository.insert(an_integration(account=account), None)

    def grant(self, account: str = "acme", **changes: Any) -> Consumer:
        consumer = a_consumer(account=account, **changes)
        self.consumers.insert(consumer)
        return consumer

    def revoke(self, consumer: Consumer) -> None:
        self.consumers.revoke(Revocation(consumer=consumer, revoked_at=NOON, revoked_by="alice"))

    def account(self, named: str | None = None) -> str:
        """Find the integration, and return its account."""
        access = self.access.get(PRINCIPAL, named, ULID)
        assert access.integration is not None
        assert access == self.access.find(PRINCIPAL, named, access.integration.name)
        assert access.integration.account == access.viewer.account
        return access.integration.account

    def calls(self) -> list[str]:
        """Return the calls since the last time."""
        calls = list(self.granted.journal)
        self.granted.journal.clear()
        return calls


@pytest.mark.parametrize("named", ["acme", None])
def test_grant_of_one_account_finds_its_integration(named: str | None) -> None:
    fixture = AccessFixture()
    fixture.grant()
    assert fixture.account(named) == "acme"


@pytest.mark.parametrize(
    ("grant", "role", "is_found"),
    [
        (Grant(), Role.ADMIN, True),
        (Grant(integrations=frozenset({ULID})), Role.ADMIN, True),
        (Grant(integrations=frozenset({"01KDZ3ZQ80000000000000000Z"})), Role.ADMIN, False),
        (Grant(memberships=(Membership(space_id="s"),)), Role.READER, True),
    ],
)
def test_viewer_has_the_role_and_memberships_of_the_grant(grant: Grant, role: Role, *, is_found: bool) -> None:
    fixture = AccessFixture()
    fixture.grant(grant=grant)
    access: Access = fixture.access.get(PRINCIPAL, "acme", ULID)
    assert (access.integration is not None) is is_found
    viewer = access.viewer
    assert (viewer.account, viewer.role, viewer.memberships) == ("acme", role, grant.memberships or ())
    assert viewer.user == PRINCIPAL.name


def test_named_account_needs_one_read_and_no_list() -> None:
    fixture = AccessFixture()
    fixture.grant()
    fixture.access.get(PRINCIPAL, "acme", ULID)
    assert fixture.calls() == ["get"]


def test_account_is_listed_once_in_45_seconds() -> None:
    fixture = AccessFixture()
    fixture.grant()
    fixture.access.get(PRINCIPAL, None, ULID)
    assert fixture.calls() == ["consumers", "get"]
    fixture.now = NOON + HINT - timedelta(microseconds=1)
    fixture.access.get(PRINCIPAL, None, ULID)
    assert fixture.calls() == ["get"]
    fixture.now = NOON + HINT
    fixture.access.get(PRINCIPAL, None, ULID)
    assert fixture.calls() == ["consumers", "get"]


@pytest.mark.parametrize("named", ["acme", "umbrella", None])
def test_principal_without_a_grant_is_refused_with_its_own_arn(named: str | None) -> None:
    fixture = AccessFixture()
    fixture.grant(principal_arn="arn:aws:iam::999999999999:role/other")
    with pytest.raises(NoGrantError) as error:
        fixture.access.get(PRINCIPAL, named, ULID)
    [only] = error.value.errors
    assert only.pointer == ""
    assert PRINCIPAL.arn in only.detail
    assert not {"acme", "umbrella", "other"} & set(only.detail.split())


@pytest.mark.parametrize("named", ["acme", None])
def test_grant_ends_at_its_expiry(named: str | None) -> None:
    fixture = AccessFixture()
    fixture.grant(expires_at=NOON + timedelta(seconds=1))
    fixture.now = NOON + timedelta(microseconds=999_999)
    assert fixture.account(named) == "acme"
    fixture.now = NOON + timedelta(seconds=1)
    with pytest.raises(NoGrantError):
        fixture.access.get(PRINCIPAL, named, ULID)


@pytest.mark.parametrize("named", ["acme", None])
def test_revocation_takes_effect_at_once(named: str | None) -> None:
    fixture = AccessFixture()
    consumer = fixture.grant()
    assert fixture.account(named) == "acme"
    fixture.revoke(consumer)
    with pytest.raises(NoGrantError):
        fixture.access.get(PRINCIPAL, named, ULID)


def test_several_accounts_are_listed_and_one_must_be_named() -> None:
    fixture = AccessFixture()
    for account in ("umbrella", "acme"):
        fixture.grant(account)
    with pytest.raises(InvalidRequestError) as error:
        fixture.access.get(PRINCIPAL, None, ULID)
    [only] = error.value.errors
    assert only.pointer == "/account"
    assert only.detail.endswith(": acme, umbrella.")
    assert [fixture.account("acme"), fixture.account("umbrella")] == ["acme", "umbrella"]


def test_expired_grant_of_another_account_does_not_make_the_account_ambiguous() -> None:
    fixture = AccessFixture()
    fixture.grant("umbrella", expires_at=NOON)
    fixture.grant("acme")
    assert fixture.account() == "acme"


def test_grant_of_a_second_account_takes_effect_within_45_seconds() -> None:
    fixture = AccessFixture()
    fixture.grant("acme")
    assert fixture.account() == "acme"
    fixture.grant("umbrella")
    assert fixture.account("umbrella") == "umbrella"
    assert fixture.account() == "acme"
    fixture.now = NOON + HINT
    with pytest.raises(InvalidRequestError):
        fixture.account()


@pytest.mark.parametrize(
    "changes", [{"aws_account": "888888888888"}, {"kind": "user"}, {"partition": "aws-cn"}], ids=str
)
def test_account_of_a_principal_is_no_hint_for_another_one_of_the_same_name(changes: dict[str, str]) -> None:
    fixture, other = AccessFixture(), PRINCIPAL._replace(**changes)
    fixture.grant("acme")
    assert fixture.account() == "acme"
    fixture.grant("acme", principal_arn=other.arn)
    fixture.grant("umbrella", principal_arn=other.arn)
    with pytest.raises(InvalidRequestError, match="Several accounts"):
        fixture.access.get(other, None, ULID)


def test_grant_of_another_account_replaces_a_revoked_one_at_once() -> None:
    fixture = AccessFixture()
    consumer = fixture.grant("acme")
    assert fixture.account() == "acme"
    fixture.revoke(consumer)
    fixture.grant("umbrella")
    assert fixture.account() == "umbrella"


def test_first_grant_takes_effect_at_once() -> None:
    fixture = AccessFixture()
    with pytest.raises(NoGrantError):
        fixture.account()
    fixture.grant()
    assert fixture.account() == "acme"


def test_hint_of_one_principal_does_not_drop_that_of_another() -> None:
    fixture = AccessFixture()
    fixture.grant()
    other = fixture.grant(id="01KDZ3ZQ80000000000000000D", principal_arn="arn:aws:iam::999999999999:role/other")
    for principal in (PRINCIPAL, other.principal, PRINCIPAL):
        fixture.access.get(principal, None, ULID)
    assert fixture.calls() == [*["consumers", "get"] * 2, "get"]


def test_hints_are_dropped_when_there_are_too_many(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(consumer_access, "_MAX_HINTS", 1)
    fixture = AccessFixture()
    fixture.grant()
    other = fixture.grant(id="01KDZ3ZQ80000000000000000D", principal_arn="arn:aws:iam::999999999999:role/other")
    for principal in (PRINCIPAL, other.principal, PRINCIPAL):
        fixture.access.get(principal, None, ULID)
    assert fixture.calls() == ["consumers", "get"] * 3


@pytest.mark.parametrize(
    ("named", "grants", "account"),
    [
        ("acme", [], "acme"),
        ("acme", ["umbrella"], "acme"),
        (None, [], None),
        (None, ["acme"], "acme"),
        (None, ["acme", "umbrella"], None),
    ],
)
def test_refusal_has_the_account_if_there_is_only_one(
    named: str | None, grants: list[str], account: str | None
) -> None:
    fixture = AccessFixture()
    for each in grants:
        fixture.grant(each, expires_at=NOON)
    with pytest.raises(NoGrantError) as error:
        fixture.access.get(PRINCIPAL, named, ULID)
    assert error.value.account == account


def test_refusal_has_the_account_of_a_grant_that_is_revoked_between_the_reads(monkeypatch: pytest.MonkeyPatch) -> None:
    fixture = AccessFixture()
    consumer = fixture.grant()
    get = fixture.granted.get

    def get_late(*arguments: Any) -> tuple[Consumer | None, Integration | None]:
        fixture.revoke(consumer)
        return get(*arguments)

    monkeypatch.setattr(fixture.granted, "get", get_late)
    with pytest.raises(NoGrantError) as error:
        fixture.access.get(PRINCIPAL, None, ULID)
    assert error.value.account == "acme"
