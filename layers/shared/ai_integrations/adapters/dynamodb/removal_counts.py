"""The removals of the sweep, counted in one item of the table."""

from collections.abc import Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from ai_integrations.adapters.dynamodb import items
from ai_integrations.adapters.dynamodb.attributes import from_wire, to_wire
from ai_integrations.domain.errors import VersionConflictError
from ai_integrations.domain.mappings import without_none
from ai_integrations.use_cases.removal_limit import RemovalCount

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

_KEY = {"pk": "SWEEP", "sk": "REMOVALS"}


class DynamoDbRemovalCounts:
    """The current removal count."""

    def __init__(self, client: "DynamoDBClient", table: str) -> None:
        self._client = client
        self._table = table

    def load(self) -> RemovalCount | None:
        """Read the count, or None if nothing was ever removed."""
        response = self._client.get_item(TableName=self._table, Key=to_wire(_KEY), ConsistentRead=True)
        return _count_from_item(from_wire(response["Item"])) if "Item" in response else None

    def replace(self, current: RemovalCount | None, changed: RemovalCount) -> None:
        """Replace `current`. Raise VersionConflictError if another run replaced it meanwhile."""
        try:
            self._client.put_item(
                TableName=self._table, Item=to_wire({**_KEY, **_count_item(changed)}), **_unchanged(current)
            )
        except ClientError as error:
            if error.response["Error"]["Code"] != "ConditionalCheckFailedException":
                raise
            raise VersionConflictError from None


def _unchanged(current: RemovalCount | None) -> Any:  # noqa: ANN401 - keyword arguments of PutItem
    """Build the condition that no other run has counted a removal, stopped, or replaced the count since."""
    if current is None:
        return {"ConditionExpression": "attribute_not_exists(#pk)", "ExpressionAttributeNames": {"#pk": "pk"}}
    read = _count_item(current)
    stop = "#stopped_at = :stopped_at" if current.stopped_at else "attribute_not_exists(#stopped_at)"
    compared = {name: read[name] for name in ("made", "until", "stopped_at") if name in read}
    return {
        "ConditionExpression": f"#made = :made AND #until = :until AND {stop}",
        "ExpressionAttributeNames": {"#made": "made", "#until": "until", "#stopped_at": "stopped_at"},
        "ExpressionAttributeValues": to_wire({f":{name}": value for name, value in compared.items()}),
    }


def _count_item(count: RemovalCount) -> items.Item:
    stopped_at = items.timestamp(count.stopped_at) if count.stopped_at else None
    return without_none(
        {
            "allowed": count.allowed,
            "made": count.made,
            "until": items.timestamp(count.until),
            "stopped_at": stopped_at,
            "confirmed": count.is_confirmed or None,
        }
    )


def _count_from_item(item: Mapping[str, Any]) -> RemovalCount:
    stopped_at = item.get("stopped_at")
    return RemovalCount(
        allowed=int(item["allowed"]),
        made=int(item["made"]),
        until=datetime.fromisoformat(item["until"]),
        stopped_at=datetime.fromisoformat(stopped_at) if stopped_at else None,
        is_confirmed="confirmed" in item,
    )
