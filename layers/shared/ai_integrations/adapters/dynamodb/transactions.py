"""DynamoDB transactions, and what a failed condition in one means to the caller."""

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
_PAUSE = 0.05  # seconds: the shortest first pause; pauses double with each attempt
_TRANSIENT = frozenset({"TransactionConflict", "ThrottlingError", "ProvisionedThroughputExceeded"})

OnConflict = Callable[[Mapping[str, Any]], Exception]
"""Maps a failed condition to an exception, given the existing item ({} if there is none)."""


class Condition(NamedTuple):
    """A condition on the existing item. Every attribute in it is an alias: `#name` stands for `name`."""

    expression: str
    values: Mapping[str, Any] = MappingProxyType({})


UNUSED = Condition("attribute_not_exists(#pk)")


def unused_or_expired(now: int) -> Condition:
    """Require that there is no item, or that its `expires_at` is not after `now`. Both are epoch seconds."""
    return Condition("attribute_not_exists(#pk) OR #expires_at <= :now", {":now": now})


def at_version(version: int) -> Condition:
    """Require that the existing item has exactly this version."""
    return Condition("#version = :version", {":version": version})


class Action(NamedTuple):
    """One item of a transaction: a DynamoDB operation, its parameters, and the exception for a failed condition.

    `proves_commit` is set if finding the action's own item in the table proves that the transaction has committed.
    """

    operation: str
    parameters: Mapping[str, Any]
    on_conflict: OnConflict | None = None
    proves_commit: bool = False

    @classmethod
    def put_unique(cls, item: Mapping[str, Any], condition: Condition, on_conflict: OnConflict) -> "Action":
        """Put an item whose content is unique to this transaction.

        Finding it already there proves that an earlier attempt committed.
        """
        parameters = {"Item": to_wire(item), **_condition_parameters(condition)}
        return cls(operation="Put", parameters=parameters, on_conflict=on_conflict, proves_commit=True)

    @classmethod
    def put_shared(cls, item: Mapping[str, Any], condition: Condition, on_conflict: OnConflict) -> "Action":
        """Put an item that another transaction may write with the same content, so finding it proves nothing."""
        parameters = {"Item": to_wire(item), **_condition_parameters(condition)}
        return cls(operation="Put", parameters=parameters, on_conflict=on_conflict)

    @classmethod
    def put_unconditionally(cls, item: Mapping[str, Any]) -> "Action":
        """Put an item whether or not there is one."""
        return cls(operation="Put", parameters={"Item": to_wire(item)})

    @classmethod
    def delete(cls, key: Mapping[str, Any], condition: Condition, on_conflict: OnConflict) -> "Action":
        """Delete an item."""
        parameters = {"Key": to_wire(key), **_condition_parameters(condition)}
        return cls(operation="Delete", parameters=parameters, on_conflict=on_conflict)

    @classmethod
    def update(cls, key: Mapping[str, Any], update: str, values: Mapping[str, Any]) -> "Action":
        """Update an item, or create it. A repeated update must change nothing."""
        parameters = {"Key": to_wire(key), "UpdateExpression": update, **_placeholders(update, values)}
        return cls(operation="Update", parameters=parameters)

    @classmethod
    def update_if(cls, key: Mapping[str, Any], update: str, condition: Condition, on_conflict: OnConflict) -> "Action":
        """Update an item, or create it. The update may also use the values of the condition."""
        checks = _condition_parameters(condition)
        names = _placeholders(f"{update} {condition.expression}", condition.values)
        parameters = {"Key": to_wire(key), "UpdateExpression": update, **checks, **names}
        return cls(operation="Update", parameters=parameters, on_conflict=on_conflict)

    def has_committed(self, existing: Mapping[str, Any] | None) -> bool:
        """Check whether the existing item proves that this action, and so its transaction, has committed."""
        return self.proves_commit and existing == self.parameters["Item"]


class Transactor:
    """Commits transactions on one table."""

    def __init__(self, client: "DynamoDBClient", table: str, *, pause: Callable[[float], None] = time.sleep) -> None:
        """`pause` waits that many seconds between two attempts."""
        self._client = client
        self._table = table
        self._pause = pause

    def commit(self, *actions: Action) -> None:
        """Commit all actions or none; retry with exponential backoff while other writes conflict.

        Raises the `on_conflict` exception of the first action whose condition failed, or ContentionError after five
        conflicting attempts. Both mean that nothing was written. Any botocore exception means the outcome is unknown.
        """
        for attempt in range(_ATTEMPTS):
            if attempt:
                jitter = random.uniform(0.5, 1)  # noqa: S311 - not for cryptography
                self._pause(_PAUSE * 2**attempt * jitter)
            if self._try_commit(actions):
                return
        raise ContentionError

    def _try_commit(self, actions: Sequence[Action]) -> bool:
        """Make one attempt. False means that a concurrent write or throttling cancelled it."""
        try:
            self._client.transact_write_items(TransactItems=[self._request(action) for action in actions])
        except ClientError as error:
            reasons = cancellation_reasons(error)
            if _committed_earlier(actions, reasons):
                return True
            is_transient = any(reason["Code"] in _TRANSIENT for reason in reasons)
            if not is_transient:
                raise
            return False
        return True

    def _request(self, action: Action) -> "TransactWriteItemTypeDef":
        return {action.operation: {"TableName": self._table, **action.parameters}}  # type: ignore[misc]


def _committed_earlier(actions: Sequence[Action], reasons: Sequence[Mapping[str, Any]]) -> bool:
    """Check whether an earlier attempt, whose response was lost, committed; otherwise raise for a failed condition."""
    failed_conditions = [
        (action, reason.get("Item"))
        for action, reason in zip(actions, reasons, strict=True)
        if reason["Code"] == "ConditionalCheckFailed"
    ]
    if any(action.has_committed(existing) for action, existing in failed_conditions):
        return True
    for action, existing in failed_conditions:
        if action.on_conflict is not None:
            raise action.on_conflict(from_wire(existing or {}))
    return False


def _condition_parameters(condition: Condition) -> dict[str, Any]:
    return {
        "ConditionExpression": condition.expression,
        "ReturnValuesOnConditionCheckFailure": "ALL_OLD",
        **_placeholders(condition.expression, condition.values),
    }


def _placeholders(expressions: str, values: Mapping[str, Any]) -> dict[str, Any]:
    """Build the parameters for the aliases and values in expressions. DynamoDB rejects unused ones."""
    aliases = re.findall(r"#\w+", expressions)
    used_values = {"ExpressionAttributeValues": to_wire(values)} if values else {}
    return {"ExpressionAttributeNames": {alias: alias[1:] for alias in aliases}, **used_values}
