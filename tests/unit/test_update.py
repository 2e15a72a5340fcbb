"""Updating an integration and its key."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest
from pydantic import SecretStr

from ai_integrations.adapters.secrets_manager.key_store import ACCOUNT_TAG
from ai_integrations.contracts.enum_values import WireFormat
from ai_integrations.contracts.integration_bodies import PatchBody
from ai_integrations.domain.errors import (
    AccessForbiddenError,
    NameTakenError,
    NotFoundError,
    RuleViolationError,
    VersionConflictError,
)
from ai_integrations.domain.model import (
    ACCOUNT_WIDE,
    AuthType,
    Caller,
    CredentialChange,
    ExternalSecretArn,
    Integration,
    Membership,
    Removal,
    Role,
    Scoping,
    SecretVersion,
)
from ai_integrations.use_cases.integrations import Edit, RequestedChange, Rotation
from tests.builders import API_KEY, NOON, ULID, a_caller, an_integration, the_settings
from tests.fakes import FailingRepository, InMemoryRepository
from tests.unit.use_case_fixture import ADMIN, NEW_KEY, OLD_KEY, ExistingIntegrationFixture, UseCaseFixture

HOUR = timedelta(hours=1)


def test_update_increments_version_and_records_user_and_time() -> None:
    fixture = ExistingIntegrationFixture()
    fixture.now += HOUR
    bob = a_caller(user="bob")
    changed = fixture.integrations.update(bob, ULID, RequestedChange(lambda current: replace(current, name="x")))
    assert changed == replace(fixture.original, name="x", version=2, updated_at=NOON + HOUR, updated_by="bob")
    assert fixture.stored == changed


@pytest.mark.parametrize("sent", ["anthropic", "ANTHROPIC"])
def test_update_of_the_provider_stores_its_current_name(sent: str) -> None:
    changed = PatchBody.model_validate({"provider": sent}).apply(an_integration(provider="OPEN_AI"))
    assert changed.provider == "ANTHROPIC"


@pytest.mark.parametrize("sent", ["custom", "LITELLM"])
def test_update_with_the_provider_of_a_legacy_response_keeps_the_provider(sent: str) -> None:
    stored = an_integration(provider="LITELLM")
    assert PatchBody.model_validate({"provider": sent}).apply(stored, WireFormat.LEGACY).provider == "LITELLM"


def test_update_without_changes_writes_nothing() -> None:
    fixture = ExistingIntegrationFixture()
    assert fixture.rename(fixture.original.name) == fixture.original
    assert fixture.journal == ["get"]


def test_update_stores_new_key_before_referencing_it() -> None:
    fixture = ExistingIntegrationFixture()
    fixture.change_credentials(NEW_KEY)
    assert fixture.journal == ["get", "add_key_version", "update"]
    assert fixture.referenced_key == NEW_KEY.get_secret_value()


def test_update_with_a_first_key_does_not_use_the_name_of_a_secret_that_may_have_been_deleted() -> None:
    fixture = ExistingIntegrationFixture()
    fixture.change_credentials(Removal.KEY)
    fixture.journal.clear()
    fixture.change_credentials(NEW_KEY)
    assert fixture.journal == ["get", "add_key_version", "update"]


def test_update_with_null_key_removes_the_reference() -> None:
    fixture = ExistingIntegrationFixture()
    fixture.change_credentials(Removal.KEY)
    assert (fixture.stored.secret, fixture.journal) == (None, ["get", "update"])


@pytest.mark.parametrize("key", [NEW_KEY, Removal.KEY], ids=["new key", "null"])
def test_update_of_the_key_drops_the_previous_key(key: CredentialChange) -> None:
    fixture = ExistingIntegrationFixture()
    fixture.rotate_key(Rotation(api_key=SecretStr("sk-fake-rotated"), grace=HOUR))
    assert fixture.change_credentials(key).previous_key is None


def test_update_to_an_external_secret_drops_the_previous_key() -> None:
    fixture = ExistingIntegrationFixture()
    fixture.rotate_key(Rotation(api_key=NEW_KEY, grace=HOUR))
    external = ExternalSecretArn(arn=fixture.keys.create_external_secret("external", API_KEY, {ACCOUNT_TAG: "acme"}))
    assert fixture.change_credentials(external).previous_key is None


def test_external_secret_is_referenced_for_admins_only() -> None:
    fixture = ExistingIntegrationFixture()
    external = ExternalSecretArn(arn=fixture.keys.create_external_secret("external", API_KEY, {ACCOUNT_TAG: "acme"}))
    assert fixture.change_credentials(external).secret == SecretVersion(arn=external.arn, version=None)
    own = (Scoping(space_id="s"),)
    member = a_caller(role=Role.MEMBER, memberships=(Membership(space_id="s", admin=True),))
    with pytest.raises(AccessForbiddenError):
        fixture.integrations.create(member, the_settings(name="x", scopings=own), external)
    fixture.integrations.update(ADMIN, ULID, RequestedChange(lambda current: replace(current, scopings=own), OLD_KEY))
    with pytest.raises(AccessForbiddenError):
        fixture.integrations.update(member, ULID, RequestedChange(lambda current: current, external))
    assert fixture.referenced_key == API_KEY


def test_update_to_taken_name_that_removes_the_key_discards_nothing() -> None:
    fixture = ExistingIntegrationFixture()
    fixture.rotate_key(Rotation(api_key=NEW_KEY, grace=timedelta(hours=1)))
    fixture.repository.insert(an_integration(id="OTHER", name="Taken"), None)
    fixture.journal.clear()
    with pytest.raises(NameTakenError):
        fixture.integrations.update(
            ADMIN, ULID, RequestedChange(lambda current: replace(current, name="taken"), Removal.KEY)
        )
    assert fixture.journal == ["get", "update"]
    assert (fixture.referenced_key, fixture.previous_key) == (NEW_KEY.get_secret_value(), API_KEY)


def test_update_to_taken_name_discards_the_new_key() -> None:
    fixture = ExistingIntegrationFixture()
    fixture.repository.insert(an_integration(id="OTHER", name="Taken"), None)
    with pytest.raises(NameTakenError):
        fixture.integrations.update(
            ADMIN, ULID, RequestedChange(lambda current: replace(current, name="TAKEN"), NEW_KEY)
        )
    assert fixture.referenced_key == API_KEY
    assert [len(each.versions) for each in fixture.keys.secrets.values()] == [1]


def test_update_to_taken_name_leaves_the_kept_key_alone() -> None:
    fixture = ExistingIntegrationFixture()
    fixture.repository.insert(an_integration(id="OTHER", name="Taken"), None)
    fixture.journal.clear()
    with pytest.raises(NameTakenError):
        fixture.rename("Taken")
    assert fixture.journal == ["get", "update"]


@pytest.mark.parametrize("written", [pytest.param(True, id="written"), pytest.param(False, id="not written")])
@pytest.mark.parametrize("error", [TimeoutError(), RuntimeError(), OSError()], ids=lambda error: type(error).__name__)
def test_update_keeps_both_keys_when_the_outcome_is_unknown(error: Exception, written: bool) -> None:
    repository = FailingRepository(error=error, written=written)
    fixture = UseCaseFixture(repository)
    stored = replace(an_integration(), secret=fixture.keys.create_key(an_integration(), OLD_KEY))
    InMemoryRepository.insert(repository, stored, None)
    fixture.journal.clear()
    with pytest.raises(type(error)):
        fixture.integrations.update(ADMIN, ULID, RequestedChange(lambda current: current, NEW_KEY))
    assert fixture.journal == ["get", "add_key_version", "update"]
    [secret] = fixture.keys.secrets.values()
    assert list(secret.versions.values()) == [API_KEY, NEW_KEY.get_secret_value()]


def test_update_rejects_settings_that_do_not_fit_together() -> None:
    fixture = ExistingIntegrationFixture(Removal.NOTHING)
    with pytest.raises(RuleViolationError):
        fixture.integrations.update(
            ADMIN, ULID, RequestedChange(lambda current: replace(current, provider="AWS_BEDROCK"))
        )
    assert fixture.stored == fixture.original


@pytest.mark.parametrize(
    "edit",
    [
        pytest.param(lambda current: replace(current, provider="ANTHROPIC"), id="another provider"),
        pytest.param(lambda current: replace(current, base_url="https://elsewhere.example.com"), id="another host"),
    ],
)
def test_update_of_host_or_provider_without_the_key_is_rejected(edit: Edit) -> None:
    fixture = ExistingIntegrationFixture()
    with pytest.raises(RuleViolationError):
        fixture.integrations.update(ADMIN, ULID, RequestedChange(edit))
    for key in (NEW_KEY, Removal.KEY):
        fixture.integrations.update(ADMIN, ULID, RequestedChange(edit, key))
    assert fixture.stored.secret is None


def test_update_that_is_rejected_for_stored_headers_stores_no_key() -> None:
    fixture = ExistingIntegrationFixture(Removal.NOTHING)

    def add_header(current: Integration) -> Integration:
        return replace(current, auth_type=AuthType.PROXY_WITH_HEADERS, headers={"X-Token": "fake"})

    fixture.integrations.update(ADMIN, ULID, RequestedChange(add_header))
    fixture.journal.clear()
    move = RequestedChange(lambda current: replace(current, base_url="https://elsewhere.example.com"), NEW_KEY)
    with pytest.raises(RuleViolationError):
        fixture.integrations.update(ADMIN, ULID, move)
    assert fixture.journal == ["get"]


def test_write_with_unmet_version_condition_changes_nothing() -> None:
    fixture = ExistingIntegrationFixture()
    new_key = RequestedChange(lambda current: current, NEW_KEY)
    writes: list[Callable[[], object]] = [
        lambda: fixture.integrations.update(ADMIN, ULID, new_key, lambda _current: False),
        lambda: fixture.integrations.delete(ADMIN, ULID, lambda _current: False),
    ]
    for write in writes:
        with pytest.raises(VersionConflictError):
            write()
    assert fixture.journal == ["get", "get"]


@pytest.mark.parametrize(
    ("caller", "error"),
    [
        pytest.param(a_caller(role=Role.READER), AccessForbiddenError, id="reader"),
        pytest.param(a_caller(account="other"), NotFoundError, id="other account"),
    ],
)
def test_write_by_unauthorized_caller_touches_no_secret(caller: Caller, error: type[Exception]) -> None:
    fixture = ExistingIntegrationFixture()
    rotation = Rotation(api_key=NEW_KEY, grace=HOUR)
    writes: list[Callable[[], object]] = [
        lambda: fixture.integrations.update(caller, ULID, RequestedChange(lambda current: current, NEW_KEY)),
        lambda: fixture.integrations.rotate_key(caller, ULID, rotation),
        lambda: fixture.integrations.roll_back_key(caller, ULID),
        lambda: fixture.integrations.delete(caller, ULID),
    ]
    for write in writes:
        with pytest.raises(error):
            write()
    assert set(fixture.journal) == {"get"}


OWN, FOREIGN = Scoping(space_id="s"), Scoping(space_id="other")


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ((OWN,), (FOREIGN,)),
        ((OWN,), (OWN, FOREIGN)),
        ((OWN,), (ACCOUNT_WIDE,)),
        ((OWN,), (Scoping(organization_id="o", space_id="s"),)),
        ((OWN, FOREIGN), (OWN,)),
        ((ACCOUNT_WIDE,), (OWN,)),
    ],
    ids=["to another space", "into another space", "to the account", "to an organization", "out of one", "narrowed"],
)
def test_member_changes_scopings_only_if_it_administers_the_old_and_the_new_ones(
    before: tuple[Scoping, ...], after: tuple[Scoping, ...]
) -> None:
    fixture = UseCaseFixture()
    stored = fixture.integrations.create(ADMIN, the_settings(scopings=before), OLD_KEY)
    fixture.journal.clear()
    member = a_caller(role=Role.MEMBER, memberships=(Membership(space_id="s", admin=True),))
    change = RequestedChange(lambda current: replace(current, scopings=after), NEW_KEY)
    with pytest.raises(AccessForbiddenError):
        fixture.integrations.update(member, ULID, change)
    assert (fixture.stored_integrations(), fixture.journal) == ([stored], ["get"])
