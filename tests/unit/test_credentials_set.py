"""When and by whom the credentials of an integration were set, and the order of the times of changes."""

from dataclasses import replace
from datetime import timedelta

import pytest
from pydantic import SecretStr

from ai_integrations.adapters.secrets_manager.key_store import ACCOUNT_TAG
from ai_integrations.domain.model import CredentialChange, CredentialsSet, ExternalSecretArn, Integration, Removal
from ai_integrations.use_cases.integrations import RequestedChange, Rotation
from tests.builders import FEDERATIONS, NOON, ULID, a_caller, a_policy, the_settings
from tests.unit.use_case_fixture import ADMIN, NEW_KEY, ExistingIntegrationFixture, UseCaseFixture

LATER = NOON + timedelta(days=3)
BOB = a_caller(user="bob")
ROTATION = Rotation(api_key=NEW_KEY, grace=timedelta(hours=1))
AT_CREATION, BY_BOB = CredentialsSet(at=NOON, by="alice"), CredentialsSet(at=LATER, by="bob")


@pytest.fixture
def existing() -> ExistingIntegrationFixture:
    """Return an integration with a key that Alice created at noon; the clock is three days later."""
    fixture = ExistingIntegrationFixture()
    fixture.now = LATER
    return fixture


def change(fixture: UseCaseFixture, credentials: CredentialChange) -> Integration:
    return fixture.integrations.update(BOB, ULID, RequestedChange(lambda current: current, credentials))


def test_other_changes_keep_the_credentials_of_the_creation(existing: ExistingIntegrationFixture) -> None:
    assert existing.rename().last_credentials_set == AT_CREATION
    existing.integrations.delete(BOB, ULID)
    assert existing.integrations.restore(BOB, ULID).last_credentials_set == AT_CREATION


@pytest.mark.parametrize("credentials", [NEW_KEY, Removal.KEY, FEDERATIONS["OPEN_AI"]])
def test_change_of_credentials_is_recorded_with_its_time_and_user(credentials: CredentialChange) -> None:
    fixture = UseCaseFixture(policy=a_policy()._replace(federation_issuer="https://issuer.example.com"))
    fixture.integrations.create(ADMIN, the_settings(), SecretStr("sk-fake-old-key"))
    fixture.now = LATER
    assert change(fixture, credentials).credentials_set == BY_BOB


def test_change_to_the_same_external_secret_changes_nothing() -> None:
    fixture = UseCaseFixture()
    arn = fixture.keys.create_external_secret("theirs", "sk-fake-theirs", {ACCOUNT_TAG: "acme"})
    fixture.integrations.create(ADMIN, the_settings(), ExternalSecretArn(arn))
    fixture.now = LATER
    assert change(fixture, ExternalSecretArn(arn)).last_credentials_set == AT_CREATION


def test_change_of_an_iam_role_is_recorded() -> None:
    fixture = UseCaseFixture()
    roles = [{"role_arn": f"arn:aws:iam::111122223333:role/{name}"} for name in ("old", "new")]
    settings = the_settings(provider="AWS_BEDROCK", provider_metadata=roles[0])
    fixture.integrations.create(ADMIN, settings, Removal.NOTHING)
    fixture.now = LATER
    edited = RequestedChange(lambda current: replace(current, provider_metadata=roles[1]))
    assert fixture.integrations.update(BOB, ULID, edited).credentials_set == BY_BOB


def test_rotation_is_recorded_and_a_rollback_returns_to_the_age_of_the_previous_key(
    existing: ExistingIntegrationFixture,
) -> None:
    assert existing.integrations.rotate_key(BOB, ULID, ROTATION).credentials_set == BY_BOB
    assert existing.roll_back_key().last_credentials_set == AT_CREATION
    existing.integrations.rotate_key(BOB, ULID, ROTATION)
    existing.now += timedelta(days=1)
    existing.rotate_key(ROTATION)
    assert existing.roll_back_key().last_credentials_set == BY_BOB


def test_times_of_changes_never_go_back_although_the_clock_does() -> None:
    fixture = ExistingIntegrationFixture()
    fixture.now = NOON - timedelta(seconds=2)
    rotated = fixture.integrations.rotate_key(BOB, ULID, ROTATION)
    assert (rotated.updated_at, rotated.credentials_set) == (NOON, CredentialsSet(at=NOON, by="bob"))
    fixture.now = LATER
    fixture.rename()
    fixture.now = NOON
    assert fixture.integrations.delete(BOB, ULID).deleted_at == LATER
    assert fixture.integrations.restore(BOB, ULID).updated_at == LATER
