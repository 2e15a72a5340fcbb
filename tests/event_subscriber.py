"""Somebody who follows a bus: a rule that matches everything of a source, and a queue behind it."""

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from uuid import uuid4

if TYPE_CHECKING:
    from mypy_boto3_events import EventBridgeClient
    from mypy_boto3_sqs import SQSClient


@dataclass(frozen=True)
class ReceivedEvent:
    """An event as a subscriber gets it."""

    source: str
    detail_type: str
    detail: dict[str, Any]


class Subscriber:
    """Gets what is put on a bus from now on."""

    def __init__(self, events: "EventBridgeClient", sqs: "SQSClient", bus: str, source: str) -> None:
        self._sqs = sqs
        self._before: list[ReceivedEvent] = []
        name = f"listener-{uuid4().hex}"
        self._url = sqs.create_queue(QueueName=name)["QueueUrl"]
        arn = sqs.get_queue_attributes(QueueUrl=self._url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
        events.put_rule(Name=name, EventBusName=bus, EventPattern=json.dumps({"source": [source]}))
        events.put_targets(Rule=name, EventBusName=bus, Targets=[{"Id": "queue", "Arn": arn}])

    def receive(self, wait: int = 0) -> list[ReceivedEvent]:
        """Return what has come since the last look, in its order; wait that many seconds for the first of it."""
        heard: list[ReceivedEvent] = []
        while messages := self._receive(0 if heard else wait):
            heard += [_heard(json.loads(each["Body"])) for each in messages]
            entries: Any = [
                {"Id": str(number), "ReceiptHandle": each["ReceiptHandle"]} for number, each in enumerate(messages)
            ]
            self._sqs.delete_message_batch(QueueUrl=self._url, Entries=entries)
        self._before += heard
        return heard

    def all(self) -> list[ReceivedEvent]:
        """Return everything that has come so far."""
        self.receive()
        return self._before

    def _receive(self, wait: int) -> list[Any]:
        answer = self._sqs.receive_message(QueueUrl=self._url, MaxNumberOfMessages=10, WaitTimeSeconds=wait)
        return [*answer.get("Messages", ())]


def _heard(event: dict[str, Any]) -> ReceivedEvent:
    return ReceivedEvent(source=event["source"], detail_type=event["detail-type"], detail=event["detail"])
