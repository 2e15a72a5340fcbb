"""Creating an integration: the order of writes, and what a failure leaves behind (architecture.md)."""

from dataclasses import replace
from datetime import timedelta

import pytest
from pydantic import SecretStr

from ai_integrations.domain.errors import (
    AccessForbiddenError,
    AiIntegrationsError,
    ContentionError,
    FederationTakenError,
    IdempotencyKeyReusedError,
    NameTakenError,
    RoleTakenError,
    RuleViolationError,
)
from ai_integrations.domain.model import ACCOUNT_WIDE, CredentialChange, Removal, Role, Scoping
from tests.builders import API_KEY, NOON, ULID, a_caller, a_policy, an_idempotency_key, an_integration, the_settings
from tests.fakes import FailingKeyStore, FailingRepository, build_integrations
from tests.unit.test_api_keys import SERVICE_ACCOUNT
from tests.unit.use_case_fixture import ADMIN, UseCaseFixture

KEY = SecretStr(API_KEY)
NO_KEY = Removal.NOTHING
IDS = ("FIRST", "SECOND")
REJECTIONS: list[AiIntegrationsError] = [
    NameTakenError(),
    RoleTakenError(),
    FederationTakenError(),
    IdempotencyKeyReusedError(),
    ContentionError(),
]


def test_create_prechecks_then_stores_the_key_then_commits() -> None:
    fixture = UseCaseFixture(ids=IDS)
    created = fixture.integrations.create(ADMIN, the_settings(), KEY)
    assert fixture.journal == ["precheck", "create_key", "insert"]
    assert created.secret is not None
    assert fixture.keys.current_keys() == {created.secret.arn: API_KEY}
    assert fixture.stored_integrations() == [created]


def test_create_sets_version_account_user_and_time() -> None:
    created = UseCaseFixture().integrations.create(a_caller(account="acme", user="bob"), the_settings(name="x"), NO_KEY)
    assert created == an_integration(id=ULID, name="x", account="acme", created_by="bob", version=1, created_at=NOON)


def test_create_derives_the_id_from_the_creation_time() -> None:
    integrations = build_integrations(new_id=lambda now: f"id at {now}")
    assert integrations.create(ADMIN, the_settings(), NO_KEY).id == f"id at {NOON}"


def test_create_without_key_does_not_call_the_key_store() -> None:
    fixture = UseCaseFixture()
    created = fixture.integrations.create(ADMIN, the_settings(), NO_KEY)
    assert fixture.journal == ["insert"]
    assert created.secret is None


@pytest.mark.parametrize("key", [pytest.param(KEY, id="with key"), pytest.param(NO_KEY, id="without key")])
@pytest.mark.parametrize("name", ["Production OpenAI", "PRODUCTION openai"])
def test_create_with_taken_name_stores_no_secret(key: CredentialChange, name: str) -> None:
    fixture = UseCaseFixture(ids=IDS)
    fixture.repository.insert(an_integration(), None)
    fixture.journal.clear()
    with pytest.raises(NameTakenError):
        fixture.integrations.create(ADMIN, the_settings(name=name), key)
    assert fixture.journal in (["precheck"], ["insert"])
    assert fixture.keys.current_keys() == {}


@pytest.mark.parametrize("rejection", REJECTIONS, ids=lambda error: type(error).__name__)
def test_create_discards_the_key_when_the_store_rejects_the_write(rejection: Exception) -> None:
    fixture = UseCaseFixture(FailingRepository(error=rejection))
    with pytest.raises(type(rejection)):
        fixture.integrations.create(ADMIN, the_settings(), KEY)
    assert fixture.journal == ["precheck", "create_key", "insert", "get", "get_deleted", "discard"]
    assert fixture.keys.current_keys() == {}


