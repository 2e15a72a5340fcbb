"""`DynamoDbUseExpiry`: uses expire with the tombstone of their integration."""

from datetime import UTC, datetime, timedelta
from typing import Any
from unittest.mock import Mock

import pytest
from botocore.exceptions import ClientError

from ai_integrations.adapters.dynamodb import use_expiry
from ai_integrations.adapters.dynamodb.attributes import from_wire, to_wire
from ai_integrations.adapters.dynamodb.use_expiry import DynamoDbUseExpiry
from ai_integrations.adapters.dynamodb.uses import use_key
from ai_integrations.domain.uses import RETENTION, UsedBy
from tests.builders import NOON, ULID
from tests.contract.stores import AwsStores

OTHER = ULID[:-1] + "Z"
END = NOON + timedelta(days=30)
CONSUMERS = [UsedBy.broker_states(f"job-{number}") for number in range(3)]


@pytest.fixture
def expiry(aws: AwsStores) -> DynamoDbUseExpiry:
    """Record uses by several consumers, each an hour after the other, and of other integrations."""
    for number, consumer in enumerate(CONSUMERS):
        aws.uses.record("acme", ULID, consumer, NOON + timedelta(hours=number))
    aws.uses.record("acme", OTHER, CONSUMERS[0], NOON)
    aws.uses.record("umbrella", ULID, CONSUMERS[0], NOON)
    return DynamoDbUseExpiry(aws.dynamodb, aws.table)


def expiries(aws: AwsStores, account: str = "acme", ulid: str = ULID) -> list[datetime]:
    """List when the uses of an integration expire."""
    keys = [to_wire(use_key(account, ulid, each)) for each in CONSUMERS]
    found = [aws.dynamodb.get_item(TableName=aws.table, Key=key) for key in keys]
    items = [from_wire(each["Item"]) for each in found if "Item" in each]
    return [datetime.fromtimestamp(int(item["expires_at"]), UTC) for item in items]


BY_USE = [NOON + timedelta(hours=number) + RETENTION for number in range(3)]


def test_uses_of_a_deleted_integration_expire_and_those_of_a_restored_one_are_kept(
    aws: AwsStores, expiry: DynamoDbUseExpiry
) -> None:
    assert expiries(aws) == BY_USE
    for _ in range(2):
        expiry.expire("acme", ULID, END)
        assert expiries(aws) == [END] * 3
    for _ in range(2):
        expiry.keep("acme", ULID)
        assert expiries(aws) == BY_USE


def test_uses_of_other_integrations_and_accounts_keep_their_expiry(aws: AwsStores, expiry: DynamoDbUseExpiry) -> None:
    expiry.expire("acme", ULID, END)
    assert expiries(aws, ulid=OTHER) == expiries(aws, account="umbrella") == BY_USE[:1]


def test_expiry_changes_nothing_else_of_a_use(aws: AwsStores, expiry: DynamoDbUseExpiry) -> None:
    before = aws.uses.of_integrations("acme", ULID, ULID)
    expiry.expire("acme", ULID, END)
    assert aws.uses.of_integrations("acme", ULID, ULID) == before


def test_number_of_uses_whose_expiry_is_set_is_bounded(
    aws: AwsStores, expiry: DynamoDbUseExpiry, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The stream waits meanwhile, with the changes of all accounts. A retry does not continue with further uses."""
    monkeypatch.setattr(use_expiry, "_MAX_USES", 2)
    for _ in range(2):
        expiry.expire("acme", ULID, END)
        assert expiries(aws).count(END) == 2
    expiry.keep("acme", ULID)
    assert expiries(aws) == BY_USE


def test_expiry_of_the_first_1_000_uses_is_set() -> None:
    use = to_wire({**use_key("acme", ULID, CONSUMERS[0]), "last_used_at": NOON.isoformat(), "expires_at": 0})
    client = Mock()
    client.get_paginator.return_value.paginate.return_value = [{"Items": [use] * 600}] * 2
    DynamoDbUseExpiry(client, "table").expire("acme", ULID, END)
    assert client.update_item.call_count == 1_000


class CountingClient:
    """Counts the calls. `before_update` runs first, with the key, and may raise."""

    def __init__(self, aws: AwsStores) -> None:
        self._client = aws.dynamodb
        self.calls: list[str] = []
        self.before_update: Any = lambda _key: None
        self.exceptions = aws.dynamodb.exceptions

    def get_paginator(self, operation: str) -> Any:
        self.calls.append(operation)
        return self._client.get_paginator("query")

    def update_item(self, **request: Any) -> Any:
        self.calls.append("update_item")
        self.before_update(request["Key"])
        return self._client.update_item(**request)


def test_integration_that_was_never_used_costs_one_query(aws: AwsStores) -> None:
    client: Any = CountingClient(aws)
    DynamoDbUseExpiry(client, aws.table).expire("acme", ULID, END)
    assert client.calls == ["query"]


@pytest.mark.usefixtures("expiry")
def test_retry_after_a_failure_sets_the_others_only(aws: AwsStores) -> None:
    client: Any = CountingClient(aws)
    expiry = DynamoDbUseExpiry(client, aws.table)

    def fail_at_second(_key: object) -> None:
        if client.calls.count("update_item") == 2:
            raise ClientError({"Error": {"Code": "ThrottlingException"}}, "UpdateItem")

    client.before_update = fail_at_second
    with pytest.raises(ClientError):
        expiry.expire("acme", ULID, END)
    client.before_update = lambda _key: None
    client.calls.clear()
    expiry.expire("acme", ULID, END)
    assert client.calls == ["query", "update_item", "update_item"]
    assert expiries(aws) == [END] * 3


@pytest.mark.usefixtures("expiry")
def test_use_that_expires_meanwhile_is_not_written_again(aws: AwsStores) -> None:
    client: Any = CountingClient(aws)
    client.before_update = lambda key: aws.dynamodb.delete_item(TableName=aws.table, Key=key)
    DynamoDbUseExpiry(client, aws.table).expire("acme", ULID, END)
    assert expiries(aws) == []
