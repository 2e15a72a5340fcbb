"""Refused resolves in DynamoDB. The table's stream takes them to the audit log."""

from collections.abc import Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any

from ai_integrations.adapters.dynamodb import items
from ai_integrations.adapters.dynamodb.attributes import to_wire
from ai_integrations.contracts import ids
from ai_integrations.domain.mappings import without_none
from ai_integrations.domain.refusals import REASONS, RETENTION, Refusal
from ai_integrations.domain.uses import UsedBy

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient


class DynamoDbRefusals:
    """The refusals of all accounts. Implements the port `RefusalRecorder`."""

    def __init__(self, client: "DynamoDBClient", table: str) -> None:
        self._client = client
        self._table = table

    def record(self, refusal: Refusal) -> None:
        """Record a refusal, unless the same one is recorded for this hour or the account has no integration.

        Without that check, a consumer could name accounts that do not exist, or send a key as the account.
        """
        if not self._has_integrations(refusal.account):
            return
        try:
            self._client.put_item(
                TableName=self._table,
                Item=to_wire(refusal_item(refusal)),
                ConditionExpression="attribute_not_exists(#pk)",
                ExpressionAttributeNames={"#pk": "pk"},
            )
        except self._client.exceptions.ConditionalCheckFailedException:
            return

    def _has_integrations(self, account: str) -> bool:
        prefix = items.integration_key(account, "")
        found = self._client.query(
            TableName=self._table,
            KeyConditionExpression="#pk = :pk AND begins_with(#sk, :prefix)",
            ExpressionAttributeNames={"#pk": "pk", "#sk": "sk"},
            ExpressionAttributeValues=to_wire({":pk": prefix["pk"], ":prefix": prefix["sk"]}),
            Select="COUNT",
            Limit=1,
        )
        return found["Count"] > 0


def refusal_item(refusal: Refusal) -> items.Item:
    """Convert a refusal to an item: one for each hour, consumer, integration and reason."""
    parts = refusal.consumer.identity, refusal.integration_id or "", refusal.reason
    item = {
        "pk": f"USES#{refusal.account}",
        "sk": f"REFUSED#{refusal.refused_at:%Y-%m-%dT%H}#{items.digest(' '.join(parts))}",
        "account": refusal.account,
        "consumer": refusal.consumer._asdict(),
        "reason": refusal.reason,
        "refused_at": items.timestamp(refusal.refused_at),
        "integration_id": refusal.integration_id,
        "expires_at": items.epoch_seconds(refusal.refused_at + RETENTION),
    }
    return without_none(item)


def refusal_from_item(item: Mapping[str, Any]) -> Refusal:
    """Convert an item to a refusal. Raise ValueError for what `credentials` never writes: the audit log quotes it."""
    ulid = item.get("integration_id")
    is_known = item["reason"] in REASONS.values() and (ulid is None or ids.is_ulid(ulid))
    if not is_known:
        raise ValueError("not a refusal")
    return Refusal(
        account=item["account"],
        consumer=UsedBy(**item["consumer"]),
        reason=item["reason"],
        refused_at=datetime.fromisoformat(item["refused_at"]),
        integration_id=ulid,
    )