@pytest.mark.parametrize("written", [pytest.param(True, id="written"), pytest.param(False, id="not written")])
@pytest.mark.parametrize("error", [TimeoutError(), RuntimeError(), OSError()], ids=lambda error: type(error).__name__)
def test_create_keeps_the_key_when_the_outcome_is_unknown(error: Exception, written: bool) -> None:
    fixture = UseCaseFixture(FailingRepository(error=error, written=written))
    with pytest.raises(type(error)):
        fixture.integrations.create(ADMIN, the_settings(), KEY)
    assert fixture.journal == ["precheck", "create_key", "insert"]
    assert list(fixture.keys.current_keys().values()) == [API_KEY]


def test_create_writes_nothing_when_the_key_store_fails() -> None:
    fixture = UseCaseFixture(keys=FailingKeyStore(error=TimeoutError()))
    with pytest.raises(TimeoutError):
        fixture.integrations.create(ADMIN, the_settings(), KEY)
    assert fixture.journal == ["precheck", "create_key"]
    assert fixture.stored_integrations() == []


def test_create_rejects_a_used_idempotency_key_with_another_body() -> None:
    fixture = UseCaseFixture(ids=IDS)
    fixture.integrations.create(ADMIN, the_settings(), KEY, an_idempotency_key(fingerprint="f1"))
    with pytest.raises(IdempotencyKeyReusedError):
        fixture.integrations.create(ADMIN, the_settings(name="x"), KEY, an_idempotency_key(fingerprint="f2"))
    assert len(fixture.keys.current_keys()) == 1


def test_create_accepts_a_used_idempotency_key_after_a_day() -> None:
    fixture = UseCaseFixture(ids=IDS)
    fixture.integrations.create(ADMIN, the_settings(name="x"), KEY, an_idempotency_key(fingerprint="f1"))
    fixture.now += timedelta(hours=24)
    second = fixture.integrations.create(ADMIN, the_settings(name="y"), KEY, an_idempotency_key(fingerprint="f2"))
    assert second.id == "SECOND"


@pytest.mark.parametrize("role", [Role.READER, Role.MEMBER])
def test_create_by_unauthorized_caller_calls_no_store(role: Role) -> None:
    fixture = UseCaseFixture()
    with pytest.raises(AccessForbiddenError):
        fixture.integrations.create(a_caller(role=role), the_settings(), KEY)
    assert fixture.journal == []


def test_create_with_invalid_settings_calls_no_store() -> None:
    fixture = UseCaseFixture(policy=a_policy("gateway.corp"))
    for settings in (the_settings(provider="AWS_BEDROCK"), the_settings(base_url="http://other.corp/")):
        with pytest.raises(RuleViolationError):
            fixture.integrations.create(ADMIN, settings, KEY)
    assert fixture.journal == []


def test_create_with_a_key_that_the_provider_cannot_receive_calls_no_store() -> None:
    fixture = UseCaseFixture()
    with pytest.raises(RuleViolationError):
        fixture.integrations.create(ADMIN, the_settings(), SecretStr(SERVICE_ACCOUNT))
    assert fixture.journal == []
    metadata = {"project_id": "p", "location": "eu", "project_access_label": "team"}
    vertex = the_settings(provider="VERTEX_AI", provider_metadata=metadata)
    assert fixture.integrations.create(ADMIN, vertex, SecretStr(SERVICE_ACCOUNT)).secret is not None


def test_create_accepts_an_allowed_private_host() -> None:
    fixture = UseCaseFixture(policy=a_policy("gateway.corp"))
    created = fixture.integrations.create(ADMIN, the_settings(base_url="http://gateway.corp/v1"), NO_KEY)
    assert created.base_url == "http://gateway.corp/v1"


def test_create_keeps_every_setting() -> None:
    settings = the_settings(
        model_names=("gpt-4",), headers={"X-Team": "a"}, scopings=(Scoping(space_id="s"), ACCOUNT_WIDE)
    )
    created = UseCaseFixture().integrations.create(ADMIN, settings, NO_KEY)
    assert created == replace(created, **vars(settings))
