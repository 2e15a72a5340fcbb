"""`IntegrationRepository.idempotent`: updates and deletes that may be retried."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest

from ai_integrations.domain.errors import IdempotencyKeyReusedError, RepeatedRequestError
from ai_integrations.domain.model import IdempotencyKey, Integration, Tombstone
from ai_integrations.use_cases.ports import IntegrationRepository
from tests.builders import NOON, an_idempotency_key, an_integration
from tests.contract.stores import Stores

FIRST = an_integration(id="FIRST", name="first")
KEY = an_idempotency_key(fingerprint="f1", user="bob")  # FIRST has another author


def update(repository: IntegrationRepository, current: Integration) -> Integration:
    changed = replace(current, version=current.version + 1, name="changed", updated_at=NOON + timedelta(minutes=1))
    repository.update(current, changed)
    return changed


def delete(repository: IntegrationRepository, current: Integration) -> Integration:
    expiry = NOON + timedelta(days=30)
    repository.delete(Tombstone(integration=current, deleted_at=NOON, deleted_by="bob", expires_at=expiry))
    return current


Write = Callable[[IntegrationRepository, Integration], Integration]
both = pytest.mark.parametrize("write", [update, delete])


def write_again(stores: Stores, current: Integration, key: IdempotencyKey = KEY) -> None:
    """Write or restore `current` without an idempotency key, then delete it with one that was used before."""
    if stores.repository.get("acme", "FIRST") is None:
        tombstone = stores.repository.get_deleted("acme", "FIRST")
        assert tombstone is not None
        stores.repository.restore(tombstone, current)
    else:
        stores.repository.update(replace(current, version=current.version - 1), current)
    delete(stores.repository.idempotent(key), current)


@both
def test_retried_write_raises_repeated_request_with_the_original_result(stores: Stores, write: Write) -> None:
    stores.repository.insert(FIRST, None)
    result = write(stores.repository.idempotent(KEY), FIRST)
    current = replace(FIRST, version=result.version + 1, name="changed later")
    with pytest.raises(RepeatedRequestError) as repeated:
        write_again(stores, current)
    assert repeated.value.first == result
    assert stores.repository.get("acme", "FIRST") == current


@both
def test_used_key_with_another_request_is_rejected(stores: Stores, write: Write) -> None:
    stores.repository.insert(FIRST, None)
    result = write(stores.repository.idempotent(KEY), FIRST)
    current = replace(FIRST, version=result.version + 1, name="changed later")
    with pytest.raises(IdempotencyKeyReusedError):
        write_again(stores, current, KEY._replace(fingerprint="f2"))
    assert stores.repository.get("acme", "FIRST") == current


def test_get_for_write_finds_the_integration_and_the_conflict(stores: Stores) -> None:
    stores.repository.insert(FIRST, None)
    idempotent = stores.repository.idempotent(KEY)
    assert idempotent.get_for_write("acme", "FIRST", NOON) == (FIRST, None)
    changed = update(idempotent, FIRST)
    current, conflict = idempotent.get_for_write("acme", "FIRST", NOON)
    assert current == changed
    assert isinstance(conflict, RepeatedRequestError)
    assert conflict.first == changed
    another_body = stores.repository.idempotent(KEY._replace(fingerprint="f2"))
    assert isinstance(another_body.get_for_write("acme", "FIRST", NOON)[1], IdempotencyKeyReusedError)


def test_get_for_write_finds_no_conflict_of_another_key_user_account_or_day(stores: Stores) -> None:
    stores.repository.insert(FIRST, None)
    changed = update(stores.repository.idempotent(KEY), FIRST)
    assert stores.repository.get_for_write("acme", "FIRST", NOON) == (changed, None)
    for key in (KEY._replace(value="other"), KEY._replace(user="alice")):
        assert stores.repository.idempotent(key).get_for_write("acme", "FIRST", NOON) == (changed, None)
    idempotent = stores.repository.idempotent(KEY)
    assert idempotent.get_for_write("other", "FIRST", NOON) == (None, None)
    assert idempotent.get_for_write("acme", "FIRST", NOON + timedelta(hours=25)) == (changed, None)


def test_idempotent_view_does_not_affect_the_original_repository(stores: Stores) -> None:
    stores.repository.insert(FIRST, None)
    update(stores.repository.idempotent(KEY), FIRST)
    changed = update(stores.repository, replace(FIRST, version=2, name="changed"))
    assert stores.repository.get("acme", "FIRST") == changed


@pytest.mark.parametrize(("days", "is_recorded"), [(27, True), (28, False)])
def test_idempotency_record_expires_after_the_retention_of_its_key(
    stores: Stores, days: int, is_recorded: bool
) -> None:
    long_lived = KEY._replace(retention=timedelta(days=28))
    stores.repository.insert(FIRST, long_lived)
    late = an_integration(id="LATE", name="late", created_at=NOON + timedelta(days=days))
    if is_recorded:
        with pytest.raises(RepeatedRequestError):
            stores.repository.insert(late, long_lived)
    else:
        stores.repository.insert(late, long_lived)
