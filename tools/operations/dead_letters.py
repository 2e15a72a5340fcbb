"""List and replay the provisioning requests in the dead-letter queue."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from tools.operations.message_queue import MessageQueue, json_object, sent_at

if TYPE_CHECKING:
    from mypy_boto3_sqs import SQSClient
    from mypy_boto3_sqs.type_defs import MessageTypeDef

_SECONDS_HIDDEN = 60  # visibility timeout while a message is listed or moved


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
        """Move each message back to the source queue and yield it. After an interruption, one may exist twice."""
        for message in self._dead.receive_all():
            self._requests.send(message["Body"])
            self._dead.delete(message)
            yield DeadRequest(message=message)
