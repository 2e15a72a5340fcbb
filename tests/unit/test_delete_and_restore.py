"""Deleting an integration and restoring it during the recovery window."""

from dataclasses import replace
from datetime import timedelta

import pytest

from ai_integrations.domain.errors import AccessForbiddenError, NameTakenError, NotFoundError
from ai_integrations.domain.model import Caller, Membership, Role, Scoping
from ai_integrations.use_cases.integrations import RequestedChange
from tests.builders import ULID, a_caller, an_integration
from tests.unit.use_case_fixture import ADMIN, ExistingIntegrationFixture

SPACE = Membership(space_id="s")
SPACE_ADMIN = a_caller(role=Role.MEMBER, memberships=(SPACE._replace(admin=True),))


def delete_integration_of_space(space_id: str) -> ExistingIntegrationFixture:
    """Create and delete an integration that only the callers of one space may see."""
    fixture = ExistingIntegrationFixture()
    scopings = (Scoping(space_id=space_id),)
    fixture.integrations.update(ADMIN, ULID, RequestedChange(lambda current: replace(current, scopings=scopings)))
    fixture.delete()
    fixture.journal.clear()
    return fixture


def test_restore_returns_a_deleted_integration_with_its_key() -> None:
    fixture = ExistingIntegrationFixture()
    fixture.delete()
    assert fixture.repository.integrations == {}
    assert fixture.integrations.get_deleted(ADMIN, ULID).deleted_by == "alice"
    restored = fixture.restore()
    assert restored == replace(fixture.original, version=2)
    assert fixture.journal[-2:] == ["cancel_deletion", "restore"]
    assert fixture.restore() == restored


def test_restore_with_a_slow_clock_is_not_before_the_deletion() -> None:
    fixture = ExistingIntegrationFixture()
    fixture.now += timedelta(seconds=2)
    fixture.delete()
    deleted_at = fixture.now
    fixture.now -= timedelta(seconds=1)
    assert fixture.restore().updated_at == deleted_at


def test_restore_at_the_end_of_the_recovery_window_returns_the_integration_with_its_key() -> None:
    fixture = ExistingIntegrationFixture()
    fixture.delete()
    fixture.now += timedelta(days=30) - timedelta(seconds=1)
    assert fixture.restore().secret == fixture.original.secret


def test_restore_after_recovery_window_finds_nothing() -> None:
    fixture = ExistingIntegrationFixture()
    fixture.delete()
    fixture.now += timedelta(days=30)
    for read in (fixture.restore, lambda: fixture.integrations.get_deleted(ADMIN, ULID)):
        with pytest.raises(NotFoundError):
            read()


def test_restore_with_taken_name_is_rejected_before_the_secret_changes() -> None:
    fixture = ExistingIntegrationFixture()
    fixture.delete()
    fixture.repository.insert(an_integration(id="OTHER"), None)
    fixture.journal.clear()
    with pytest.raises(NameTakenError):
        fixture.restore()
    assert fixture.journal == ["get_deleted", "precheck"]


@pytest.mark.parametrize(
    ("caller", "space_id", "error"),
    [
        pytest.param(SPACE_ADMIN, "other", NotFoundError, id="admin of another space"),
        pytest.param(a_caller(role=Role.READER), "s", NotFoundError, id="reader without memberships"),
        pytest.param(a_caller(account="other"), "s", NotFoundError, id="admin of another account"),
        pytest.param(a_caller(role=Role.READER, memberships=(SPACE,)), "s", AccessForbiddenError, id="reader"),
        pytest.param(a_caller(role=Role.MEMBER, memberships=(SPACE,)), "s", AccessForbiddenError, id="member"),
    ],
)
def test_restore_by_unauthorized_caller_changes_nothing(caller: Caller, space_id: str, error: type[Exception]) -> None:
    fixture = delete_integration_of_space(space_id)
    for read in (fixture.integrations.get_deleted, fixture.integrations.restore):
        with pytest.raises(error):
            read(caller, ULID)
    assert set(fixture.journal) <= {"get", "get_deleted"}
    assert fixture.repository.integrations == {}


def test_restore_by_an_admin_of_the_space_returns_the_integration() -> None:
    fixture = delete_integration_of_space("s")
    assert fixture.integrations.restore(SPACE_ADMIN, ULID) == fixture.stored
