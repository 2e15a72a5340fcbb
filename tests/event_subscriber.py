"""A subscriber to an event bus: a rule for all events of a source, with a queue as its target."""

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from uuid import uuid4

if TYPE_CHECKING:
    from mypy_boto3_events import EventBridgeClient
    from mypy_boto3_sqs import SQSClient


@dataclass(frozen=True)
class ReceivedEvent:
    """An event as a subscriber receives it."""

    source: str
    detail_type: str
    detail: dict[str, Any]


class Subscriber:
    """Receives the events that are published after its creation."""

    def __init__(self, events: "EventBridgeClient", sqs: "SQSClient", bus: str, source: str) -> None:
        self._sqs = sqs
        self._received: list[ReceivedEvent] = []
        name = f"subscriber-{uuid4().hex}"
        self._url = sqs.create_queue(QueueName=name)["QueueUrl"]
        arn = sqs.get_queue_attributes(QueueUrl=self._url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
        events.put_rule(Name=name, EventBusName=bus, EventPattern=json.dumps({"source": [source]}))
        events.put_targets(Rule=name, EventBusName=bus, Targets=[{"Id": "queue", "Arn": arn}])

    def receive(self, wait: int = 0) -> list[ReceivedEvent]:
        """Receive the events since the last call, in order. Waits up to `wait` seconds for the first one."""
        events: list[ReceivedEvent] = []
        while messages := self._receive(0 if events else wait):
            events += [_parse(json.loads(each["Body"])) for each in messages]
            entries: Any = [
                {"Id": str(number), "ReceiptHandle": each["ReceiptHandle"]} for number, each in enumerate(messages)
            ]
            self._sqs.delete_message_batch(QueueUrl=self._url, Entries=entries)
        self._received += events
        return events

    def all(self) -> list[ReceivedEvent]:
        """Receive what is left, and list all events since the creation."""
        self.receive()
        return self._received

    def _receive(self, wait: int) -> list[Any]:
        response = self._sqs.receive_message(QueueUrl=self._url, MaxNumberOfMessages=10, WaitTimeSeconds=wait)
        return [*response.get("Messages", ())]


def _parse(event: dict[str, Any]) -> ReceivedEvent:
    return ReceivedEvent(source=event["source"], detail_type=event["detail-type"], detail=event["detail"])
