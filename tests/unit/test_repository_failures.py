"""Failures of the DynamoDB client, and the errors that the repository raises for them. No test here waits."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any, cast

import pytest
from botocore.exceptions import ClientError, ReadTimeoutError

from ai_integrations.adapters.dynamodb import items
from ai_integrations.adapters.dynamodb.attributes import to_wire
from ai_integrations.adapters.dynamodb.integrations import DynamoDbIntegrations
from ai_integrations.adapters.dynamodb.transactions import Transactor
from ai_integrations.domain.errors import (
    ContentionError,
    IdempotencyKeyReusedError,
    NameTakenError,
    RepeatedRequestError,
    VersionConflictError,
)
from ai_integrations.domain.model import Tombstone
from tests.builders import NOON, an_idempotency_key, an_integration

KEY = an_idempotency_key(fingerprint="f1")
OWN = an_integration(id="OWN")
OTHER = an_integration(id="OTHER")


class ScriptedClient:
    """A DynamoDB client that returns or raises the given responses in order, and records the requests."""

    def __init__(self, *responses: Exception | dict[str, Any]) -> None:
        self._responses = iter(responses)
        self.requests: list[dict[str, Any]] = []

    def _respond(self, **request: Any) -> dict[str, Any]:
        self.requests.append(request)
        response = next(self._responses)
        if isinstance(response, Exception):
            raise response
        return response

    transact_write_items = batch_get_item = get_item = _respond


def cancelled(*reasons: str | dict[str, Any]) -> ClientError:
    """Build the error of a cancelled transaction. Each reason is a code, or the existing item of a failed condition."""
    reasons_on_wire = [
        {"Code": each} if isinstance(each, str) else {"Code": "ConditionalCheckFailed", "Item": to_wire(each)}
        for each in reasons
    ]
    return client_error("TransactionCanceledException", CancellationReasons=reasons_on_wire)


def client_error(code: str, **more: Any) -> ClientError:
    response: Any = {"Error": {"Code": code, "Message": "…"}, **more}
    return ClientError(response, "TransactWriteItems")


def repository(client: ScriptedClient, pause: Callable[[float], None] = lambda _seconds: None) -> DynamoDbIntegrations:
    transactor = Transactor(cast("Any", client), "table", pause=pause)
    return DynamoDbIntegrations(cast("Any", client), "table", transactor)


TRANSIENT = ["TransactionConflict", "ThrottlingError", "ProvisionedThroughputExceeded"]


@pytest.mark.parametrize("code", TRANSIENT)
@pytest.mark.parametrize("failures", [1, 4], ids=["one failure", "four failures"])
def test_insert_is_retried_after_transient_cancellations(code: str, failures: int) -> None:
    client = ScriptedClient(*[cancelled("None", code)] * failures, {})
    repository(client).insert(OWN, None)
    assert len(client.requests) == failures + 1
    assert all(request == client.requests[0] for request in client.requests)


@pytest.mark.parametrize("code", TRANSIENT)
def test_insert_raises_contention_error_after_five_attempts(code: str) -> None:
    client = ScriptedClient(*[cancelled(code, "None")] * 5)
    with pytest.raises(ContentionError):
        repository(client).insert(OWN, None)
    assert len(client.requests) == 5


def test_pause_doubles_with_each_attempt() -> None:
    pauses: list[float] = []
    with pytest.raises(ContentionError):
        repository(ScriptedClient(*[cancelled("TransactionConflict", "None")] * 5), pauses.append).insert(OWN, None)
    limits = [0.1, 0.2, 0.4, 0.8]
    assert len(pauses) == len(limits)
    assert all(limit / 2 <= pause <= limit for pause, limit in zip(pauses, limits, strict=True))


def test_insert_succeeds_when_a_lost_attempt_already_committed() -> None:
    own: list[Any] = [items.idempotency_item(OWN, KEY, NOON), *items.name_items(OWN), items.integration_item(OWN)]
    client = ScriptedClient(cancelled("TransactionConflict", "None", "None"), cancelled(*own))
    repository(client).insert(OWN, KEY)
    assert len(client.requests) == 2


def test_retried_insert_raises_repeated_request_rather_than_name_taken() -> None:
    others: list[Any] = [items.idempotency_item(OTHER, KEY, NOON), *items.name_items(OTHER), "None"]
    with pytest.raises(RepeatedRequestError) as repeated:
        repository(ScriptedClient(cancelled(*others))).insert(OWN, KEY)
    assert repeated.value.first == OTHER


def test_failed_condition_takes_precedence_over_transaction_conflict() -> None:
    with pytest.raises(NameTakenError):
        repository(ScriptedClient(cancelled(*items.name_items(OTHER), "TransactionConflict"))).insert(OWN, None)
    reused = items.idempotency_item(OTHER, an_idempotency_key(fingerprint="f2"), NOON)
    with pytest.raises(IdempotencyKeyReusedError):
        repository(ScriptedClient(cancelled(reused, "TransactionConflict", "None"))).insert(OWN, KEY)


@pytest.mark.parametrize(
    "error",
    [
        client_error("ThrottlingException"),
        client_error("InternalServerError"),
        client_error("AccessDeniedException"),
        client_error("TransactionInProgressException"),
        cancelled("ValidationError", "None"),
        cancelled("ItemCollectionSizeLimitExceeded", "None"),
        ReadTimeoutError(endpoint_url="https://dynamodb.test"),
        RuntimeError(),
    ],
    ids=lambda error: error.response["Error"]["Code"] if isinstance(error, ClientError) else type(error).__name__,
)
def test_unknown_error_propagates_without_retry(error: Exception) -> None:
    client = ScriptedClient(error)
    with pytest.raises(type(error)) as raised:
        repository(client).insert(OWN, None)
    assert raised.value is error
    assert len(client.requests) == 1


@pytest.mark.parametrize(
    "response",
    [
        pytest.param({"Responses": {}}, id="no item"),
        pytest.param({"Responses": {"table": []}, "UnprocessedKeys": {"table": {}}}, id="unprocessed keys"),
    ],
)
def test_precheck_passes_when_its_read_returns_nothing(response: dict[str, Any]) -> None:
    client = ScriptedClient(response)
    repository(client).precheck(OWN, KEY)
    assert client.requests[0]["RequestItems"]["table"]["ConsistentRead"] is True
    assert len(client.requests[0]["RequestItems"]["table"]["Keys"]) == 2


def test_get_for_write_reads_an_integration_that_dynamodb_did_not_process() -> None:
    client = ScriptedClient(
        {"Responses": {}, "UnprocessedKeys": {"table": {}}}, {"Item": to_wire(items.integration_item(OWN))}
    )
    assert repository(client).idempotent(KEY).get_for_write(OWN.account, OWN.id, NOON) == (OWN, None)
    assert client.requests[1]["Key"] == to_wire(items.integration_key(OWN.account, OWN.id))


def test_get_for_write_reads_integration_and_idempotency_record_at_once() -> None:
    found = [items.integration_item(OWN), items.idempotency_item(OTHER, KEY, NOON)]
    client = ScriptedClient({"Responses": {"table": [to_wire(each) for each in found]}})
    integration, conflict = repository(client).idempotent(KEY).get_for_write(OWN.account, OWN.id, NOON)
    assert integration == OWN
    assert isinstance(conflict, RepeatedRequestError)
    [request] = client.requests
    keys = [items.integration_key(OWN.account, OWN.id), items.idempotency_key(OWN.account, KEY)]
    assert request["RequestItems"]["table"]["Keys"] == [to_wire(key) for key in keys]


def test_delete_conflicts_with_a_tombstone_of_another_deletion() -> None:
    tombstone = Tombstone(integration=OWN, deleted_at=NOON, deleted_by="bob", expires_at=NOON)
    other = items.tombstone_item(tombstone._replace(deleted_by="carol"))
    with pytest.raises(VersionConflictError):
        repository(ScriptedClient(cancelled(other, "None", "None"))).delete(tombstone)


def test_restore_conflicts_with_an_integration_that_exists() -> None:
    tombstone = Tombstone(integration=OWN, deleted_at=NOON, deleted_by="bob", expires_at=NOON)
    existing = items.integration_item(replace(OWN, version=7))
    with pytest.raises(VersionConflictError):
        repository(ScriptedClient(cancelled(existing, "None", "None"))).restore(tombstone, replace(OWN, version=2))


def test_conditions_alias_every_attribute() -> None:
    client = ScriptedClient({})
    repository(client).insert(OWN, KEY)
    for put in (each["Put"] for each in client.requests[0]["TransactItems"]):
        names = set(put["ConditionExpression"].split()) - {"OR", "<="}
        assert all("#" in name or ":" in name for name in names)


def test_insert_requires_that_no_item_exists() -> None:
    client = ScriptedClient({})
    repository(client).insert(OWN, KEY)
    conditions = [each["Put"]["ConditionExpression"] for each in client.requests[0]["TransactItems"]]
    assert len(conditions) == 3
    assert all(each.startswith("attribute_not_exists(#pk)") for each in conditions)
