"""SQS queues: delay the redelivery of failed messages, and send to a dead-letter queue."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from mypy_boto3_sqs import SQSClient

_FIRST_DELAY = 5  # seconds
_MAX_DELAY = 900


class SqsQueue:
    """A queue, for the function that it triggers or whose dead-letter queue it is."""

    def __init__(self, client: "SQSClient", url: str) -> None:
        self._client = client
        self._url = url

    def delay(self, record: Mapping[str, Any]) -> None:
        """Delay the next delivery of a message. The delay doubles with each delivery (exponential backoff)."""
        deliveries = int(record["attributes"]["ApproximateReceiveCount"])
        delay = min(_FIRST_DELAY * 2 ** (deliveries - 1), _MAX_DELAY)
        self._client.change_message_visibility(
            QueueUrl=self._url, ReceiptHandle=record["receiptHandle"], VisibilityTimeout=delay
        )

    def send(self, body: str) -> None:
        """Send a message."""
        self._client.send_message(QueueUrl=self._url, MessageBody=body)
