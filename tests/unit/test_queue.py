"""How long a request waits that has failed."""

from typing import Any, cast

import pytest

from ai_integrations.adapters.sqs import SqsQueue


class Recorder:
    def __init__(self) -> None:
        self.requests: list[dict[str, Any]] = []

    def change_message_visibility(self, **request: Any) -> None:
        self.requests.append(request)


@pytest.mark.parametrize(
    ("deliveries", "seconds"), [(1, 5), (2, 10), (3, 20), (4, 40), (8, 640), (9, 900), (10, 900), (10_000, 900)]
)
def test_waits_twice_as_long_after_each_delivery_up_to_a_quarter_of_an_hour(deliveries: int, seconds: int) -> None:
    client = Recorder()
    record = {"receiptHandle": "r-1", "attributes": {"ApproximateReceiveCount": str(deliveries)}}
    SqsQueue(cast("Any", client), "https://sqs.test/requests").delay(record)
    assert client.requests == [
        {"QueueUrl": "https://sqs.test/requests", "ReceiptHandle": "r-1", "VisibilityTimeout": seconds}
    ]
