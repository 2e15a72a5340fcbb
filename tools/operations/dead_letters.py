"""List and replay the provisioning requests in the dead-letter queue."""

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

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
        sent = int(self.message["Attributes"]["SentTimestamp"]) / 1000
        envelope = _json(self.message["Body"])
        detail = envelope.get("detail")
        named = detail if isinstance(detail, dict) else {}
        return {
            "sent_at": datetime.fromtimestamp(sent, UTC).isoformat(timespec="seconds"),
            "detail_type": envelope.get("detail-type"),
            "account": named.get("account"),
            "request_id": named.get("request_id"),
            "event_id": envelope.get("id"),
        }


class DeadLetters:
    """The dead-letter queue of one stack, and its source queue."""

    def __init__(self, client: "SQSClient", *, dead: str, requests: str) -> None:
        self._client = client
        self._dead = dead
        self._requests = requests

    def look(self) -> list[DeadRequest]:
        """Return all messages and leave them in the dead-letter queue."""
        found = list(self._all())
        for dead in found:
            receipt = dead.message["ReceiptHandle"]
            self._client.change_message_visibility(QueueUrl=self._dead, ReceiptHandle=receipt, VisibilityTimeout=0)
        return found

    def replay(self) -> Iterator[DeadRequest]:
        """Move each message back to the source queue and yield it. After an interruption, one may exist twice."""
        for dead in self._all():
            self._client.send_message(QueueUrl=self._requests, MessageBody=dead.message["Body"])
            self._client.delete_message(QueueUrl=self._dead, ReceiptHandle=dead.message["ReceiptHandle"])
            yield dead

    def _all(self) -> Iterator[DeadRequest]:
        seen: set[str] = set()
        while messages := self._receive():
            for message in messages:
                if message["MessageId"] in seen:
                    return
                seen.add(message["MessageId"])
                yield DeadRequest(message=message)

    def _receive(self) -> "list[MessageTypeDef]":
        answer = self._client.receive_message(
            QueueUrl=self._dead,
            MaxNumberOfMessages=10,
            VisibilityTimeout=_SECONDS_HIDDEN,
            MessageSystemAttributeNames=["SentTimestamp"],
            WaitTimeSeconds=1,
        )
        return answer.get("Messages", [])


def _json(text: str) -> dict[str, Any]:
    try:
        value = json.loads(text)
    except ValueError:
        return {}
    return value if isinstance(value, dict) else {}
