"""`UseRecorder` and `UseReader`: one item for each pair of an integration and a consumer."""

from collections.abc import Iterable
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from ai_integrations.adapters.dynamodb.attributes import from_wire
from ai_integrations.adapters.dynamodb.uses import DynamoDbUses
from ai_integrations.domain.principals import Principal
from ai_integrations.domain.uses import RETENTION, Use, UsedBy
from tests.builders import NOON, ULID
from tests.contract.stores import AwsStores, Stores

HOUR = timedelta(hours=1)
OLDER, NEWER, NEWEST = (ULID[:-1] + letter for letter in "089")
BILLING = UsedBy.principal(Principal("aws", "111122223333", "role", "Billing"))
SAME_IN_LOWER_CASE = UsedBy.principal(Principal("aws", "111122223333", "role", "billing"))
NIGHTLY = UsedBy.broker_states("nightly-job")


def last_uses(uses: Iterable[Use]) -> dict[tuple[str, str], datetime]:
    return {(each.integration_id, each.consumer.identity): each.last_used_at for each in uses}


def test_first_use_is_recorded(stores: Stores) -> None:
    assert stores.uses.of_integrations("acme", ULID, ULID) == []
    stores.uses.record("acme", ULID, BILLING, NOON)
    expected = Use("acme", ULID, BILLING, last_used_at=NOON, days=frozenset({NOON.date()}))
    assert stores.uses.of_integrations("acme", ULID, ULID) == [expected]
    assert stores.uses.of_consumers("acme", ULID, [BILLING]) == [expected]


def test_use_is_recorded_once_an_hour(stores: Stores) -> None:
    recorded = []
    for seconds in (0.1, 0.2, 30, 3599, 3600, 7199):
        stores.uses.record("acme", ULID, BILLING, NOON + timedelta(seconds=seconds))
        [use] = stores.uses.of_integrations("acme", ULID, ULID)
        recorded.append((use.last_used_at - NOON) / timedelta(seconds=1))
    assert recorded == [0.1, 0.1, 0.1, 0.1, 3600, 3600]


def test_use_of_an_earlier_hour_does_not_replace_a_later_one(stores: Stores) -> None:
    """A write that was frozen with its process arrives late."""
    for moment in (NOON, NOON - HOUR, NOON - timedelta(days=1)):
        stores.uses.record("acme", ULID, BILLING, moment)
    [use] = stores.uses.of_integrations("acme", ULID, ULID)
    assert (use.last_used_at, use.days) == (NOON, frozenset({NOON.date()}))


def test_consumer_is_the_same_whatever_the_case_of_its_name(stores: Stores) -> None:
    stores.uses.record("acme", ULID, BILLING, NOON)
    stores.uses.record("acme", ULID, SAME_IN_LOWER_CASE, NOON + HOUR)
    [use] = stores.uses.of_integrations("acme", ULID, ULID)
    assert use.last_used_at == NOON + HOUR
    assert stores.uses.of_consumers("acme", ULID, [BILLING, SAME_IN_LOWER_CASE]) == [use]


def test_uses_are_listed_by_integration_for_a_range_of_an_account(stores: Stores) -> None:
    for account in ("acme", "acme2", "umbrella"):
        for ulid in (NEWER, OLDER, NEWEST):
            for consumer in (BILLING, NIGHTLY):
                stores.uses.record(account, ulid, consumer, NOON)
    found = stores.uses.of_integrations("acme", OLDER, NEWER)
    assert [each.integration_id for each in found] == [OLDER, OLDER, NEWER, NEWER]
    assert {each.account for each in found} == {"acme"}
    assert last_uses(found).keys() == {(u, c.identity) for u in (OLDER, NEWER) for c in (BILLING, NIGHTLY)}
    assert stores.uses.of_integrations("acme", OLDER, OLDER) == found[:2]
    assert len(stores.uses.of_integrations("acme", OLDER, NEWEST)) == 6


def test_uses_without_days_are_those_of_one_integration(stores: Stores) -> None:
    for account, ulid in (("acme", OLDER), ("acme", NEWER), ("acme", NEWEST), ("umbrella", NEWER)):
        stores.uses.record(account, ulid, BILLING, NOON)
    assert stores.uses.without_days("acme", NEWER) == [Use("acme", NEWER, BILLING, last_used_at=NOON)]


