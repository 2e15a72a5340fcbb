"""Rotating a key, verifying it before, and rolling back to the previous key."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from pydantic import SecretStr

from ai_integrations.adapters.secrets_manager.key_store import ACCOUNT_TAG
from ai_integrations.domain.errors import (
    AccessForbiddenError,
    ContentionError,
    NoKeyToRotateError,
    NoPreviousKeyError,
    RuleViolationError,
)
from ai_integrations.domain.model import ExternalSecretArn, Integration, Membership, Removal, Role, Scoping
from ai_integrations.use_cases.integrations import RequestedChange, Rotation
from tests.builders import API_KEY, NOON, ULID, a_caller
from tests.unit.use_case_fixture import ADMIN, NEW_KEY, ExistingIntegrationFixture

GRACE = timedelta(hours=1)
ROTATION = Rotation(api_key=NEW_KEY, grace=GRACE)


class FakeProvider:
    """Accepts every key except `rejected`, and records each verification with the integration's version."""

    def __init__(self, journal: list[str], rejected: SecretStr | None = None) -> None:
        self._journal, self._rejected = journal, rejected

    def verify(self, integration: Integration, api_key: SecretStr) -> None:
        self._journal.append(f"verify at version {integration.version}")
        if api_key == self._rejected:
            raise RuleViolationError


def test_rotation_keeps_the_previous_key_and_rollback_returns_to_it() -> None:
    fixture = ExistingIntegrationFixture()
    rotated = fixture.rotate_key(ROTATION)
    assert rotated.previous_key is not None
    assert rotated.previous_key.usable_until == NOON + GRACE
    assert (fixture.referenced_key, fixture.previous_key) == (NEW_KEY.get_secret_value(), API_KEY)
    assert fixture.roll_back_key().previous_key is None
    assert fixture.referenced_key == API_KEY


def test_rollback_without_previous_key_or_after_grace_period_is_rejected() -> None:
    fixture = ExistingIntegrationFixture()
    with pytest.raises(NoPreviousKeyError):
        fixture.roll_back_key()
    fixture.rotate_key(ROTATION)
    fixture.now += GRACE
    with pytest.raises(NoPreviousKeyError):
        fixture.roll_back_key()


def test_rotation_during_a_grace_period_keeps_only_the_last_key_as_the_previous_one() -> None:
    fixture = ExistingIntegrationFixture()
    fixture.rotate_key(ROTATION)
    fixture.rotate_key(Rotation(api_key=SecretStr("sk-fake-third"), grace=GRACE))
    assert (fixture.referenced_key, fixture.previous_key) == ("sk-fake-third", NEW_KEY.get_secret_value())


def test_change_of_settings_during_a_grace_period_keeps_the_previous_key() -> None:
    fixture = ExistingIntegrationFixture()
    fixture.rotate_key(ROTATION)
    fixture.integrations.update(ADMIN, ULID, RequestedChange(lambda current: replace(current, name="Renamed")))
    assert fixture.roll_back_key().name == "Renamed"
    assert fixture.referenced_key == API_KEY


def test_rotation_without_grace_period_drops_the_previous_key() -> None:
    fixture = ExistingIntegrationFixture()
    fixture.rotate_key(ROTATION)
    assert fixture.rotate_key(Rotation(api_key=SecretStr("sk-fake-third"), grace=timedelta(0))).previous_key is None


def test_rotation_without_a_test_needs_no_admin_of_the_account() -> None:
    fixture = ExistingIntegrationFixture()
    scoped = RequestedChange(lambda current: replace(current, scopings=(Scoping(space_id="s"),)))
    fixture.integrations.update(ADMIN, ULID, scoped)
    member = a_caller(role=Role.MEMBER, memberships=(Membership(space_id="s", admin=True),))
    fixture.integrations.rotate_key(member, ULID, ROTATION)
    assert fixture.referenced_key == NEW_KEY.get_secret_value()


