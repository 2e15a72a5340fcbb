"""Concurrent writes. They run only on the emulator, because transactions of moto are not isolated."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
from pydantic import SecretStr

from ai_integrations.adapters.dynamodb import items
from ai_integrations.adapters.dynamodb.attributes import from_wire, to_wire
from ai_integrations.domain.errors import (
    ConsumerExistsError,
    ContentionError,
    NameTakenError,
    RepeatedRequestError,
    RoleTakenError,
    VersionConflictError,
)
from ai_integrations.domain.iam_roles import IamRole
from ai_integrations.domain.model import IdempotencyKey, Integration, Tombstone
from tests.builders import (
    API_KEY,
    NOON,
    a_caller,
    a_consumer,
    an_idempotency_key,
    an_integration,
    the_settings,
)
from tests.contract.stores import AwsStores
from tests.fakes import build_integrations

RACERS = 20
ROLE = "arn:aws:iam::123456789012:role/models"


def outcomes(call: Callable[[int], object]) -> list[object]:
    """Call from many threads at once, and list what the calls returned or raised."""
    start = Barrier(RACERS)

    def run(number: int) -> object:
        start.wait()
        try:
            return call(number)
        except (
            ConsumerExistsError,
            ContentionError,
            NameTakenError,
            RepeatedRequestError,
            RoleTakenError,
            VersionConflictError,
        ) as error:
            return error

    with ThreadPoolExecutor(RACERS) as pool:
        return list(pool.map(run, range(RACERS)))


@pytest.mark.parametrize("round_number", range(3))
def test_concurrent_inserts_with_one_name_store_one_integration(emulator_stores: AwsStores, round_number: int) -> None:
    name = f"Racer {round_number}"
    results = outcomes(
        lambda number: emulator_stores.repository.insert(an_integration(id=f"ID{number}", name=name), None)
    )
    assert results.count(None) == 1
    assert sum(isinstance(each, NameTakenError) for each in results) == RACERS - 1


def test_concurrent_inserts_with_one_idempotency_key_return_one_result(emulator_stores: AwsStores) -> None:
    key = an_idempotency_key()

    def add(number: int) -> str:
        integration = an_integration(id=f"ID{number}")
        try:
            emulator_stores.repository.insert(integration, key)
        except RepeatedRequestError as repeated:
            return repeated.first.id
        return integration.id

    assert len(set(outcomes(add))) == 1


@pytest.mark.parametrize("key", [an_idempotency_key(), None], ids=["one idempotency key", "no idempotency key"])
def test_concurrent_creates_leave_one_integration_and_one_secret(
    emulator_stores: AwsStores, key: IdempotencyKey | None
) -> None:
    ids = iter(range(RACERS))
    integrations = build_integrations(
        emulator_stores.repository, emulator_stores.keys, new_id=lambda _now: f"ID{next(ids)}"
    )
    results = outcomes(lambda _number: integrations.create(a_caller(), the_settings(), SecretStr(API_KEY), key))
    created = {each.id for each in results if isinstance(each, Integration)}
    assert len(created) == 1
    assert list(emulator_stores.current_keys().values()) == [API_KEY]


def with_role(number: int, account: str) -> Integration:
    return an_integration(
        id=f"ID{number}", name=f"Racer {number}", account=account, provider_metadata={"role_arn": ROLE}
    )


def holders(stores: AwsStores) -> frozenset[str]:
    key = to_wire(items.role_key(IamRole(arn=ROLE)))
    found: frozenset[str] = from_wire(stores.dynamodb.get_item(TableName=stores.table, Key=key)["Item"]).get(
        "integrations", frozenset()
    )
    return found


def test_concurrent_inserts_of_many_accounts_give_the_role_to_one(emulator_stores: AwsStores) -> None:
    results = outcomes(lambda number: emulator_stores.repository.insert(with_role(number, f"account-{number}"), None))
    assert results.count(None) == 1
    assert sum(isinstance(each, RoleTakenError) for each in results) == RACERS - 1


def test_concurrent_writes_of_one_account_share_and_release_the_role(emulator_stores: AwsStores) -> None:
    repository = emulator_stores.repository
    inserted = outcomes(lambda number: repository.insert(with_role(number, "acme"), None))
    created = {f"ID{number}" for number, each in enumerate(inserted) if each is None}
    assert created
    assert holders(emulator_stores) == created

    def delete(number: int) -> None:
        current = with_role(number, "acme")
        repository.delete(Tombstone(integration=current, deleted_at=NOON, deleted_by="bob", expires_at=NOON))

    deleted = outcomes(lambda number: delete(number) if f"ID{number}" in created else None)
    left = {f"ID{number}" for number, each in enumerate(deleted) if isinstance(each, ContentionError)}
    assert holders(emulator_stores) == left


def test_concurrent_grants_to_one_principal_store_one_consumer(emulator_stores: AwsStores) -> None:
    def insert(number: int) -> None:
        emulator_stores.consumers.insert(a_consumer(id=f"01KDZ3ZQ8000000000000000{number:02}"))

    results = outcomes(insert)
    assert len(emulator_stores.consumers.newest("acme", None, RACERS).consumers) == 1
    assert results.count(None) == 1
    assert {type(each) for each in results if each} <= {ConsumerExistsError, ContentionError}


def test_concurrent_changes_of_one_version_of_a_consumer_apply_once(emulator_stores: AwsStores) -> None:
    consumer = a_consumer()
    emulator_stores.consumers.insert(consumer)

    def update(number: int) -> None:
        emulator_stores.consumers.update(consumer, consumer._replace(version=2, name=f"Writer {number}"))

    results = outcomes(update)
    stored = emulator_stores.consumers.get("acme", consumer.id)
    assert stored is not None
    assert stored.name == f"Writer {results.index(None)}"
    assert results.count(None) == 1
    assert {type(each) for each in results if each} <= {VersionConflictError, ContentionError}
