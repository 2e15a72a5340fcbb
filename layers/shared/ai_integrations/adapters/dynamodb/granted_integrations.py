"""Read the grant of a consumer together with the integration that it asks for."""

from typing import TYPE_CHECKING

from ai_integrations.adapters.dynamodb import items
from ai_integrations.adapters.dynamodb.attributes import from_wire, to_wire
from ai_integrations.adapters.dynamodb.consumers import consumer_from_item, principal_key
from ai_integrations.domain.consumers import Consumer
from ai_integrations.domain.model import Integration
from ai_integrations.domain.principals import Principal

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient


class DynamoDbGrantedIntegrations:
    """Reads grants and integrations with as few calls as the integration alone needs. Every read is consistent."""

    def __init__(self, client: "DynamoDBClient", table: str) -> None:
        self._client = client
        self._table = table

    def consumers(self, principal: Principal) -> tuple[Consumer, ...]:
        """List a principal's consumers, expired ones included, usually using one read."""
        # All pages: otherwise, large grants of some accounts could hide the grant of another one.
        pages = self._client.get_paginator("query").paginate(
            TableName=self._table,
            KeyConditionExpression="#pk = :pk",
            ExpressionAttributeNames={"#pk": "pk"},
            ExpressionAttributeValues=to_wire({":pk": principal_key(principal, "")["pk"]}),
            ConsistentRead=True,
        )
        return tuple([consumer_from_item(from_wire(item)) for page in pages for item in page["Items"]])

    def get(self, principal: Principal, account: str, ulid: str) -> tuple[Consumer | None, Integration | None]:
        """Read a principal's consumer in an account, and an integration of that account, using one read."""
        consumer, integration = self._read(principal_key(principal, account), items.integration_key(account, ulid))
        return _granted(consumer, integration)

    def find(self, principal: Principal, account: str, name: str) -> tuple[Consumer | None, Integration | None]:
        """Like `get`, by the name of the integration, using two reads."""
        consumer, *guards = self._read(principal_key(principal, account), *items.name_keys(account, name))
        ulid = next((guard["integration_id"] for guard in guards if guard), None)
        integration = self._get_item(items.integration_key(account, ulid)) if consumer and ulid else {}
        return _granted(consumer, integration)

    def _read(self, *keys: items.Item) -> list[items.Item]:
        """Read items in the order of their keys. An item that does not exist is empty."""
        response = self._client.batch_get_item(
            RequestItems={self._table: {"Keys": [to_wire(key) for key in keys], "ConsistentRead": True}}
        )
        found = {(item["pk"], item["sk"]): item for item in map(from_wire, response["Responses"].get(self._table, ()))}
        is_complete = not response.get("UnprocessedKeys")
        # A throttled BatchGetItem may leave out items, so one that seems to be missing is read alone.
        return [found.get((key["pk"], key["sk"])) or ({} if is_complete else self._get_item(key)) for key in keys]

    def _get_item(self, key: items.Item) -> items.Item:
        response = self._client.get_item(TableName=self._table, Key=to_wire(key), ConsistentRead=True)
        return from_wire(response.get("Item", {}))


def _granted(consumer: items.Item, integration: items.Item) -> tuple[Consumer | None, Integration | None]:
    """Convert both items. Without a consumer, there is no integration either."""
    if not consumer:
        return None, None
    return consumer_from_item(consumer), items.integration_from_item(integration) if integration else None
