"""Read records of the table's stream again, by their position."""

from collections.abc import Iterator
from typing import Any, NamedTuple, Self

Record = dict[str, Any]

_PAGE = 25  # records: as many as Lambda passes to the function at once
_EMPTY_PAGES = 100  # an open shard has no last page


class Position(NamedTuple):
    """The sequence numbers of the first and the last of consecutive records in a shard.

    The shard's id is missing for poison records. Sequence numbers are compared as integers.
    """

    stream: str
    shard: str | None
    first: str
    last: str

    @classmethod
    def from_message(cls, message: dict[str, Any]) -> Self:
        """Read a message of the stream's dead-letter queue.

        Lambda documents its form (https://docs.aws.amazon.com/lambda/latest/dg/services-dynamodb-errors.html).
        """
        batch = message["DDBStreamBatchInfo"]
        first, last = batch["startSequenceNumber"], batch["endSequenceNumber"]
        if not f"{first}{last}".isdecimal():
            raise ValueError("A sequence number is no number.")
        return cls(stream=batch["streamArn"], shard=batch.get("shardId"), first=first, last=last)


class ExpiredError(Exception):
    """The stream has deleted the records: it keeps them for 24 hours."""


class TableStream:
    """The stream of a table."""

    def __init__(self, client: Any) -> None:  # noqa: ANN401 - a boto3 client without stubs
        self._client = client

    def pages(self, position: Position) -> Iterator[list[Record]]:
        """Read the records in order, at most 25 at a time. Raise ExpiredError if the first one is gone."""
        iterator = self._iterator(position)
        last = int(position.last)
        while iterator:
            answer = self._client.get_records(ShardIterator=iterator, Limit=_PAGE)
            records = [each for each in answer["Records"] if _number(each) <= last]
            if records:
                yield [{**each, "eventSourceARN": position.stream} for each in records]
            if any(_number(each) >= last for each in answer["Records"]):
                return
            iterator = answer.get("NextShardIterator")

    def _iterator(self, position: Position) -> str:
        for shard in [position.shard] if position.shard else self._shards(position):
            try:
                answer = self._client.get_shard_iterator(
                    StreamArn=position.stream,
                    ShardId=shard,
                    ShardIteratorType="AT_SEQUENCE_NUMBER",
                    SequenceNumber=position.first,
                )
                iterator, first = self._first_record(answer["ShardIterator"])
            except (
                self._client.exceptions.ResourceNotFoundException,
                self._client.exceptions.TrimmedDataAccessException,
            ):
                continue
            if first and _number(first) == int(position.first):
                return iterator
        raise ExpiredError

    def _first_record(self, iterator: str) -> tuple[str, Record | None]:
        """Return the first record and its iterator. Pages before it may be empty.

        "It might take multiple calls to get to a portion of the shard that contains stream records"
        (https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_streams_GetRecords.html).
        """
        for _ in range(_EMPTY_PAGES):
            answer = self._client.get_records(ShardIterator=iterator, Limit=1)
            if answer["Records"]:
                return iterator, answer["Records"][0]
            if "NextShardIterator" not in answer:
                break
            iterator = answer["NextShardIterator"]
        return iterator, None

    def _shards(self, position: Position) -> Iterator[str]:
        """List the shards that may contain the first record: their ranges overlap."""
        number = int(position.first)
        page: dict[str, Any] = {"StreamArn": position.stream}
        while True:
            described = self._client.describe_stream(**page)["StreamDescription"]
            for shard in described["Shards"]:
                numbers = shard["SequenceNumberRange"]
                last = numbers.get("EndingSequenceNumber", number)  # the shard is open if it has none
                if int(numbers["StartingSequenceNumber"]) <= number <= int(last):
                    yield shard["ShardId"]
            if "LastEvaluatedShardId" not in described:
                return
            page["ExclusiveStartShardId"] = described["LastEvaluatedShardId"]


def _number(record: Record) -> int:
    return int(record["dynamodb"]["SequenceNumber"])
