"""When the uses of deleted and restored integrations expire."""

from collections.abc import Callable
from datetime import datetime
from itertools import islice
from typing import TYPE_CHECKING

from ai_integrations.adapters.dynamodb import items
from ai_integrations.adapters.dynamodb.attributes import from_wire, to_wire
from ai_integrations.adapters.dynamodb.uses import uses_prefix
from ai_integrations.domain.uses import RETENTION

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

_MAX_USES = 1_000  # of an integration: the stream waits meanwhile, and the function has 25 seconds


class DynamoDbUseExpiry:
    """The expiry of the uses of all accounts. Implements the port `UseExpiry`.

    It sets that of the first 1,000 uses of an integration. More expire RETENTION after the last use.
    """

    def __init__(self, client: "DynamoDBClient", table: str) -> None:
        self._client = client
        self._table = table

    def expire(self, account: str, ulid: str, at: datetime) -> None:
        """Let the uses of a deleted integration expire at a time."""
        self._set(account, ulid, lambda _last_used_at: at)

    def keep(self, account: str, ulid: str) -> None:
        """Let the uses of a restored integration expire RETENTION after the last use, as before its deletion."""
        self._set(account, ulid, lambda last_used_at: last_used_at + RETENTION)

    def _set(self, account: str, ulid: str, expiry: Callable[[datetime], datetime]) -> None:
        """Set the expiry of each use that has another one, so that a retry continues where an attempt failed."""
        prefix = uses_prefix(account, ulid)
        pages = self._client.get_paginator("query").paginate(
            TableName=self._table,
            KeyConditionExpression="#pk = :pk AND begins_with(#sk, :prefix)",
            ProjectionExpression="#pk, #sk, #last_used_at, #expires_at",
            ExpressionAttributeNames={f"#{name}": name for name in ("pk", "sk", "last_used_at", "expires_at")},
            ExpressionAttributeValues=to_wire({":pk": prefix["pk"], ":prefix": prefix["sk"]}),
            ConsistentRead=True,
        )
        uses = (from_wire(item) for page in pages for item in page["Items"])
        for item in islice(uses, _MAX_USES):
            expires_at = items.epoch_seconds(expiry(datetime.fromisoformat(item["last_used_at"])))
            if item["expires_at"] != expires_at:
                self._set_one({"pk": item["pk"], "sk": item["sk"]}, expires_at)

    def _set_one(self, key: items.Item, expires_at: int) -> None:
        """Set the expiry of a use, unless DynamoDB has deleted it meanwhile."""
        try:
            self._client.update_item(
                TableName=self._table,
                Key=to_wire(key),
                UpdateExpression="SET #expires_at = :expires_at",
                ConditionExpression="attribute_exists(#pk)",
                ExpressionAttributeNames={"#expires_at": "expires_at", "#pk": "pk"},
                ExpressionAttributeValues=to_wire({":expires_at": expires_at}),
            )
        except self._client.exceptions.ConditionalCheckFailedException:
            return
