"""Outcomes of provisioning requests in DynamoDB, so that a redelivered request gets the same outcome."""

from datetime import datetime
from typing import TYPE_CHECKING

from ai_integrations.adapters.dynamodb import items
from ai_integrations.adapters.dynamodb.attributes import from_wire, to_wire
from ai_integrations.contracts.provisioning_requests import OUTCOME_RETENTION
from ai_integrations.use_cases.provisioning import RecordedOutcome

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient


class DynamoDbRequestOutcomes:
    """The decided requests of all accounts. Operators look up outcomes in the table."""

    def __init__(self, client: "DynamoDBClient", table: str) -> None:
        self._client = client
        self._table = table

    def find(self, account: str, request_id: str) -> RecordedOutcome | None:
        """Read the outcome of a request, or None if it is undecided."""
        key = to_wire(items.request_key(account, request_id))
        response = self._client.get_item(TableName=self._table, Key=key, ConsistentRead=True)
        if "Item" not in response:
            return None
        item = from_wire(response["Item"])
        return RecordedOutcome(fingerprint=item["fingerprint"], detail_type=item["detail_type"], detail=item["detail"])

    def record(self, account: str, request_id: str, outcome: RecordedOutcome, now: datetime) -> None:
        """Write the outcome of a request."""
        item = {
            **items.request_key(account, request_id),
            "fingerprint": outcome.fingerprint,
            "detail_type": outcome.detail_type,
            "detail": outcome.detail,
            "expires_at": items.epoch_seconds(now + OUTCOME_RETENTION),
        }
        self._client.put_item(TableName=self._table, Item=to_wire(item))
