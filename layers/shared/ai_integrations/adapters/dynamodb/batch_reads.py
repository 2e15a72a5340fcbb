"""Read items by their keys."""

from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

from ai_integrations.adapters.dynamodb import items
from ai_integrations.adapters.dynamodb.attributes import from_wire, to_wire

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient


def read_batch(client: "DynamoDBClient", table: str, keys: Iterable[items.Item]) -> Iterator[items.Item]:
    """Read the items with at most 100 keys that exist, in any order. The reads are eventually consistent.

    A throttled BatchGetItem leaves out items, and fails if it would leave out all:
    https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_BatchGetItem.html
    """
    wanted = [to_wire(key) for key in keys]
    remaining: Mapping[str, Any] = {table: {"Keys": wanted}} if wanted else {}
    while remaining:
        response = client.batch_get_item(RequestItems=remaining)
        yield from map(from_wire, response["Responses"].get(table, ()))
        remaining = response.get("UnprocessedKeys", {})
