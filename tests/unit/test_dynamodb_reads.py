"""The DynamoDB adapters: which reads must be consistent, lists that span several pages, and errors of AWS."""

from collections.abc import Callable, Iterator
from datetime import timedelta
from types import SimpleNamespace
from typing import Any, cast
from unittest.mock import MagicMock

import pytest
from botocore.exceptions import ClientError

from ai_integrations.adapters.dynamodb.access_key_lookup import AccessKeyLookup
from ai_integrations.adapters.dynamodb.access_keys import AccessKeys
from ai_integrations.adapters.dynamodb.attributes import to_wire
from ai_integrations.adapters.dynamodb.audit_log import DynamoDbAuditLog
from ai_integrations.adapters.dynamodb.batch_reads import read_batch
from ai_integrations.adapters.dynamodb.connection_health import DynamoDbConnectionHealth
from ai_integrations.adapters.dynamodb.consumers import DynamoDbConsumers
from ai_integrations.adapters.dynamodb.granted_integrations import DynamoDbGrantedIntegrations
from ai_integrations.adapters.dynamodb.integrations import DynamoDbIntegrations
from ai_integrations.adapters.dynamodb.items import integration_item, place_item
from ai_integrations.adapters.dynamodb.refusals import DynamoDbRefusals
from ai_integrations.adapters.dynamodb.removal_counts import DynamoDbRemovalCounts
from ai_integrations.adapters.dynamodb.request_outcomes import DynamoDbRequestOutcomes
from ai_integrations.adapters.dynamodb.senders import DynamoDbSenders
from ai_integrations.adapters.dynamodb.spaces import DynamoDbSpaces
from ai_integrations.adapters.dynamodb.sweep_records import SweepRecords
from ai_integrations.adapters.dynamodb.transactions import Transactor
from ai_integrations.adapters.dynamodb.use_expiry import DynamoDbUseExpiry
from ai_integrations.adapters.dynamodb.uses import DynamoDbUses
from ai_integrations.contracts.caller import caller_item
from ai_integrations.domain.audit_log import AuditSlice
from ai_integrations.domain.model import Integration, Organization, Space
from ai_integrations.domain.refusals import Refusal
from ai_integrations.domain.uses import UsedBy
from ai_integrations.use_cases.removal_limit import RemovalCount
from tests.builders import NOON, ULID, a_caller, a_consumer, an_idempotency_key, an_integration

ROLE = {"role_arn": "arn:aws:iam::123456789012:role/models"}
PRINCIPAL = a_consumer().principal
WITH_ROLE = an_integration(provider="AWS_BEDROCK", provider_metadata=ROLE)


class RecordingClient:
    """A DynamoDB client that finds only the items of `pages`, and records the requests of all reads."""

    def __init__(self, *pages: list[dict[str, Any]]) -> None:
        self._pages = pages
        self.requests: list[dict[str, Any]] = []

    def get_item(self, **request: Any) -> dict[str, Any]:
        self.requests.append(request)
        return {}

    def query(self, **request: Any) -> dict[str, Any]:
        self.requests.append(request)
        return {"Items": []}

    def batch_get_item(self, **request: Any) -> dict[str, Any]:
        self.requests += request["RequestItems"].values()
        return {"Responses": {}}

    def get_paginator(self, _operation: str) -> "RecordingClient":
        return self

    def paginate(self, **request: Any) -> Iterator[dict[str, Any]]:
        self.requests.append(request)
        return iter([{"Items": [to_wire(item) for item in page]} for page in self._pages])


def throttled(client: RecordingClient) -> Any:
    """Build a client whose batches leave out every item, as a throttled one may, so that each is read alone."""
    return SimpleNamespace(
        get_item=client.get_item,
        batch_get_item=lambda **request: {"Responses": {}, "UnprocessedKeys": request["RequestItems"]},
    )


def integrations(client: Any) -> DynamoDbIntegrations:
    return DynamoDbIntegrations(client, "table", Transactor(client, "table"))


