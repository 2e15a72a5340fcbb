"""What surrounds the event-driven functions: the bus with somebody who listens, and the queue of requests."""

import json
from collections.abc import Iterator
from dataclasses import asdict
from typing import Any

import pytest

from ai_integrations.contracts.published_events import SOURCE
from tests import sam_template
from tests.cloud import Cloud
from tests.event_subscriber import Subscriber


@pytest.fixture
def bus(cloud: Cloud) -> Iterator[Subscriber]:
    """Return a listener on the stack's bus; what it heard is searched for keys, too."""
    name = sam_template.environment("provision")["EVENT_BUS_NAME"]
    cloud.eventbridge.create_event_bus(Name=name)
    listener = Subscriber(cloud.eventbridge, cloud.sqs, name, SOURCE)
    yield listener
    cloud.published += [json.dumps(asdict(each)) for each in listener.all()]


class Requests:
    """The queue of requests, and what Lambda does for its function: receive, invoke, delete what succeeded."""

    def __init__(self, cloud: Cloud) -> None:
        self._cloud = cloud
        self._url = cloud.sqs.create_queue(QueueName=sam_template.environment("provision")["QUEUE_URL"])["QueueUrl"]

    def send(self, *envelopes: dict[str, Any]) -> None:
        for envelope in envelopes:
            self._cloud.sqs.send_message(QueueUrl=self._url, MessageBody=json.dumps(envelope))

    def deliver(self) -> dict[str, Any]:
        """Deliver what waits, and return the function's answer."""
        names: Any = {"MessageAttributeNames": ["All"], "AttributeNames": ["All"]}
        answer = self._cloud.sqs.receive_message(QueueUrl=self._url, MaxNumberOfMessages=10, **names)
        records = [_record(each) for each in answer.get("Messages", ())]
        result: dict[str, Any] = self._cloud.function("provision")({"Records": records})
        failed = {each["itemIdentifier"] for each in result["batchItemFailures"]}
        for record in records:
            if record["messageId"] not in failed:
                self._cloud.sqs.delete_message(QueueUrl=self._url, ReceiptHandle=record["receiptHandle"])
        return result

    def left(self) -> tuple[int, int]:
        """Return how many messages wait, and how many are with a function or may be delivered later."""
        names = ("ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible")
        found = self._cloud.sqs.get_queue_attributes(QueueUrl=self._url, AttributeNames=["All"])["Attributes"]
        waiting, hidden = (int(found[name]) for name in names)  # type: ignore[index]
        return waiting, hidden


@pytest.fixture
def requests(cloud: Cloud) -> Requests:
    return Requests(cloud)


def _record(message: Any) -> dict[str, Any]:
    return {
        "messageId": message["MessageId"],
        "receiptHandle": message["ReceiptHandle"],
        "body": message["Body"],
        "attributes": message["Attributes"],
        "messageAttributes": {},
        "eventSource": "aws:sqs",
    }
