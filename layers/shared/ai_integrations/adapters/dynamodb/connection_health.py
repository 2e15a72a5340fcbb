"""Outcomes of connection tests in DynamoDB, in an item of their own: a test does not change the integration's version.

The writer's IAM policy is limited to the two attributes of this item, so it cannot modify an integration.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any

from ai_integrations.adapters.dynamodb import items
from ai_integrations.adapters.dynamodb.attributes import from_wire, to_wire
from ai_integrations.domain.connection_health import CheckStatus, Health, Rung
from ai_integrations.domain.mappings import without_none

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

_OPTIONAL = ("model", "key_version", "key_fingerprint")


class DynamoDbConnectionHealth:
    """The last connection test of each integration."""

    def __init__(self, client: "DynamoDBClient", table: str) -> None:
        self._client = client
        self._table = table

    def record(self, health: Health) -> None:
        """Replace the outcome of the previous test, and increment the number of tests."""
        self._client.update_item(
            TableName=self._table,
            Key=to_wire(items.health_key(health.account, health.id)),
            UpdateExpression="SET #health = :health ADD #checks :one",
            ExpressionAttributeNames={"#health": "health", "#checks": "checks"},
            ExpressionAttributeValues=to_wire({":health": health_item(health), ":one": 1}),
        )

    def last(self, account: str, ulid: str) -> Health | None:
        """Read the outcome of the last test, using one consistent read."""
        key = to_wire(items.health_key(account, ulid))
        item = self._client.get_item(TableName=self._table, Key=key, ConsistentRead=True).get("Item")
        return health_from_item(from_wire(item)) if item else None


def health_item(health: Health) -> items.Item:
    """Convert the outcome of a test to an item, without the attributes that are not set."""
    checked_at = items.timestamp(health.checked_at)
    rungs = [without_none({**each._asdict(), "status": each.status.value}) for each in health.rungs]
    models = list(health.models) or None
    return without_none({**health._asdict(), "checked_at": checked_at, "rungs": rungs, "models": models})


def health_from_item(item: Mapping[str, Any]) -> Health:
    """Convert an item to the outcome of a test."""
    health = item["health"]
    return Health(
        account=health["account"],
        id=health["id"],
        integration_version=int(health["integration_version"]),
        checked_at=datetime.fromisoformat(health["checked_at"]),
        rungs=tuple(_rung_from_item(each) for each in health["rungs"]),
        models=tuple(health.get("models", ())),
        **{name: health.get(name) for name in _OPTIONAL},
    )


def _rung_from_item(item: Mapping[str, Any]) -> Rung:
    return Rung(**{**item, "status": CheckStatus(item["status"])})
