"""Delays before a failed message is redelivered, and messages to a dead-letter queue."""

from typing import Any, cast

import pytest

from ai_integrations.adapters.sqs import SqsQueue


class RecordingClient:
    def __init__(self) -> None:
        self.requests: list[dict[str, Any]] = []

    def _record(self, **request: Any) -> None:
        self.requests.append(request)

    change_message_visibility = send_message = _record


@pytest.mark.parametrize(
    ("deliveries", "seconds"), [(1, 5), (2, 10), (3, 20), (4, 40), (8, 640), (9, 900), (10, 900), (10_000, 900)]
)
def test_delay_doubles_with_each_delivery_up_to_fifteen_minutes(deliveries: int, seconds: int) -> None:
    client = RecordingClient()
    record = {"receiptHandle": "r-1", "attributes": {"ApproximateReceiveCount": str(deliveries)}}
    SqsQueue(cast("Any", client), "https://sqs.test/requests").delay(record)
    assert client.requests == [
        {"QueueUrl": "https://sqs.test/requests", "ReceiptHandle": "r-1", "VisibilityTimeout": seconds}
    ]


def test_message_is_sent_to_the_queue() -> None:
    client = RecordingClient()
    SqsQueue(cast("Any", client), "https://sqs.test/dead-changes").send("fake body")
    assert client.requests == [{"QueueUrl": "https://sqs.test/dead-changes", "MessageBody": "fake body"}]
