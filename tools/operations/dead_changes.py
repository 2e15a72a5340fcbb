"""Publish the changes again whose positions in the table's stream are in the dead-letter queue."""

import json
from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any, NamedTuple

from tools.operations.message_queue import MessageQueue, json_object, sent_at
from tools.operations.table_stream import ExpiredError, Position, Record, TableStream

if TYPE_CHECKING:
    from mypy_boto3_lambda import LambdaClient
    from mypy_boto3_sqs.type_defs import MessageTypeDef

SECONDS_HIDDEN = 900  # visibility timeout while the messages are processed

PROCESSED, EXPIRED, POISON, UNREADABLE = "processed", "expired", "poison", "unreadable"
# What to do about the messages that stay in the queue, by their result.
ADVICE = {
    EXPIRED: "The stream has deleted these records after 24 hours, so their events cannot be published. Ask the "
    "subscribers to read the integrations that changed at that time.",
    POISON: "The function cannot process these records. Find the cause in its log, deploy a correction, then run "
    "this command again within 24 hours of the change.",
    UNREADABLE: "These messages come neither from Lambda nor from the function. Find out who sends to the queue.",
}


class FailedError(Exception):
    """The function failed for the record with this sequence number, or for one of the next in the same page."""


class DeadChange(NamedTuple):
    """A message of the dead-letter queue. `position` is None if it does not have the expected form."""

    message: "MessageTypeDef"
    position: Position | None

    @classmethod
    def parse(cls, message: "MessageTypeDef") -> "DeadChange":
        """Read the position in a message."""
        try:
            return cls(message, Position.from_message(json_object(message["Body"])))
        except (KeyError, TypeError, ValueError):
            return cls(message, None)

    def shown(self) -> dict[str, Any]:
        """Return the fields that identify the changes: their times, or their item if the function sent the message."""
        body = json_object(self.message["Body"])
        batch = body["DDBStreamBatchInfo"] if self.position else {}
        return {
            "sent_at": sent_at(self.message),
            "first_change_at": batch.get("approximateArrivalOfFirstRecord"),
            "last_change_at": batch.get("approximateArrivalOfLastRecord"),
            "item": body.get("keys"),
        }


def may_be_readable(shown: Mapping[str, object], oldest: datetime) -> bool:
    """Check whether a message may concern a change since `oldest`. Only messages from Lambda have the change's time."""
    changed_at = shown["last_change_at"] or shown["sent_at"]
    return shown["result"] != UNREADABLE and str(changed_at) > oldest.isoformat()


class DeadChanges:
    """The dead-letter queue of the table's stream, and the function that publishes changes."""

    def __init__(self, queue: MessageQueue, stream: TableStream, client: "LambdaClient", function: str) -> None:
        self._queue = queue
        self._stream = stream
        self._client = client
        self._function = function

    def replay(self) -> Iterator[dict[str, Any]]:
        """Process the changes of each message, oldest first; delete the message, and yield what became of it.

        The function sends a poison record to the queue again. The next round receives it, and leaves it there.
        """
        tried: set[Position | None] = set()
        held: list[MessageTypeDef] = []
        try:
            while changes := self._receive():
                held += [each.message for each in changes]
                for change in changes:
                    result = self._process(change, tried)
                    if result == PROCESSED:
                        self._queue.delete(change.message)
                        held.remove(change.message)
                    yield {**change.shown(), "result": result}
                tried |= {each.position for each in changes}
        finally:
            for message in held:
                self._queue.release(message)

    def _receive(self) -> Sequence[DeadChange]:
        found = map(DeadChange.parse, self._queue.receive_all())
        return sorted(found, key=lambda each: int(each.position.first) if each.position else 0)

    def _process(self, change: DeadChange, tried: Collection[Position | None]) -> str:
        """Pass the changes of a message to the function. `tried` are the positions of earlier rounds."""
        if change.position is None:
            return UNREADABLE
        if change.position in tried:
            return POISON
        try:
            for page in self._stream.pages(change.position):
                self._invoke(page)
        except ExpiredError:
            return EXPIRED
        return PROCESSED

    def _invoke(self, records: Sequence[Record]) -> None:
        # Records contain times, which the function does not use.
        payload = json.dumps({"Records": records}, default=str)
        answer = self._client.invoke(FunctionName=self._function, Payload=payload)
        result = json.loads(answer["Payload"].read())
        if "FunctionError" in answer or result["batchItemFailures"]:
            raise FailedError(records[0]["dynamodb"]["SequenceNumber"])
