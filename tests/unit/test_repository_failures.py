"""What the store's client can fail with, and what the repository makes of it. No test here waits."""

from collections.abc import Callable
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
)
from tests.builders import NOON, an_idempotency_key, an_integration

KEY = an_idempotency_key(fingerprint="f1")
OWN = an_integration(id="OWN")
OTHER = an_integration(id="OTHER")


class ScriptedClient:
    """A client of DynamoDB that answers with what it is given, one after the other, and remembers the calls."""

    def __init__(self, *answers: Exception | dict[str, Any]) -> None:
        self._answers = iter(answers)
        self.requests: list[dict[str, Any]] = []

    def _answer(self, **request: Any) -> dict[str, Any]:
        self.requests.append(request)
        answer = next(self._answers)
        if isinstance(answer, Exception):
            raise answer
        return answer

    transact_write_items = batch_get_item = _answer


def cancelled(*reasons: str | dict[str, Any]) -> ClientError:
    """Return the error of a transaction, one reason for each item: a code, or the item that is there."""
    written_out = [
        {"Code": each} if isinstance(each, str) else {"Code": "ConditionalCheckFailed", "Item": to_wire(each)}
        for each in reasons
    ]
    return refused("TransactionCanceledException", CancellationReasons=written_out)


def refused(code: str, **more: Any) -> ClientError:
    response: Any = {"Error": {"Code": code, "Message": "…"}, **more}
    return ClientError(response, "TransactWriteItems")


def repository(client: ScriptedClient, pause: Callable[[float], None] = lambda _seconds: None) -> DynamoDbIntegrations:
    transactor = Transactor(cast("Any", client), "table", pause=pause)
    return DynamoDbIntegrations(cast("Any", client), "table", transactor)


TRANSIENT = ["TransactionConflict", "ThrottlingError", "ProvisionedThroughputExceeded"]


@pytest.mark.parametrize("code", TRANSIENT)
@pytest.mark.parametrize("failures", [1, 4])
def test_tries_again_when_others_are_in_the_way(code: str, failures: int) -> None:
    client = ScriptedClient(*[cancelled("None", code)] * failures, {})
    repository(client).insert(OWN, None)
    assert len(client.requests) == failures + 1
    assert all(request == client.requests[0] for request in client.requests)


@pytest.mark.parametrize("code", TRANSIENT)
def test_gives_up_after_five_attempts_and_says_that_nothing_was_written(code: str) -> None:
    client = ScriptedClient(*[cancelled(code, "None")] * 5)
    with pytest.raises(ContentionError):
        repository(client).insert(OWN, None)
    assert len(client.requests) == 5


def test_waits_a_little_longer_before_each_attempt() -> None:
    pauses: list[float] = []
    with pytest.raises(ContentionError):
        repository(ScriptedClient(*[cancelled("TransactionConflict", "None")] * 5), pauses.append).insert(OWN, None)
    longest = [0.1, 0.2, 0.4, 0.8]
    assert len(pauses) == len(longest)
    assert all(most / 2 <= pause <= most for pause, most in zip(pauses, longest, strict=True))


def test_takes_its_own_write_for_done_when_the_answer_to_it_was_lost() -> None:
    own: list[Any] = [items.idempotency_item(OWN, KEY, NOON), items.name_item(OWN), items.integration_item(OWN)]
    client = ScriptedClient(cancelled("TransactionConflict", "None", "None"), cancelled(*own))
    repository(client).insert(OWN, KEY)
    assert len(client.requests) == 2


def test_meets_the_repeated_request_before_the_name_that_it_took() -> None:
    others: list[Any] = [items.idempotency_item(OTHER, KEY, NOON), items.name_item(OTHER), "None"]
    with pytest.raises(RepeatedRequestError) as repeated:
        repository(ScriptedClient(cancelled(*others))).insert(OWN, KEY)
    assert repeated.value.first == OTHER


def test_says_what_a_refused_item_means_even_while_others_are_in_the_way() -> None:
    with pytest.raises(NameTakenError):
        repository(ScriptedClient(cancelled(items.name_item(OTHER), "TransactionConflict"))).insert(OWN, None)
    reused = items.idempotency_item(OTHER, an_idempotency_key(fingerprint="f2"), NOON)
    with pytest.raises(IdempotencyKeyReusedError):
        repository(ScriptedClient(cancelled(reused, "TransactionConflict", "None"))).insert(OWN, KEY)


@pytest.mark.parametrize(
    "error",
    [
        refused("ThrottlingException"),
        refused("InternalServerError"),
        refused("AccessDeniedException"),
        refused("TransactionInProgressException"),
        cancelled("ValidationError", "None"),
        cancelled("ItemCollectionSizeLimitExceeded", "None"),
        ReadTimeoutError(endpoint_url="https://dynamodb.test"),
        RuntimeError(),
    ],
)
def test_lets_whatever_it_does_not_understand_rise_at_once(error: Exception) -> None:
    client = ScriptedClient(error)
    with pytest.raises(type(error)) as risen:
        repository(client).insert(OWN, None)
    assert risen.value is error
    assert len(client.requests) == 1


@pytest.mark.parametrize("answers", [{"Responses": {}}, {"Responses": {"table": []}, "UnprocessedKeys": {"table": {}}}])
def test_leaves_to_the_transaction_what_a_look_could_not_read(answers: dict[str, Any]) -> None:
    client = ScriptedClient(answers)
    repository(client).precheck(OWN, KEY)
    assert client.requests[0]["RequestItems"]["table"]["ConsistentRead"] is True
    assert len(client.requests[0]["RequestItems"]["table"]["Keys"]) == 2


def test_names_no_attribute_that_could_be_a_reserved_word() -> None:
    client = ScriptedClient({})
    repository(client).insert(OWN, KEY)
    for put in (each["Put"] for each in client.requests[0]["TransactItems"]):
        names = set(put["ConditionExpression"].split()) - {"OR", "<="}
        assert all("#" in name or ":" in name for name in names)


def test_writes_only_where_nothing_is() -> None:
    client = ScriptedClient({})
    repository(client).insert(OWN, KEY)
    conditions = [each["Put"]["ConditionExpression"] for each in client.requests[0]["TransactItems"]]
    assert len(conditions) == 3
    assert all(each.startswith("attribute_not_exists(#pk)") for each in conditions)
