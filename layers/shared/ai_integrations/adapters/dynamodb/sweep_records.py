"""The integrations of all accounts, page by page, and how far the sweep has got."""

import json
from typing import TYPE_CHECKING

from ai_integrations.adapters.dynamodb import items
from ai_integrations.adapters.dynamodb.attributes import from_wire, to_wire
from ai_integrations.domain.model import Integration
from ai_integrations.use_cases.sweep import SweepPosition

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

_ITEMS_A_PAGE = 1000
_POSITION_KEY = {"pk": "SWEEP", "sk": "POSITION"}


class SweepRecords:
    """The integrations of all accounts that name a secret of the service's own, and how far the sweep has come."""

    def __init__(self, client: "DynamoDBClient", table: str) -> None:
        self._client = client
        self._table = table

    def page(self, token: str | None) -> tuple[list[Integration], str | None]:
        """Return some integrations."""
        start = {"ExclusiveStartKey": json.loads(token)} if token else {}
        answer = self._client.scan(
            TableName=self._table,
            FilterExpression="begins_with(#sk, :prefix) AND attribute_exists(#secret_version)",
            ExpressionAttributeNames={"#sk": "sk", "#secret_version": "secret_version"},
            ExpressionAttributeValues=to_wire({":prefix": items.integration_key("", "")["sk"]}),
            Limit=_ITEMS_A_PAGE,
            **start,
        )
        following = answer.get("LastEvaluatedKey")
        integrations = [items.integration_from_item(from_wire(item)) for item in answer["Items"]]
        return integrations, json.dumps(following) if following else None

    def load_position(self) -> SweepPosition:
        """Return how far the last run has come."""
        answer = self._client.get_item(TableName=self._table, Key=to_wire(_POSITION_KEY), ConsistentRead=True)
        item = from_wire(answer.get("Item", {}))
        return SweepPosition(part=item["part"], token=item.get("token")) if item else SweepPosition()

    def store_position(self, position: SweepPosition | None) -> None:
        """Keep how far a run has come; None is the end of a round."""
        if position is None:
            self._client.delete_item(TableName=self._table, Key=to_wire(_POSITION_KEY))
            return
        given = {name: value for name, value in position._asdict().items() if value is not None}
        self._client.put_item(TableName=self._table, Item=to_wire({**_POSITION_KEY, **given}))