def test_rotation_of_integration_without_key_is_rejected() -> None:
    with pytest.raises(NoKeyToRotateError):
        ExistingIntegrationFixture(Removal.NOTHING).rotate_key(ROTATION)


def test_rotation_of_an_external_secret_is_rejected() -> None:
    fixture = ExistingIntegrationFixture()
    arn = fixture.keys.create_external_secret("external", API_KEY, {ACCOUNT_TAG: "acme"})
    fixture.change_credentials(ExternalSecretArn(arn=arn))
    with pytest.raises(NoKeyToRotateError):
        fixture.rotate_key(ROTATION)
    assert fixture.referenced_key == API_KEY


def test_verified_rotation_stores_a_key_that_the_provider_accepts() -> None:
    fixture = ExistingIntegrationFixture()
    rotated = fixture.rotate_key(ROTATION._replace(verify=FakeProvider(fixture.journal).verify))
    assert fixture.journal == ["get", "verify at version 1", "get", "add_key_version", "update"]
    assert (fixture.stored, fixture.referenced_key) == (rotated, NEW_KEY.get_secret_value())


def test_verified_rotation_stores_no_key_that_the_provider_rejects() -> None:
    fixture = ExistingIntegrationFixture()
    provider = FakeProvider(fixture.journal, rejected=NEW_KEY)
    with pytest.raises(RuleViolationError):
        fixture.rotate_key(ROTATION._replace(verify=provider.verify))
    assert fixture.journal == ["get", "verify at version 1"]
    assert fixture.referenced_key == API_KEY


def test_verified_rotation_verifies_the_key_once_although_concurrent_writes_repeat_the_write() -> None:
    fixture = ExistingIntegrationFixture()
    fixture.repository.races = 3
    rotated = fixture.rotate_key(ROTATION._replace(verify=FakeProvider(fixture.journal).verify))
    assert [each for each in fixture.journal if each.startswith("verify")] == ["verify at version 1"]
    assert (fixture.stored, fixture.referenced_key) == (rotated, NEW_KEY.get_secret_value())


@pytest.mark.parametrize(
    "concurrent_change",
    [
        {"base_url": "https://gateway.example.com/v1"},
        {"headers": {"X-Upstream-Host": "gateway.example.com"}},
        {"headers": {"X-Team": "search"}},
    ],
    ids=["address", "header that names a host", "added header"],
)
def test_verified_rotation_fails_if_the_destination_changes_during_the_verification(
    concurrent_change: dict[str, Any],
) -> None:
    fixture = ExistingIntegrationFixture()

    def verify(_integration: Integration, _key: SecretStr) -> None:
        moved = replace(fixture.stored, version=2, **concurrent_change)
        fixture.repository.integrations["acme", ULID] = moved

    with pytest.raises(ContentionError):
        fixture.rotate_key(ROTATION._replace(verify=verify))
    assert fixture.referenced_key == API_KEY


def test_verified_rotation_succeeds_if_a_header_is_removed_during_the_verification() -> None:
    fixture = ExistingIntegrationFixture()
    fixture.repository.integrations["acme", ULID] = replace(fixture.stored, headers={"X-Team": "search"})

    def verify(_integration: Integration, _key: SecretStr) -> None:
        fixture.repository.integrations["acme", ULID] = replace(fixture.stored, version=2, headers=None)

    fixture.rotate_key(ROTATION._replace(verify=verify))
    assert fixture.referenced_key == NEW_KEY.get_secret_value()


def test_verified_rotation_is_forbidden_unless_caller_is_admin() -> None:
    fixture = ExistingIntegrationFixture()
    member = a_caller(role=Role.MEMBER, memberships=(Membership(organization_id="o", admin=True),))
    rotation = ROTATION._replace(verify=FakeProvider(fixture.journal).verify)
    with pytest.raises(AccessForbiddenError):
        fixture.integrations.rotate_key(member, ULID, rotation)
    assert fixture.journal == []
