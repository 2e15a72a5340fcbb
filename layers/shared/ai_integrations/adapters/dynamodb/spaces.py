"""Organizations and spaces in DynamoDB: operators write them, the API reads them."""

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from ai_integrations.adapters.dynamodb import items
from ai_integrations.adapters.dynamodb.attributes import from_wire, to_wire
from ai_integrations.domain.model import Organization, Space

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient


class DynamoDbSpaces:
    """The organizations and spaces of all accounts. A space that only scopings name has no name."""

    def __init__(self, client: "DynamoDBClient", table: str) -> None:
        self._client = client
        self._table = table

    def space(self, account: str, space_id: str) -> Space | None:
        """Read a space, or None if it is unknown."""
        item = self._get_item(items.space_key(account, space_id))
        return items.space_from_item(account, item) if item else None

    def spaces(self, account: str) -> list[Space]:
        """Read all spaces of an account, ordered by id."""
        return [items.space_from_item(account, item) for item in self._query(items.space_key(account, ""))]

    def organization(self, account: str, organization_id: str) -> Organization | None:
        """Read an organization, or None if it is not registered."""
        item = self._get_item(items.organization_key(account, organization_id))
        return items.organization_from_item(item) if item else None

    def organizations(self, account: str) -> list[Organization]:
        """Read all organizations of an account, ordered by id."""
        return [items.organization_from_item(item) for item in self._query(items.organization_key(account, ""))]

    def register(self, place: Organization | Space) -> None:
        """Write an organization or a space. An existing one is replaced."""
        self._client.put_item(TableName=self._table, Item=to_wire(items.place_item(place)))

    def remove_space(self, account: str, space_id: str) -> None:
        """Delete a space. Integrations that are scoped to it do not change."""
        self._client.delete_item(TableName=self._table, Key=to_wire(items.space_key(account, space_id)))

    def _get_item(self, key: items.Item) -> items.Item:
        response = self._client.get_item(TableName=self._table, Key=to_wire(key), ConsistentRead=True)
        return from_wire(response.get("Item", {}))

    def _query(self, prefix: items.Item) -> Iterator[Mapping[str, Any]]:
        pages = self._client.get_paginator("query").paginate(
            TableName=self._table,
            KeyConditionExpression="#pk = :pk AND begins_with(#sk, :prefix)",
            ExpressionAttributeNames={"#pk": "pk", "#sk": "sk"},
            ExpressionAttributeValues=to_wire({":pk": prefix["pk"], ":prefix": prefix["sk"]}),
            ConsistentRead=True,
        )
        for page in pages:
            yield from map(from_wire, page["Items"])
