"""Fixtures for the event-driven functions: the event bus with a subscriber, and the provisioning queue."""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import asdict
from typing import Any

import pytest

from ai_integrations.contracts.published_events import SOURCE
from tests import sam_template
from tests.builders import SENDER_AWS_ACCOUNT, a_source
from tests.cloud import Cloud
from tests.event_subscriber import Subscriber


@pytest.fixture
def bus(cloud: Cloud) -> Iterator[Subscriber]:
    """Create the event bus and a subscriber. The leak search includes the events that it receives."""
    name = sam_template.environment("provision")["EVENT_BUS_NAME"]
    cloud.eventbridge.create_event_bus(Name=name)
    subscriber = Subscriber(cloud.eventbridge, cloud.sqs, name, SOURCE)
    yield subscriber
    cloud.published += [json.dumps(asdict(each)) for each in subscriber.all()]


def a_request_event(action: str, event_id: str = "event-1", **detail: Any) -> dict[str, Any]:
    """Build a request as EventBridge delivers it from the source that `a_source` registers."""
    return {
        "id": event_id,
        "detail-type": f"AI Integration {action} Requested",
        "source": "platform",
        "account": SENDER_AWS_ACCOUNT,
        "detail": detail,
    }


def a_redacted_request(detail: Mapping[str, Any]) -> dict[str, Any]:
    """Build what EventBridge sends to the queue for a create request that contains a key.

    It replaces each variable by its value as JSON, and by an empty string if the event has no such value, as AWS
    responded to tests/aws/services/events/test_events_inputs.py of https://github.com/localstack/localstack.
    """
    [target] = sam_template.template()["Resources"]["RedactedRequestRule"]["Properties"]["Targets"]
    event = {**a_request_event("Create"), "detail": detail}

    def value_of(variable: re.Match[str]) -> str:
        found: Any = event
        for name in target["InputTransformer"]["InputPathsMap"][variable[1]].removeprefix("$.").split("."):
            found = found.get(name, "")
        return json.dumps(found)

    envelope: dict[str, Any] = json.loads(re.sub("<(.+?)>", value_of, target["InputTransformer"]["InputTemplate"]))
    return envelope


class DeadLetters:
    """The dead-letter queue of a function."""

    def __init__(self, cloud: Cloud, function: str) -> None:
        self._sqs = cloud.sqs
        name = sam_template.environment(function)["DEAD_LETTER_QUEUE_URL"]
        self.url = cloud.sqs.create_queue(QueueName=name)["QueueUrl"]

    def receive(self) -> list[str]:
        """Receive the bodies of the visible messages."""
        response = self._sqs.receive_message(QueueUrl=self.url, MaxNumberOfMessages=10)
        return [each["Body"] for each in response.get("Messages", ())]


class Requests:
    """The provisioning queue and its event source mapping: receive, invoke the function, delete what succeeded."""

    def __init__(self, cloud: Cloud) -> None:
        self._cloud = cloud
        self.dead_letters = DeadLetters(cloud, "provision")
        self._url = cloud.sqs.create_queue(QueueName=sam_template.environment("provision")["QUEUE_URL"])["QueueUrl"]

    def send(self, *envelopes: dict[str, Any]) -> None:
        self.send_bodies(*map(json.dumps, envelopes))

    def send_bodies(self, *bodies: str) -> None:
        for body in bodies:
            self._cloud.sqs.send_message(QueueUrl=self._url, MessageBody=body)

    def deliver(self) -> dict[str, Any]:
        """Invoke the function with the waiting messages, and return its result."""
        names: Any = {"MessageAttributeNames": ["All"], "AttributeNames": ["All"]}
        response = self._cloud.sqs.receive_message(QueueUrl=self._url, MaxNumberOfMessages=10, **names)
        records = [_record(each) for each in response.get("Messages", ())]
        result: dict[str, Any] = self._cloud.function("provision")({"Records": records})
        failed = {each["itemIdentifier"] for each in result["batchItemFailures"]}
        for record in records:
            if record["messageId"] not in failed:
                self._cloud.sqs.delete_message(QueueUrl=self._url, ReceiptHandle=record["receiptHandle"])
        return result

    def left(self) -> tuple[int, int]:
        """Count the visible and the invisible messages."""
        names = ("ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible")
        attributes = self._cloud.sqs.get_queue_attributes(QueueUrl=self._url, AttributeNames=["All"])["Attributes"]
        waiting, hidden = (int(attributes[name]) for name in names)  # type: ignore[index]
        return waiting, hidden


@pytest.fixture
def requests(cloud: Cloud) -> Requests:
    """Create the queue, and register the source of the requests."""
    cloud.register(a_source())
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
