"""`UseReader.last_uses`, and how much of the table a list of keys reads."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any, Protocol

import pytest

from ai_integrations.adapters.dynamodb.uses import DynamoDbUses
from ai_integrations.domain.uses import LastUse, UsedBy
from ai_integrations.use_cases.key_facts import KeyQuery, Keys
from ai_integrations.use_cases.ports import UseReader, UseRecorder
from tests.builders import NOON, a_caller, an_integration
from tests.contract.stores import AwsStores, Stores
from tests.fakes import InMemoryUses

IDS = [f"01KDZ3ZQ8000000000000000{number:02}" for number in range(20)]


class Ledger(UseReader, UseRecorder, Protocol):
    """Uses, read and written."""


@pytest.fixture
def ledger(stores: Stores) -> Ledger:
    return DynamoDbUses(stores.dynamodb, stores.table) if isinstance(stores, AwsStores) else InMemoryUses()


def consumer(number: int) -> UsedBy:
    return UsedBy.broker_states(f"job-{number}")


def test_last_uses_are_those_of_the_range_the_newest_integration_first(ledger: Ledger) -> None:
    for number, ulid in enumerate(IDS[:5]):
        ledger.record("acme", ulid, consumer(0), NOON - timedelta(days=number))
    ledger.record("umbrella", IDS[2], consumer(0), NOON)
    uses = list(ledger.last_uses("acme", oldest=IDS[1], newest=IDS[3]))
    assert uses == [LastUse(IDS[number], NOON - timedelta(days=number)) for number in (3, 2, 1)]


def test_integration_has_one_last_use_for_each_consumer(ledger: Ledger) -> None:
    for number in range(3):
        ledger.record("acme", IDS[0], consumer(number), NOON - timedelta(days=9))
        ledger.record("acme", IDS[0], consumer(number), NOON - timedelta(days=number))
    uses = ledger.last_uses("acme", oldest=IDS[0], newest=IDS[0])
    assert sorted(each.at for each in uses) == [NOON - timedelta(days=number) for number in (2, 1, 0)]


def test_range_without_uses_is_empty(ledger: Ledger) -> None:
    ledger.record("acme", IDS[0], consumer(0), NOON)
    assert list(ledger.last_uses("acme", oldest=IDS[1], newest=IDS[9])) == []


@contextmanager
def queries(aws: AwsStores) -> Iterator[list[dict[str, Any]]]:
    """Record the responses to Query."""
    responses: list[dict[str, Any]] = []
    event = "after-call.dynamodb.Query"
    aws.dynamodb.meta.events.register(event, lambda parsed, **_: responses.append(parsed), unique_id=event)
    yield responses
    aws.dynamodb.meta.events.unregister(event, unique_id=event)


def test_last_uses_are_read_only_as_far_as_the_caller_goes_on(aws: AwsStores) -> None:
    """A response has at most 1 MB of items, whatever the projection returns of them."""
    uses = DynamoDbUses(aws.dynamodb, aws.table)
    for number in range(120):
        uses.record("acme", IDS[number // 10], UsedBy.broker_states(f"{number}".ljust(10_000)), NOON)
    with queries(aws) as responses:
        last_uses = iter(uses.last_uses("acme", oldest=IDS[0], newest=IDS[19]))
        assert next(last_uses).integration_id == IDS[11]
        assert len(responses) == 1
        assert len(list(last_uses)) == 119
        assert len(responses) > 1
    assert {name for page in responses for item in page["Items"] for name in item} == {"integration_id", "last_used_at"}


def add_account(aws: AwsStores, account: str) -> None:
    uses = DynamoDbUses(aws.dynamodb, aws.table)
    for number, ulid in enumerate(IDS):
        aws.repository.insert(an_integration(id=ulid, name=ulid, account=account), None)
        for each in range(number % 3):
            uses.record(account, ulid, consumer(each), NOON)


def items_read(aws: AwsStores) -> list[tuple[int, int]]:
    """List a page of keys. Return how many items each query examined and returned."""
    keys = Keys(
        integrations=aws.repository,
        spaces=aws.spaces,
        uses=DynamoDbUses(aws.dynamodb, aws.table),
        clock=lambda: NOON,
        max_age_days=90,
    )
    with queries(aws) as responses:
        keys.page(a_caller(), KeyQuery(), after=None, limit=9)
    return [(each["ScannedCount"], each["Count"]) for each in responses]


def test_list_of_keys_reads_the_same_whatever_other_accounts_have(aws: AwsStores) -> None:
    add_account(aws, "acme")
    alone = items_read(aws)
    for number in range(5):
        add_account(aws, f"acme-{number}")
    assert items_read(aws) == alone == [(10, 10), (9, 9)]
