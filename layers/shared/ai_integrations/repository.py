"""Integrations in DynamoDB. Every write of one is a single transaction with its guards."""

import random
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from ai_integrations import items
from ai_integrations.dynamodb import cancellation_reasons, from_wire, to_wire
from ai_integrations.errors import ContentionError, IdempotencyKeyReusedError, NameTakenError, RepeatedRequestError
from ai_integrations.model import IdempotencyKey, Integration

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_dynamodb.type_defs import PutTypeDef, TransactWriteItemTypeDef

_ATTEMPTS = 5
_PAUSE = 0.05  # seconds before the second attempt; each further one waits up to twice as long
_TRANSIENT = frozenset({"TransactionConflict", "ThrottlingError", "ProvisionedThroughputExceeded"})


@dataclass(frozen=True, kw_only=True)
class _Put:
    """An item that is written only where none is, or none that is still valid at `now` (epoch seconds).

    `refuse` gets the item that is there and raises what that means.
    """

    item: items.Item
    refuse: Callable[[Mapping[str, Any]], None]
    now: int | None = None

    def request(self, table: str) -> "TransactWriteItemTypeDef":
        """Return the part of a transaction that writes it."""
        put: PutTypeDef = {
            "TableName": table,
            "Item": to_wire(self.item),
            "ConditionExpression": "attribute_not_exists(#pk)",
            "ExpressionAttributeNames": {"#pk": "pk"},
            "ReturnValuesOnConditionCheckFailure": "ALL_OLD",
        }
        if self.now is not None:
            put["ConditionExpression"] = "attribute_not_exists(#pk) OR #expires_at <= :now"
            put["ExpressionAttributeNames"] = {"#pk": "pk", "#expires_at": "expires_at"}
            put["ExpressionAttributeValues"] = to_wire({":now": self.now})
        return {"Put": put}


class DynamoDbRepository:
    """The integrations of all accounts in one table."""

    def __init__(self, client: "DynamoDBClient", table: str, *, pause: Callable[[float], None] = time.sleep) -> None:
        """`pause` waits that many seconds between two attempts at a transaction that others got in the way of."""
        self._client = client
        self._table = table
        self._pause = pause

    def look(self, integration: Integration, idempotency_key: IdempotencyKey | None) -> None:
        """Raise what `add` would raise now; one consistent read."""
        guards = _guards(integration, idempotency_key)
        keys = [{"pk": guard.item["pk"], "sk": guard.item["sk"]} for guard in guards]
        answer = self._client.batch_get_item(
            RequestItems={self._table: {"Keys": [to_wire(key) for key in keys], "ConsistentRead": True}}
        )
        found = {item["sk"]: item for item in map(from_wire, answer["Responses"].get(self._table, ()))}
        for guard in guards:
            if guard.item["sk"] in found:
                guard.refuse(found[guard.item["sk"]])

    def add(self, integration: Integration, idempotency_key: IdempotencyKey | None) -> None:
        """Write a new integration with its guards, all or nothing.

        Raises NameTakenError, RepeatedRequestError, IdempotencyKeyReusedError or ContentionError when the store has
        said no. Whatever else rises from botocore leaves open whether the write has happened.
        """
        puts = [*_guards(integration, idempotency_key), _new(integration)]
        for attempt in range(_ATTEMPTS):
            if attempt:
                self._pause(_PAUSE * 2**attempt * random.uniform(0.5, 1))  # noqa: S311 - it only spreads the racers
            if self._written(puts):
                return
        raise ContentionError

    def _written(self, puts: Sequence[_Put]) -> bool:
        """Try once; False if others were in the way and another attempt may do."""
        try:
            self._client.transact_write_items(TransactItems=[put.request(self._table) for put in puts])
        except ClientError as error:
            reasons = cancellation_reasons(error)
            if not _written_before(puts, reasons):
                if any(reason["Code"] in _TRANSIENT for reason in reasons):
                    return False
                raise
        return True


def _written_before(puts: Iterable[_Put], reasons: Iterable[Mapping[str, Any]]) -> bool:
    """Raise what the items mean that are there; True if they are our own, of an attempt whose answer was lost."""
    refused = [
        (put, reason) for put, reason in zip(puts, reasons, strict=True) if reason["Code"] == "ConditionalCheckFailed"
    ]
    for put, reason in refused:
        put.refuse(from_wire(reason["Item"]))
    return bool(refused)


def _guards(integration: Integration, idempotency_key: IdempotencyKey | None) -> list[_Put]:
    guards = [_name_guard(integration)]
    if idempotency_key is not None:
        # First, so that a repeated request meets its own answer before the name that it took itself.
        guards.insert(0, _idempotency_guard(integration, idempotency_key))
    return guards


def _new(integration: Integration) -> _Put:
    return _Put(item=items.integration_item(integration), refuse=lambda _item: None)


def _name_guard(integration: Integration) -> _Put:
    def refuse(existing: Mapping[str, Any]) -> None:
        if existing["integration_id"] != integration.id:
            raise NameTakenError

    return _Put(item=items.name_item(integration), refuse=refuse)


def _idempotency_guard(integration: Integration, key: IdempotencyKey) -> _Put:
    now = items.epoch_seconds(integration.created_at)

    def refuse(existing: Mapping[str, Any]) -> None:
        if existing["expires_at"] <= now or existing["answer"]["id"] == integration.id:
            return
        if existing["fingerprint"] != key.fingerprint:
            raise IdempotencyKeyReusedError
        raise RepeatedRequestError(items.integration_of(existing["answer"]))

    return _Put(item=items.idempotency_item(integration, key), refuse=refuse, now=now)
