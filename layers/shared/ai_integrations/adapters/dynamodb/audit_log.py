"""The audit log in DynamoDB. The entries of an account sort by time in a partition of their own."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from ai_integrations.adapters.dynamodb import items
from ai_integrations.adapters.dynamodb.attributes import from_wire, to_wire
from ai_integrations.domain.audit_log import AuditEntry, AuditSlice, Operation, Outcome
from ai_integrations.domain.mappings import without_none

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

_AFTER_EVERY_ID = "~"


class DynamoDbAuditLog:
    """The entries of all accounts. Implements the ports `AuditEntryRecorder` and `AuditEntryReader`."""

    def __init__(self, client: "DynamoDBClient", table: str, retention: timedelta) -> None:
        self._client = client
        self._table = table
        self._retention = retention

    def record(self, entry: AuditEntry) -> None:
        """Write an entry, which expires at the end of the retention. It replaces an equal one, if there is one."""
        self._client.put_item(TableName=self._table, Item=to_wire(entry_item(entry, self._retention)))

    def newest(self, account: str, start: datetime, end: datetime, before: str | None, count: int) -> AuditSlice:
        """Read at most `count` entries from `start` to `end` that are older than the id `before`, in one read.

        Eventually consistent, which costs half as much: the entries themselves are written later than the changes.
        """
        # DynamoDB rejects a start key outside of the range, and a range whose bounds are reversed.
        last = items.timestamp(end) + _AFTER_EVERY_ID
        last, first = min(before or last, last), items.timestamp(start)
        if last < first:
            return AuditSlice((), more=False)
        key = {"pk": _partition(account), "sk": last}
        response = self._client.query(
            TableName=self._table,
            KeyConditionExpression="#pk = :pk AND #sk BETWEEN :first AND :sk",
            ExpressionAttributeNames={"#pk": "pk", "#sk": "sk"},
            ExpressionAttributeValues=to_wire({":pk": key["pk"], ":first": first, ":sk": last}),
            ScanIndexForward=False,
            Limit=count,
            ExclusiveStartKey=to_wire(key),
        )
        entries = tuple([entry_from_item(from_wire(item)) for item in response["Items"]])
        return AuditSlice(entries, more="LastEvaluatedKey" in response)


def entry_item(entry: AuditEntry, retention: timedelta) -> items.Item:
    """Convert an entry to an item, without the attributes that are not set."""
    item = {
        "pk": _partition(entry.account),
        "sk": entry.id,
        "account": entry.account,
        "actor": entry.actor,
        "at": items.timestamp(entry.at),
        "operation": entry.operation.value,
        "resource_id": entry.resource_id,
        "version": entry.version,
        "changed_fields": list(entry.changed_fields) or None,
        "outcome": entry.outcome.value,
        "reason": entry.reason,
        "expires_at": items.epoch_seconds(entry.at + retention),
    }
    return without_none(item)


def entry_from_item(item: Mapping[str, Any]) -> AuditEntry:
    """Convert an item to an entry."""
    return AuditEntry(
        id=item["sk"],
        account=item["account"],
        actor=item["actor"],
        at=datetime.fromisoformat(item["at"]),
        operation=Operation(item["operation"]),
        resource_id=item.get("resource_id"),
        version=item.get("version"),
        changed_fields=tuple(item.get("changed_fields", ())),
        outcome=Outcome(item["outcome"]),
        reason=item.get("reason"),
    )


def _partition(account: str) -> str:
    return f"AUDIT#{account}"