def test_uses_of_more_than_a_megabyte_are_listed(stores: Stores) -> None:
    """DynamoDB reads at most 1 MB at once."""
    consumers = [UsedBy(identity=str(number), name="x" * 150_000) for number in range(9)]
    for each in consumers:
        stores.uses.record("acme", ULID, each, NOON)
    assert {each.consumer for each in stores.uses.of_integrations("acme", ULID, ULID)} == set(consumers)


def test_uses_of_consumers_are_those_of_one_integration(stores: Stores) -> None:
    stores.uses.record("acme", ULID, BILLING, NOON)
    stores.uses.record("acme", NEWER, NIGHTLY, NOON)
    stores.uses.record("umbrella", ULID, NIGHTLY, NOON)
    found = stores.uses.of_consumers("acme", ULID, [NIGHTLY, BILLING])
    assert last_uses(found) == {(ULID, BILLING.identity): NOON}
    assert stores.uses.of_consumers("acme", ULID, [NIGHTLY]) == []
    assert stores.uses.of_consumers("acme", ULID, []) == []


def test_uses_of_100_consumers_are_read_at_once(stores: Stores) -> None:
    consumers = [UsedBy.broker_states(f"job-{number}") for number in range(100)]
    for each in consumers:
        stores.uses.record("acme", ULID, each, NOON)
    assert {each.consumer for each in stores.uses.of_consumers("acme", ULID, consumers)} == set(consumers)


@pytest.mark.parametrize(
    ("used", "days"),
    [
        (["2026-10-31", "2026-11-30"], ["2026-10-31", "2026-11-30"]),
        (["2026-10-31", "2026-12-01"], ["2026-12-01"]),
        (["2026-02-02", "2026-03-02"], ["2026-02-02", "2026-03-02"]),
        (["2026-10-31", "2026-12-31"], ["2026-10-31", "2026-12-31"]),  # readers ignore the older one
    ],
)
def test_day_replaces_the_day_31_days_before(stores: Stores, used: list[str], days: list[str]) -> None:
    for day in used:
        stores.uses.record("acme", ULID, BILLING, datetime.fromisoformat(f"{day}T23:59:59+00:00"))
    [use] = stores.uses.of_integrations("acme", ULID, ULID)
    assert use.days == {date.fromisoformat(day) for day in days}


def test_use_on_each_day_keeps_the_last_31_days(stores: Stores) -> None:
    days = [NOON + timedelta(days=number) for number in range(62)]
    for moment in days:
        stores.uses.record("acme", ULID, BILLING, moment)
    [use] = stores.uses.of_integrations("acme", ULID, ULID)
    assert use.days == {moment.date() for moment in days[-31:]}


def stored(aws: AwsStores) -> list[dict[str, Any]]:
    return [from_wire(item) for item in aws.dynamodb.scan(TableName=aws.table)["Items"]]


def test_item_expires_400_days_after_the_last_use(aws: AwsStores) -> None:
    for moment in (NOON, NOON + HOUR):
        aws.uses.record("acme", ULID, BILLING, moment)
    [item] = stored(aws)
    assert datetime.fromtimestamp(int(item["expires_at"]), UTC) == NOON + HOUR + RETENTION
    assert timedelta(days=400) == RETENTION


class ThrottledClient:
    """Returns one item at a time, as DynamoDB may do when it throttles a part of a BatchGetItem."""

    def __init__(self, aws: AwsStores) -> None:
        self._aws = aws
        self.calls = 0

    def batch_get_item(self, **request: Any) -> Any:
        self.calls += 1
        [(table, wanted)] = request["RequestItems"].items()
        first, *others = wanted["Keys"]
        response: Any = self._aws.dynamodb.batch_get_item(RequestItems={table: {"Keys": [first]}})
        return {**response, "UnprocessedKeys": {table: {"Keys": others}} if others else {}}


def test_uses_that_a_throttled_read_leaves_out_are_read_again(aws: AwsStores) -> None:
    client: Any = ThrottledClient(aws)
    for consumer in (BILLING, NIGHTLY):
        aws.uses.record("acme", ULID, consumer, NOON)
    found = DynamoDbUses(client, aws.table).of_consumers("acme", ULID, [BILLING, NIGHTLY])
    assert last_uses(found).keys() == {(ULID, BILLING.identity), (ULID, NIGHTLY.identity)}
    assert client.calls == 2
