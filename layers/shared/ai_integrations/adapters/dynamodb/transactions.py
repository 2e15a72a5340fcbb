"""Writes to the table that happen together or not at all, and what a refusal of them means."""

import random
import re
import time
from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, NamedTuple

from botocore.exceptions import ClientError

from ai_integrations.adapters.dynamodb.attributes import cancellation_reasons, from_wire, to_wire
from ai_integrations.domain.errors import ContentionError

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_dynamodb.type_defs import TransactWriteItemTypeDef

_ATTEMPTS = 5
_PAUSE = 0.05  # seconds before the second attempt; each further one waits up to twice as long
_TRANSIENT = frozenset({"TransactionConflict", "ThrottlingError", "ProvisionedThroughputExceeded"})

Refusal = Callable[[Mapping[str, Any]], Exception]
"""What it means that a condition does not hold, told from the item that is there; that is empty where there is none."""


class Condition(NamedTuple):
    """A condition on the item that is there. Every attribute in it is an alias: `#name` stands for `name`."""

    expression: str
    values: Mapping[str, Any] = MappingProxyType({})


UNUSED = Condition("attribute_not_exists(#pk)")


def unused_or_expired(now: int) -> Condition:
    """Ask for no item, or one whose `expires_at` is not after `now`; both in epoch seconds."""
    return Condition("attribute_not_exists(#pk) OR #expires_at <= :now", {":now": now})


def at_version(version: int) -> Condition:
    """Ask for an item of exactly this version."""
    return Condition("#version = :version", {":version": version})


class Action(NamedTuple):
    """One item of a transaction: an operation of DynamoDB with its parameters, and what a refusal of it means."""

    operation: str
    parameters: Mapping[str, Any]
    refusal: Refusal | None = None
    proves_commit: bool = False

    @classmethod
    def put(cls, item: Mapping[str, Any], condition: Condition, refusal: Refusal) -> "Action":
        """Write an item that nobody else would write just so: when it is there, this transaction has happened."""
        parameters = {"Item": to_wire(item), **_checked(condition)}
        return cls(operation="Put", parameters=parameters, refusal=refusal, proves_commit=True)

    @classmethod
    def guard(cls, item: Mapping[str, Any], condition: Condition, refusal: Refusal) -> "Action":
        """Write an item that others, too, may want to write."""
        return cls(operation="Put", parameters={"Item": to_wire(item), **_checked(condition)}, refusal=refusal)

    @classmethod
    def delete(cls, key: Mapping[str, Any], condition: Condition, refusal: Refusal) -> "Action":
        """Remove an item."""
        return cls(operation="Delete", parameters={"Key": to_wire(key), **_checked(condition)}, refusal=refusal)

    @classmethod
    def note(cls, item: Mapping[str, Any]) -> "Action":
        """Write an item whatever is there; never refused."""
        return cls(operation="Put", parameters={"Item": to_wire(item)})

    @classmethod
    def set_once(cls, key: Mapping[str, Any], attribute: str, value: object) -> "Action":
        """Give an item an attribute unless it has it; never refused."""
        parameters = {
            "Key": to_wire(key),
            "UpdateExpression": "SET #attribute = if_not_exists(#attribute, :value)",
            "ExpressionAttributeNames": {"#attribute": attribute},
            "ExpressionAttributeValues": to_wire({":value": value}),
        }
        return cls(operation="Update", parameters=parameters)

    def has_happened(self, item: Mapping[str, Any] | None) -> bool:
        """Tell from the item that is there whether this action, and so its transaction, has happened before."""
        return self.proves_commit and item == self.parameters["Item"]


class Transactor:
    """Carries out actions on one table."""

    def __init__(self, client: "DynamoDBClient", table: str, *, pause: Callable[[float], None] = time.sleep) -> None:
        """`pause` waits that many seconds between two attempts that others got in the way of."""
        self._client = client
        self._table = table
        self._pause = pause

    def commit(self, *actions: Action) -> None:
        """Carry out all actions or none.

        Raises the first refusal in the order of the actions, or ContentionError: then the store has said no. Whatever
        rises from botocore leaves open whether the actions have happened.
        """
        for attempt in range(_ATTEMPTS):
            if attempt:
                self._pause(_PAUSE * 2**attempt * random.uniform(0.5, 1))  # noqa: S311 - it only spreads the racers
            if self._committed(actions):
                return
        raise ContentionError

    def _committed(self, actions: Sequence[Action]) -> bool:
        """Try once; False if others were in the way and another attempt may do."""
        try:
            self._client.transact_write_items(TransactItems=[self._request(action) for action in actions])
        except ClientError as error:
            reasons = cancellation_reasons(error)
            if _written_before(actions, reasons):
                return True
            if not any(reason["Code"] in _TRANSIENT for reason in reasons):
                raise
            return False
        return True

    def _request(self, action: Action) -> "TransactWriteItemTypeDef":
        return {action.operation: {"TableName": self._table, **action.parameters}}  # type: ignore[misc]


def _written_before(actions: Sequence[Action], reasons: Sequence[Mapping[str, Any]]) -> bool:
    """Raise what a refusal means, unless it is our own items that are there: of an attempt whose answer was lost."""
    refused = [
        (action, reason.get("Item"))
        for action, reason in zip(actions, reasons, strict=True)
        if reason["Code"] == "ConditionalCheckFailed"
    ]
    if any(action.has_happened(item) for action, item in refused):
        return True
    for action, item in refused:
        if action.refusal is not None:
            raise action.refusal(from_wire(item or {}))
    return False


def _checked(condition: Condition) -> dict[str, Any]:
    aliases = re.findall(r"#\w+", condition.expression)
    values = {"ExpressionAttributeValues": to_wire(condition.values)} if condition.values else {}
    return {
        "ConditionExpression": condition.expression,
        "ExpressionAttributeNames": {alias: alias[1:] for alias in aliases},
        "ReturnValuesOnConditionCheckFailure": "ALL_OLD",
        **values,
    }
