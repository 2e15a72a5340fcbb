"""`IntegrationRepository`: `insert`, and `precheck`, which raises the same conflicts."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest

from ai_integrations.domain.errors import (
    IdempotencyKeyReusedError,
    NameTakenError,
    RepeatedRequestError,
    VersionConflictError,
)
from ai_integrations.domain.model import ACCOUNT_WIDE, AuthType, IdempotencyKey, Integration, Scoping, SecretVersion
from ai_integrations.use_cases.ports import IntegrationRepository
from tests.builders import NOON, an_idempotency_key, an_integration
from tests.contract.stores import AwsStores, Stores

FIRST = an_integration(id="FIRST", name="Production OpenAI")
SECRET = SecretVersion(arn="arn:aws:secretsmanager:eu-central-1:123456789012:secret:x", version="version-1")
EVERYTHING = an_integration(
    id="FIRST",
    base_url="https://example.com/v1",
    model_names=("gpt-4", "gpt-4o"),
    headers={"X-Team": "search", "X-Empty": ""},
    enable_default_models=True,
    function_calling_enabled=False,
    auth_type=AuthType.PROXY_WITH_HEADERS,
    provider_metadata={"role_arn": "arn:aws:iam::123456789012:role/x", "external_id": "y"},
    scopings=(Scoping(organization_id="o", space_id="s"), Scoping(space_id="t"), ACCOUNT_WIDE),
    created_at=NOON + timedelta(milliseconds=678),
    updated_at=NOON + timedelta(milliseconds=679),
    secret=SECRET,
)

Operation = Callable[[IntegrationRepository, Integration, IdempotencyKey | None], None]


def precheck(repository: IntegrationRepository, integration: Integration, key: IdempotencyKey | None) -> None:
    repository.precheck(integration, key)


def insert(repository: IntegrationRepository, integration: Integration, key: IdempotencyKey | None) -> None:
    repository.insert(integration, key)


def is_rejected(operation: Operation, stores: Stores, integration: Integration, key: IdempotencyKey | None) -> bool:
    try:
        operation(stores.repository, integration, key)
    except (NameTakenError, RepeatedRequestError, IdempotencyKeyReusedError):
        return True
    return False


both = pytest.mark.parametrize("operation", [precheck, insert])


@both
@pytest.mark.parametrize("name", ["Production OpenAI", "production openai", "PRODUCTION OPENAI"])
def test_taken_name_is_rejected(stores: Stores, operation: Operation, name: str) -> None:
    stores.repository.insert(FIRST, None)
    with pytest.raises(NameTakenError):
        operation(stores.repository, an_integration(id="SECOND", name=name), None)


@both
def test_name_comparison_ignores_case_in_any_alphabet(stores: Stores, operation: Operation) -> None:
    stores.repository.insert(an_integration(id="FIRST", name="STRASSE ΣΊΣΥΦΟΣ"), None)
    with pytest.raises(NameTakenError):
        operation(stores.repository, an_integration(id="SECOND", name="straße σίσυφος"), None)


@both
def test_name_comparison_ignores_unicode_composition(stores: Stores, operation: Operation) -> None:
    stores.repository.insert(an_integration(id="FIRST", name="caf\u00e9"), None)
    with pytest.raises(NameTakenError):
        operation(stores.repository, an_integration(id="SECOND", name="cafe\u0301"), None)


@both
@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("a b", "a  b"),
        ("a b", "a\u00a0b"),
        ("a b", "a\u3000\u2003b"),
        ("GPT2", "GPT\u00b2"),
        ("Full", "\uff26\uff55\uff4c\uff4c"),
        ("fine", "\ufb01ne"),
        ("ok", "o\ufe0fk"),
        ("\u2764", "\u2764\ufe0f"),
    ],
)
def test_names_that_look_the_same_are_one_name(stores: Stores, operation: Operation, one: str, other: str) -> None:
    for first, second in ((one, other), (other, one)):
        account = f"acme-{first == one}"
        stores.repository.insert(an_integration(id="FIRST", name=first, account=account), None)
        with pytest.raises(NameTakenError):
            operation(stores.repository, an_integration(id="SECOND", name=second, account=account), None)


@both
def test_long_names_that_differ_in_length_are_distinct(stores: Stores, operation: Operation) -> None:
    smile = "\U0001f600"  # four bytes in UTF-8, so that the name is as long as a sort key can be
    stores.repository.insert(an_integration(id="FIRST", name=smile * 256), None)
    assert not is_rejected(operation, stores, an_integration(id="SECOND", name=smile * 255), None)
    with pytest.raises(NameTakenError):
        operation(stores.repository, an_integration(id="THIRD", name=smile * 256), None)


@both
def test_names_and_idempotency_keys_are_unique_per_account(stores: Stores, operation: Operation) -> None:
    stores.repository.insert(FIRST, an_idempotency_key())
    elsewhere = replace(FIRST, id="SECOND", account="other")
    assert not is_rejected(operation, stores, elsewhere, an_idempotency_key(fingerprint="f2"))


@both
def test_retried_request_raises_repeated_request_with_the_original_result(stores: Stores, operation: Operation) -> None:
    stores.repository.insert(EVERYTHING, an_idempotency_key())
    with pytest.raises(RepeatedRequestError) as repeated:
        operation(stores.repository, replace(EVERYTHING, id="SECOND", secret=None), an_idempotency_key())
    assert repeated.value.first == EVERYTHING


@both
def test_original_result_without_optional_settings_is_restored(stores: Stores, operation: Operation) -> None:
    stores.repository.insert(FIRST, an_idempotency_key())
    with pytest.raises(RepeatedRequestError) as repeated:
        operation(stores.repository, replace(FIRST, id="SECOND"), an_idempotency_key())
    assert repeated.value.first == FIRST


@both
@pytest.mark.parametrize("name", ["Production OpenAI", "Another"])
def test_used_idempotency_key_with_another_body_is_rejected(stores: Stores, operation: Operation, name: str) -> None:
    stores.repository.insert(FIRST, an_idempotency_key(fingerprint="f1"))
    with pytest.raises(IdempotencyKeyReusedError):
        operation(stores.repository, an_integration(id="SECOND", name=name), an_idempotency_key(fingerprint="f2"))


@both
def test_idempotency_keys_are_unique_per_user(stores: Stores, operation: Operation) -> None:
    stores.repository.insert(FIRST, an_idempotency_key(fingerprint="f1"))
    of_bob = an_integration(id="SECOND", name="Another", created_by="bob")
    assert not is_rejected(operation, stores, of_bob, an_idempotency_key(fingerprint="f2", user="bob"))


def day_later(integration: Integration, *, minus: timedelta = timedelta()) -> Integration:
    return replace(integration, created_at=integration.created_at + timedelta(hours=24) - minus)


@both
def test_idempotency_key_is_recognized_for_a_day(stores: Stores, operation: Operation) -> None:
    stores.repository.insert(FIRST, an_idempotency_key())
    again = day_later(an_integration(id="SECOND", name="Another"), minus=timedelta(seconds=1))
    with pytest.raises(RepeatedRequestError):
        operation(stores.repository, again, an_idempotency_key())


@both
def test_idempotency_key_can_be_reused_after_a_day(stores: Stores, operation: Operation) -> None:
    stores.repository.insert(FIRST, an_idempotency_key())
    again = day_later(an_integration(id="SECOND", name="Another"))
    assert not is_rejected(operation, stores, again, an_idempotency_key(fingerprint="f2"))


def test_second_use_of_an_expired_idempotency_key_is_recorded(stores: Stores) -> None:
    stores.repository.insert(FIRST, an_idempotency_key())
    again = day_later(an_integration(id="SECOND", name="Another"))
    stores.repository.insert(again, an_idempotency_key(fingerprint="f2"))
    with pytest.raises(RepeatedRequestError) as repeated:
        stores.repository.precheck(replace(again, id="THIRD"), an_idempotency_key(fingerprint="f2"))
    assert repeated.value.first == again


def test_taken_name_is_rejected_and_idempotency_key_is_not_recorded(stores: Stores) -> None:
    stores.repository.insert(FIRST, None)
    with pytest.raises(NameTakenError):
        stores.repository.insert(replace(FIRST, id="SECOND"), an_idempotency_key())
    assert not is_rejected(
        precheck, stores, an_integration(id="THIRD", name="Another"), an_idempotency_key(fingerprint="f2")
    )


def test_precheck_writes_nothing(stores: Stores) -> None:
    stores.repository.precheck(FIRST, an_idempotency_key())
    stores.repository.insert(replace(FIRST, id="SECOND"), an_idempotency_key(fingerprint="f2"))
    with pytest.raises(NameTakenError):
        stores.repository.precheck(FIRST, None)


@pytest.mark.parametrize("key", [None, an_idempotency_key()], ids=["no idempotency key", "idempotency key"])
def test_insert_succeeds_when_a_lost_attempt_already_committed(stores: Stores, key: IdempotencyKey | None) -> None:
    stores.repository.insert(FIRST, key)
    stores.repository.insert(FIRST, key)
    with pytest.raises(NameTakenError):
        stores.repository.precheck(replace(FIRST, id="SECOND"), None)


@pytest.mark.parametrize("auth_type", AuthType)
def test_insert_keeps_every_auth_type(stores: Stores, auth_type: AuthType) -> None:
    integration = replace(FIRST, auth_type=auth_type)
    stores.repository.insert(integration, None)
    assert stores.repository.get("acme", "FIRST") == integration


def test_insert_with_an_id_in_use_conflicts_and_changes_nothing(aws: AwsStores) -> None:
    aws.repository.insert(FIRST, None)
    with pytest.raises(VersionConflictError):
        aws.repository.insert(replace(FIRST, name="Another"), None)
    assert aws.repository.get("acme", "FIRST") == FIRST
    assert aws.repository.find("acme", "Another") is None
