"""The table as the sweep needs it: the integrations of all accounts, and the resume point."""

import json
from typing import TYPE_CHECKING

from ai_integrations.adapters.dynamodb import items
from ai_integrations.adapters.dynamodb.attributes import from_wire, to_wire
from ai_integrations.domain.mappings import without_none
from ai_integrations.domain.model import Integration
from ai_integrations.use_cases.sweep import SweepPosition

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

_ITEMS_PER_PAGE = 1000
_POSITION_KEY = {"pk": "SWEEP", "sk": "POSITION"}


class SweepRecords:
    """The integrations of all accounts that own a secret, and the resume point of the sweep."""

    def __init__(self, client: "DynamoDBClient", table: str) -> None:
        self._client = client
        self._table = table

    def page(self, token: str | None) -> tuple[list[Integration], str | None]:
        """Read one page of integrations that own a secret, and the token of the next page (None at the end).

        As for the stream, the sort key alone does not decide (`stream.py`).
        """
        key = items.integration_key("", "")
        start = {"ExclusiveStartKey": json.loads(token)} if token else {}
        response = self._client.scan(
            TableName=self._table,
            FilterExpression="begins_with(#pk, :pk) AND begins_with(#sk, :sk) AND attribute_exists(#secret_version)",
            ExpressionAttributeNames={"#pk": "pk", "#sk": "sk", "#secret_version": "secret_version"},
            ExpressionAttributeValues=to_wire({":pk": key["pk"], ":sk": key["sk"]}),
            Limit=_ITEMS_PER_PAGE,
            **start,
        )
        last_key = response.get("LastEvaluatedKey")
        integrations = [items.integration_from_item(from_wire(item)) for item in response["Items"]]
        return integrations, json.dumps(last_key) if last_key else None

    def load_position(self) -> SweepPosition:
        """Read the resume point; the beginning of a round if there is none."""
        response = self._client.get_item(TableName=self._table, Key=to_wire(_POSITION_KEY), ConsistentRead=True)
        item = from_wire(response.get("Item", {}))
        return SweepPosition(part=item["part"], token=item.get("token")) if item else SweepPosition()

    def store_position(self, position: SweepPosition | None) -> None:
        """Write the resume point. None ends a round and deletes it."""
        if position is None:
            self._client.delete_item(TableName=self._table, Key=to_wire(_POSITION_KEY))
            return
        item = without_none({**_POSITION_KEY, **position._asdict()})
        self._client.put_item(TableName=self._table, Item=to_wire(item))