# An earlier state would grant access after a revocation, undo a deletion, let two requests through that exclude each
# other, or hide what the caller has just written.
CONSISTENT: dict[str, Callable[[Any], object]] = {
    "access key": lambda client: AccessKeyLookup(client, "table").find(f"aik_{'x' * 43}", NOON),
    "access key to revoke": lambda client: AccessKeys(client, "table").revoke("acme", ULID, NOON),
    "integration": lambda client: integrations(client).get("acme", ULID),
    "integration by name": lambda client: integrations(client).find("acme", "x"),
    "integration to write": lambda client: (
        integrations(client).idempotent(an_idempotency_key()).get_for_write("acme", ULID, NOON)
    ),
    "tombstone": lambda client: integrations(client).get_deleted("acme", ULID),
    "integrations": lambda client: integrations(client).newest("acme", None, 9),
    "tombstones": lambda client: integrations(client).newest_deleted("acme", None, 9),
    "precheck": lambda client: integrations(client).precheck(WITH_ROLE, an_idempotency_key()),
    "role": lambda client: integrations(client).check_identity(WITH_ROLE),
    "space": lambda client: DynamoDbSpaces(client, "table").space("acme", "s"),
    "spaces": lambda client: DynamoDbSpaces(client, "table").spaces("acme"),
    "organization": lambda client: DynamoDbSpaces(client, "table").organization("acme", "o"),
    "organizations": lambda client: DynamoDbSpaces(client, "table").organizations("acme"),
    "outcome of a request": lambda client: DynamoDbRequestOutcomes(client, "table").find("acme", "request-1"),
    "health": lambda client: DynamoDbConnectionHealth(client, "table").last("acme", ULID),
    "integrations of a grant": lambda client: integrations(client).existing("acme", [ULID]),
    "consumer": lambda client: DynamoDbConsumers(client, "table", Transactor(client, "table")).get("acme", ULID),
    "consumers": lambda client: DynamoDbConsumers(client, "table", Transactor(client, "table")).newest("acme", None, 9),
    "accounts of a principal": lambda client: DynamoDbGrantedIntegrations(client, "table").consumers(PRINCIPAL),
    "grant": lambda client: DynamoDbGrantedIntegrations(client, "table").get(PRINCIPAL, "acme", ULID),
    "grant by name": lambda client: DynamoDbGrantedIntegrations(client, "table").find(PRINCIPAL, "acme", "x"),
    "grant that a throttled read left out": lambda client: DynamoDbGrantedIntegrations(throttled(client), "table").get(
        PRINCIPAL, "acme", ULID
    ),
    "source of events": lambda client: DynamoDbSenders(client, "table").source("acme", "123456789012", "platform"),
    "stacks": lambda client: list(DynamoDbSenders(client, "table").stacks("acme", "123456789012")),
    "position of the sweep": lambda client: SweepRecords(client, "table").load_position(),
    "uses to expire": lambda client: DynamoDbUseExpiry(client, "table").keep("acme", ULID),
    "removals of the sweep": lambda client: DynamoDbRemovalCounts(client, "table").load(),
}


@pytest.mark.parametrize("read", CONSISTENT.values(), ids=CONSISTENT)
def test_read_is_consistent(read: Callable[[Any], object]) -> None:
    client = RecordingClient()
    read(client)
    assert client.requests
    assert all(request["ConsistentRead"] for request in client.requests)


def test_audit_log_is_not_read_after_an_entry_older_than_the_period() -> None:
    """DynamoDB rejects a range whose bounds are reversed."""
    client = RecordingClient()
    log = DynamoDbAuditLog(cast("Any", client), "table", timedelta(days=1))
    older = f"{(NOON - timedelta(hours=1)).isoformat(timespec='milliseconds')}#"
    assert log.newest("acme", NOON, NOON + timedelta(hours=1), older, 100) == AuditSlice((), more=False)
    assert client.requests == []


def test_spaces_and_organizations_are_read_from_every_page() -> None:
    spaces = [Space(account="acme", id=each, organization_id=None) for each in ("a", "b")]
    client = RecordingClient(*([place_item(space)] for space in spaces))
    assert DynamoDbSpaces(cast("Any", client), "table").spaces("acme") == spaces
    organizations = [Organization(account="acme", id=each, name=each, created_at=NOON) for each in ("a", "b")]
    client = RecordingClient(*([place_item(organization)] for organization in organizations))
    assert DynamoDbSpaces(cast("Any", client), "table").organizations("acme") == organizations


def test_access_keys_are_read_from_every_page() -> None:
    entries = [
        {"sk": f"ACCESSKEY#{each}", "created_at": NOON.isoformat(), **caller_item(a_caller())} for each in ("A", "B")
    ]
    client = RecordingClient(*([entry] for entry in entries))
    assert [each.id for each in AccessKeys(cast("Any", client), "table").list("acme")] == ["A", "B"]


class PartialClient:
    """A DynamoDB client that reads one of the requested items at a time, as a throttled one may."""

    def batch_get_item(self, **request: Any) -> dict[str, Any]:
        [first, *rest] = request["RequestItems"]["table"]["Keys"]
        item = {**first, "id": {"S": first["sk"]["S"].removeprefix("INTEGRATION#")}}
        remaining = {"UnprocessedKeys": {"table": {"Keys": rest}}} if rest else {}
        return {"Responses": {"table": [item]}, **remaining}


