"""Deleting an integration and restoring it during the recovery window."""

from dataclasses import replace
from datetime import timedelta

import pytest

from ai_integrations.domain.errors import NameTakenError, NotFoundError
from tests.builders import ULID, an_integration
from tests.unit.use_case_fixture import ADMIN, ExistingIntegrationFixture


def test_restore_returns_a_deleted_integration_with_its_key() -> None:
    fixture = ExistingIntegrationFixture()
    fixture.delete()
    assert fixture.repository.integrations == {}
    assert fixture.integrations.get_deleted(ADMIN, ULID).deleted_by == "alice"
    restored = fixture.restore()
    assert restored == replace(fixture.original, version=2)
    assert fixture.journal[-2:] == ["cancel_deletion", "restore"]
    assert fixture.restore() == restored


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
