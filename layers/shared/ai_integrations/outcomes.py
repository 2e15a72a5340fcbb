"""What became of the requests that came by event, so that a request that comes again gets the same answer."""

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, NamedTuple

from ai_integrations import items
from ai_integrations.dynamodb import from_wire, to_wire

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

# As long as a message can wait in a queue and then in its dead-letter queue, so that a late replay is recognised.
KEPT_FOR = timedelta(days=28)


class Settled(NamedTuple):
    """A request that has been decided: a digest of it, and the event that told its outcome."""

    fingerprint: str
    detail_type: str
    detail: str


class DynamoDbOutcomes:
    """The decided requests of all accounts, in the table; operators look there for what a request led to."""

    def __init__(self, client: "DynamoDBClient", table: str) -> None:
        self._client = client
        self._table = table

    def find(self, account: str, request_id: str) -> Settled | None:
        """Return how a request has been decided."""
        key = to_wire(items.request_key(account, request_id))
        answer = self._client.get_item(TableName=self._table, Key=key, ConsistentRead=True)
        if "Item" not in answer:
            return None
        item = from_wire(answer["Item"])
        return Settled(fingerprint=item["fingerprint"], detail_type=item["detail_type"], detail=item["detail"])

    def remember(self, account: str, request_id: str, settled: Settled, now: datetime) -> None:
        """Write how a request has been decided."""
        item = {
            **items.request_key(account, request_id),
            "fingerprint": settled.fingerprint,
            "detail_type": settled.detail_type,
            "detail": settled.detail,
            "expires_at": items.epoch_seconds(now + KEPT_FOR),
        }
        self._client.put_item(TableName=self._table, Item=to_wire(item))
