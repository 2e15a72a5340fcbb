"""The queue of requests: how long one that failed waits before it is delivered again."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from mypy_boto3_sqs import SQSClient

_FIRST_WAIT = 5  # seconds
_LONGEST_WAIT = 900


class SqsQueue:
    """The queue as the function sees it that is triggered by it."""

    def __init__(self, client: "SQSClient", url: str) -> None:
        self._client = client
        self._url = url

    def delay(self, record: Mapping[str, Any]) -> None:
        """Let a message wait twice as long as after the delivery before."""
        deliveries = int(record["attributes"]["ApproximateReceiveCount"])
        wait = min(_FIRST_WAIT * 2 ** (deliveries - 1), _LONGEST_WAIT)
        self._client.change_message_visibility(
            QueueUrl=self._url, ReceiptHandle=record["receiptHandle"], VisibilityTimeout=wait
        )