def test_existing_reads_the_keys_that_a_throttled_request_left_out() -> None:
    assert integrations(PartialClient()).existing("acme", ["A", "B", "C"]) == {"A", "B", "C"}


def test_batch_contains_the_items_that_a_throttled_request_left_out() -> None:
    keys = [{"pk": "REMINDERS#acme", "sk": f"INTEGRATION#{each}"} for each in ("A", "B", "C")]
    found = read_batch(cast("Any", PartialClient()), "table", keys)
    assert [each["id"] for each in found] == ["A", "B", "C"]


def test_batch_without_any_item_is_empty() -> None:
    keys = [{"pk": "REMINDERS#acme", "sk": "INTEGRATION#A"}]
    assert list(read_batch(cast("Any", RecordingClient()), "table", keys)) == []


def test_account_of_a_refusal_is_checked_by_reading_one_item() -> None:
    client = MagicMock()
    client.query.return_value = {"Count": 0}
    consumer = UsedBy.broker_states("nightly-job")
    DynamoDbRefusals(client, "table").record(Refusal("acme", consumer, "not_found", NOON, ULID))
    [request] = client.query.call_args_list
    assert (request.kwargs["Limit"], request.kwargs["Select"]) == (1, "COUNT")
    assert not client.put_item.called


class ScannedTable:
    """A DynamoDB client whose scan has two pages: `first`, and one that contains an integration."""

    LAST_KEY = to_wire({"pk": "ACCOUNT#acme", "sk": f"INTEGRATION#{ULID}"})

    def __init__(self, first: list[Integration]) -> None:
        self._first = first
        self.requests: list[dict[str, Any]] = []

    def scan(self, **request: Any) -> dict[str, Any]:
        self.requests.append(request)
        if "ExclusiveStartKey" in request:
            return {"Items": [to_wire(integration_item(WITH_ROLE))]}
        return {"Items": [to_wire(integration_item(each)) for each in self._first], "LastEvaluatedKey": self.LAST_KEY}


@pytest.mark.parametrize("first", [[WITH_ROLE], []], ids=["with an integration", "without any"])
def test_sweep_continues_after_the_last_item_of_a_page_of_limited_size(first: list[Integration]) -> None:
    client = ScannedTable(first)
    records = SweepRecords(cast("Any", client), "table")
    found, token = records.page(None)
    assert (found, records.page(token)) == (first, ([WITH_ROLE], None))
    assert [each.get("ExclusiveStartKey") for each in client.requests] == [None, ScannedTable.LAST_KEY]
    assert [each["Limit"] for each in client.requests] == [1000, 1000]


class FailedConditionError(ClientError):
    """The error of a failed condition, as botocore derives it from its model."""


class ThrottledWrites(RecordingClient):
    """A DynamoDB client whose reads find a use, and whose writes are all throttled."""

    exceptions = SimpleNamespace(ClientError=ClientError, ConditionalCheckFailedException=FailedConditionError)

    def __init__(self) -> None:
        key = {"pk": "USES#acme", "sk": f"USE#{ULID}#digest"}
        super().__init__([{**key, "last_used_at": NOON.isoformat(), "expires_at": 1}])

    def query(self, **_: Any) -> dict[str, Any]:
        return {"Count": 1}

    def put_item(self, **_: Any) -> None:
        raise ClientError({"Error": {"Code": "ThrottlingException"}}, "PutItem")

    update_item = put_item


COUNT = RemovalCount(allowed=20, made=3, until=NOON)
CONSUMER = UsedBy.broker_states("nightly-job")
# These writes treat a failed condition as an outcome of its own, and no other error.
CONDITIONAL: dict[str, Callable[[Any], object]] = {
    "removal count": lambda client: DynamoDbRemovalCounts(client, "table").replace(COUNT, COUNT),
    "refusal": lambda client: DynamoDbRefusals(client, "table").record(
        Refusal("acme", CONSUMER, "not_found", NOON, ULID)
    ),
    "use": lambda client: DynamoDbUses(client, "table").record("acme", ULID, CONSUMER, NOON),
    "expiry of a use": lambda client: DynamoDbUseExpiry(client, "table").keep("acme", ULID),
}


@pytest.mark.parametrize("write", CONDITIONAL.values(), ids=CONDITIONAL)
def test_write_raises_another_error_than_the_one_of_its_condition(write: Callable[[Any], object]) -> None:
    with pytest.raises(ClientError, match="ThrottlingException"):
        write(ThrottledWrites())
