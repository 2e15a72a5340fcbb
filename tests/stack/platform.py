"""A platform beside the running stack: it asks by event, listens, and looks at the queues."""

import json
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from tools.local.aws import client
from tools.local.connection import Connection
from tools.local.deployment import STACK

from tests.event_subscriber import ReceivedEvent, Subscriber
from tests.stack.conftest import Stack

SOURCE = "platform"


class Platform:
    """What the owner of a platform can reach with an AWS SDK."""

    def __init__(self, stack: Stack, account: str) -> None:
        self.account = account
        self._deployment = stack.deployment
        self.endpoint = stack.deployment.endpoint
        self.cloudformation, self.lambda_, self.sqs = (
            client(service, self.endpoint) for service in ("cloudformation", "lambda", "sqs")
        )
        self._events = client("events", self.endpoint)
        described = self.cloudformation.describe_stacks(StackName=STACK)["Stacks"][0]
        self.outputs = {each["OutputKey"]: each["OutputValue"] for each in described["Outputs"]}
        self._listener = Subscriber(self._events, self.sqs, self.outputs["EventBusName"], "ai-integrations")
        self._heard: list[ReceivedEvent] = []

    def ask(self, what: str, **parts: Any) -> float:
        """Put a request on the bus, and return when."""
        detail = {"account": self.account, "user": "platform", **parts}
        entry = {
            "EventBusName": self.outputs["EventBusName"],
            "Source": SOURCE,
            "DetailType": f"AI Integration {what} Requested",
            "Detail": json.dumps(detail),
        }
        now = time.monotonic()
        assert self._events.put_events(Entries=[entry])["FailedEntryCount"] == 0
        return now

    def hears(self, count: int, *, within: float, of: str = "") -> list[ReceivedEvent]:
        """Return what has been heard of this platform's account, once it is so much."""
        deadline = time.monotonic() + within
        while True:
            found = [each for each in self._heard if of in each.detail_type]
            if len(found) >= count or time.monotonic() > deadline:
                assert len(found) == count, found
                return found
            mine = [each for each in self._listener.receive(wait=1) if each.detail.get("account") == self.account]
            self._heard += mine

    def outcome(self, request_id: str, *, within: float) -> ReceivedEvent:
        """Return the outcome of a request, once it is heard."""
        deadline = time.monotonic() + within
        while True:
            for each in self._heard:
                if each.detail.get("request_id") == request_id:
                    return each
            assert time.monotonic() < deadline, f"no outcome of {request_id}"
            self._heard += self._listener.receive(wait=1)

    def items(self, prefix: str = "") -> list[dict[str, Any]]:
        """Return the items of the account whose sort key begins so."""
        answer = client("dynamodb", self.endpoint).query(
            TableName=self.outputs["TableName"],
            KeyConditionExpression="pk = :pk",
            ExpressionAttributeValues={":pk": {"S": f"ACCOUNT#{self.account}"}},
        )
        return [item for item in answer["Items"] if item["sk"]["S"].startswith(prefix)]

    def logs(self, function: str) -> str:
        """Return what a function has written."""
        events = client("logs", self.endpoint).filter_log_events(logGroupName=f"/{STACK}/{function}")["events"]
        return "\n".join(each["message"] for each in events)

    def settings(self) -> dict[str, str]:
        """Return the variables by which AWS's own tools find the stack."""
        variables = Connection(url="", endpoint=self.endpoint, api_key="", account="", function="").variables()
        return {name: value for name, value in variables.items() if name.startswith("AWS_")}

    def in_queue(self, output: str) -> int:
        """Return how many messages a queue has, those included that a function holds or that wait."""
        names = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
        attributes = self.sqs.get_queue_attributes(QueueUrl=self.outputs[output], AttributeNames=names)["Attributes"]
        return sum(int(attributes[name]) for name in names)

    @contextmanager
    def store_unavailable(self) -> Iterator[None]:
        """Let the function that carries requests out find nobody at the address of the store."""
        name = self._deployment._physical_id("ProvisionFunction")
        before = self.lambda_.get_function_configuration(FunctionName=name)["Environment"]
        nobody = {"AWS_ENDPOINT_URL_DYNAMODB": "http://127.0.0.1:1"}
        self.lambda_.update_function_configuration(
            FunctionName=name, Environment={"Variables": before["Variables"] | nobody}
        )
        try:
            yield
        finally:
            self.lambda_.update_function_configuration(FunctionName=name, Environment=before)

    @contextmanager
    def given_up_after(self, deliveries: int) -> Iterator[None]:
        """Let a request be dead sooner than the template says, whose half hour is too long for a test."""
        url = self.outputs["ProvisioningQueueUrl"]
        attributes = self.sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["RedrivePolicy"])["Attributes"]
        sooner = json.loads(attributes["RedrivePolicy"]) | {"maxReceiveCount": deliveries}
        self.sqs.set_queue_attributes(QueueUrl=url, Attributes={"RedrivePolicy": json.dumps(sooner)})
        try:
            yield
        finally:
            self.sqs.set_queue_attributes(QueueUrl=url, Attributes=attributes)


def until(is_so: Callable[[], bool], *, within: float) -> None:
    deadline = time.monotonic() + within
    while not is_so():
        assert time.monotonic() < deadline
        time.sleep(0.1)
