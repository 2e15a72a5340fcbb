"""Receive all messages of an SQS queue. They stay in it until they are deleted."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from mypy_boto3_sqs import SQSClient
    from mypy_boto3_sqs.type_defs import MessageTypeDef


SECONDS_WAITED = 1  # with a wait, SQS asks all servers that may have messages, without one only some of them


class MessageQueue:
    """An SQS queue."""

    def __init__(self, client: "SQSClient", url: str, *, seconds_hidden: int) -> None:
        """`seconds_hidden` is the visibility timeout of received messages."""
        self._client = client
        self._url = url
        self._seconds_hidden = seconds_hidden

    def receive_all(self) -> Iterator["MessageTypeDef"]:
        """Receive all visible messages, each once."""
        seen: set[str] = set()
        while messages := self._receive():
            for message in messages:
                if message["MessageId"] in seen:
                    return
                seen.add(message["MessageId"])
                yield message

    def _receive(self) -> list["MessageTypeDef"]:
        answer = self._client.receive_message(
            QueueUrl=self._url,
            MaxNumberOfMessages=10,
            VisibilityTimeout=self._seconds_hidden,
            MessageSystemAttributeNames=["SentTimestamp"],
            WaitTimeSeconds=SECONDS_WAITED,
        )
        return answer.get("Messages", [])

    def release(self, message: "MessageTypeDef") -> None:
        """Make a received message visible again."""
        receipt = message["ReceiptHandle"]
        self._client.change_message_visibility(QueueUrl=self._url, ReceiptHandle=receipt, VisibilityTimeout=0)

    def delete(self, message: "MessageTypeDef") -> None:
        """Delete a received message."""
        self._client.delete_message(QueueUrl=self._url, ReceiptHandle=message["ReceiptHandle"])

    def send(self, body: str) -> None:
        """Send a message."""
        self._client.send_message(QueueUrl=self._url, MessageBody=body)


def sent_at(message: "MessageTypeDef") -> str:
    """Format the time at which a message was sent."""
    seconds = int(message["Attributes"]["SentTimestamp"]) / 1000
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="seconds")


def json_object(text: str) -> dict[str, Any]:
    """Parse a JSON object. The result is empty if the text is none."""
    try:
        value = json.loads(text)
    except ValueError:
        return {}
    return value if isinstance(value, dict) else {}
