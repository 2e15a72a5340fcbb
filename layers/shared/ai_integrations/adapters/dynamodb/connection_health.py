"""What is known of connections, in the table: an item beside the integration, and no new version of it.

The policy of whoever writes it names its two attributes, so that nothing of an integration can be changed by it.
"""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from ai_integrations.adapters.dynamodb import items
from ai_integrations.adapters.dynamodb.attributes import from_wire, to_wire
from ai_integrations.domain.connection_health import CheckStatus, Health, Rung

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

_OPTIONAL = ("model", "key_version", "key_fingerprint")


class DynamoDbConnectionHealth:
    """The last test of each integration."""

    def __init__(self, client: "DynamoDBClient", table: str) -> None:
        self._client = client
        self._table = table

    def record(self, health: Health) -> None:
        """Write the outcome of a test over the one before, and count it."""
        self._client.update_item(
            TableName=self._table,
            Key=to_wire(items.health_key(health.account, health.id)),
            UpdateExpression="SET #health = :health ADD #checks :one",
            ExpressionAttributeNames={"#health": "health", "#checks": "checks"},
            ExpressionAttributeValues=to_wire({":health": health_item(health), ":one": 1}),
        )

    def last(self, account: str, ulid: str) -> Health | None:
        """Return the last outcome; one consistent read."""
        key = to_wire(items.health_key(account, ulid))
        item = self._client.get_item(TableName=self._table, Key=key, ConsistentRead=True).get("Item")
        return health_from_item(from_wire(item)) if item else None


def health_item(health: Health) -> items.Item:
    """Return the outcome of a test as it is stored, without what is not known."""
    checked_at = health.checked_at.astimezone(UTC).isoformat(timespec="milliseconds")
    rungs = [_given({**each._asdict(), "status": each.status.value}) for each in health.rungs]
    return _given({**health._asdict(), "checked_at": checked_at, "rungs": rungs})


def health_from_item(item: Mapping[str, Any]) -> Health:
    """Rebuild the outcome of a test from its item."""
    found = item["health"]
    return Health(
        account=found["account"],
        id=found["id"],
        integration_version=int(found["integration_version"]),
        checked_at=datetime.fromisoformat(found["checked_at"]),
        rungs=tuple(_rung_from_item(each) for each in found["rungs"]),
        **{name: found.get(name) for name in _OPTIONAL},
    )


def _rung_from_item(found: Mapping[str, Any]) -> Rung:
    return Rung(**{**found, "status": CheckStatus(found["status"]), "latency_ms": int(found["latency_ms"])})


def _given(values: Mapping[str, Any]) -> items.Item:
    return {name: value for name, value in values.items() if value is not None}
