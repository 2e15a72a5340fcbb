"""Writes that conflict with concurrent writes: they are retried, and after five attempts they leave no trace."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest

from ai_integrations.domain.errors import ContentionError
from ai_integrations.domain.model import Removal, Tombstone
from ai_integrations.use_cases.integrations import Rotation
from tests.builders import API_KEY, NOON
from tests.fakes import RacingRepository
from tests.unit.use_case_fixture import NEW_KEY, ExistingIntegrationFixture

HOUR = timedelta(hours=1)
ROTATION = Rotation(api_key=NEW_KEY, grace=HOUR)

Write = Callable[[ExistingIntegrationFixture], object]
WRITES = [
    pytest.param(lambda fixture: fixture.rename(), id="rename"),
    pytest.param(lambda fixture: fixture.change_credentials(NEW_KEY), id="set key"),
    pytest.param(lambda fixture: fixture.change_credentials(Removal.KEY), id="remove key"),
    pytest.param(lambda fixture: fixture.rotate_key(ROTATION), id="rotate key"),
    pytest.param(lambda fixture: fixture.delete(), id="delete"),
]


@pytest.mark.parametrize("write", WRITES)
def test_write_succeeds_after_four_concurrent_writes(write: Write) -> None:
    fixture = ExistingIntegrationFixture()
    fixture.repository.races = 4
    write(fixture)
    assert fixture.repository.races == 0
    assert len(fixture.keys.secrets) == 1


@pytest.mark.parametrize("write", WRITES)
def test_write_fails_after_five_concurrent_writes_and_leaves_no_trace(write: Write) -> None:
    fixture = ExistingIntegrationFixture()
    fixture.repository.races = 5
    with pytest.raises(ContentionError):
        write(fixture)
    assert fixture.stored == replace(fixture.original, version=6)
    assert fixture.referenced_key == API_KEY
    assert [len(each.versions) for each in fixture.keys.secrets.values()] == [1]


@pytest.mark.parametrize("races", [1, 4])
def test_rollback_after_concurrent_writes_returns_to_the_previous_key(races: int) -> None:
    fixture = ExistingIntegrationFixture()
    fixture.rotate_key(ROTATION)
    fixture.repository.races = races
    fixture.roll_back_key()
    assert fixture.referenced_key == API_KEY


def test_rollback_that_fails_after_five_concurrent_writes_keeps_both_keys() -> None:
    fixture = ExistingIntegrationFixture()
    fixture.rotate_key(ROTATION)
    fixture.repository.races = 5
    with pytest.raises(ContentionError):
        fixture.roll_back_key()
    assert (fixture.referenced_key, fixture.previous_key) == (NEW_KEY.get_secret_value(), API_KEY)
    assert fixture.journal[-2:] == ["get", "update"]


@pytest.mark.parametrize("races", [1, 4])
def test_restore_succeeds_after_concurrent_restores_and_deletions(races: int) -> None:
    fixture = ExistingIntegrationFixture()
    fixture.delete()
    fixture.repository.races = races
    assert fixture.restore() == replace(fixture.original, version=2 + races)


def test_restore_fails_after_five_concurrent_restores_and_deletions() -> None:
    fixture = ExistingIntegrationFixture()
    fixture.delete()
    fixture.repository.races = 5
    with pytest.raises(ContentionError):
        fixture.restore()
    assert fixture.repository.integrations == {}


class DeletingRepository(RacingRepository):
    """A repository where an existing integration is deleted right after it was not found among the deleted."""

    def get_deleted(self, account: str, ulid: str) -> Tombstone | None:
        found = super().get_deleted(account, ulid)
        existing = self.integrations.get((account, ulid))
        if existing is not None:
            self.delete(Tombstone(integration=existing, deleted_at=NOON, deleted_by="bob", expires_at=NOON + HOUR))
        return found


def test_restore_of_an_integration_that_is_deleted_between_two_reads_succeeds() -> None:
    fixture = ExistingIntegrationFixture(repository=DeletingRepository())
    assert fixture.restore() == replace(fixture.original, version=2)
