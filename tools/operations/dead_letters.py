"""List and replay the provisioning requests in the dead-letter queue."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from tools.operations.message_queue import MessageQueue, json_object, sent_at

if TYPE_CHECKING:
    from mypy_boto3_sqs import SQSClient
    from mypy_boto3_sqs.type_defs import MessageTypeDef

_SECONDS_HIDDEN = 900  # visibility timeout while the messages are listed or moved


@dataclass(frozen=True, kw_only=True)
class DeadRequest:
    """A message of the dead-letter queue. Its `repr` omits the message, which may contain header values."""

    message: "MessageTypeDef" = field(repr=False)

    def shown(self) -> dict[str, Any]:
        """Return the fields that identify the request, without its content."""
        envelope = json_object(self.message["Body"])
        detail = envelope.get("detail")
        named = detail if isinstance(detail, dict) else {}
        return {
            "sent_at": sent_at(self.message),
            "detail_type": envelope.get("detail-type"),
            "account": named.get("account"),
            "request_id": named.get("request_id"),
            "event_id": envelope.get("id"),
        }


class DeadLetters:
    """The dead-letter queue of one stack, and its source queue."""

    def __init__(self, client: "SQSClient", *, dead: str, requests: str) -> None:
        self._dead, self._requests = (
            MessageQueue(client, url, seconds_hidden=_SECONDS_HIDDEN) for url in (dead, requests)
        )

    def look(self) -> list[DeadRequest]:
        """Return all messages and leave them in the dead-letter queue."""
        found = list(self._dead.receive_all())
        for message in found:
            self._dead.release(message)
        return [DeadRequest(message=message) for message in found]

    def replay(self) -> Iterator[DeadRequest]:
        """Move each message back to the source queue and yield it. After an interruption, one may exist twice.

        All messages are received before the first is moved: the function sends one that it cannot process to the
        dead-letter queue again at once, as a new message, which must not be moved again.
        """
        held: list[MessageTypeDef] = []
        try:
            held.extend(self._dead.receive_all())
            while held:
                message = held[0]
                self._requests.send(message["Body"])
                self._dead.delete(message)
                del held[0]
                yield DeadRequest(message=message)
        finally:
            for message in held:
                self._dead.release(message)
