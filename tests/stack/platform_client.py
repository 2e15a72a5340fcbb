"""A platform: an AWS principal that requests changes by event, and can inspect the stack with an AWS SDK."""

import json
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

from tools.local.aws import ACCESS_KEY_ID, REGION, SECRET_ACCESS_KEY, client
from tools.local.deployment import STACK

from ai_integrations.adapters.dynamodb.items import timestamp
from tests.event_subscriber import ReceivedEvent, Subscriber
from tests.stack.conftest import Stack

SOURCE = "platform"


class PlatformClient:
    """Publishes requests for one account, receives events, and reads items, logs and queues."""

    def __init__(self, stack: Stack, account: str) -> None:
        self.account = account
        stack.register_sender(account=account, source=SOURCE)
        self._deployment = stack.deployment
        self.endpoint = stack.deployment.endpoint
        self.cloudformation, self.lambda_, self.sqs = (
            client(service, self.endpoint) for service in ("cloudformation", "lambda", "sqs")
        )
        self._events = client("events", self.endpoint)
        described = self.cloudformation.describe_stacks(StackName=STACK)["Stacks"][0]
        self.outputs = {each["OutputKey"]: each["OutputValue"] for each in described["Outputs"]}
        self._subscriber = Subscriber(self._events, self.sqs, self.outputs["EventBusName"], "ai-integrations")
        self._received: list[ReceivedEvent] = []

    def request(self, action: str, **detail: Any) -> float:
        """Put a request event on the bus; return the time just before, as time.monotonic() counts it."""
        now = time.monotonic()
        self.put(action, {"account": self.account, "user": "platform", **detail})
        return now

    def put(self, action: str, detail: dict[str, Any]) -> str:
        """Put an event on the bus, and return its id."""
        entry = {
            "EventBusName": self.outputs["EventBusName"],
            "Source": SOURCE,
            "DetailType": f"AI Integration {action} Requested",
            "Detail": json.dumps(detail),
        }
        response = self._events.put_events(Entries=[entry])
        assert response["FailedEntryCount"] == 0
        return str(response["Entries"][0]["EventId"])

    def wait_for_events(self, count: int, *, within: float, detail_type: str = "") -> list[ReceivedEvent]:
        """Wait for exactly this number of events of the account whose detail type contains the given text."""
        deadline = time.monotonic() + within
        while True:
            found = [each for each in self._received if detail_type in each.detail_type]
            if len(found) >= count or time.monotonic() > deadline:
                assert len(found) == count, found
                return found
            received = self._subscriber.receive(wait=1)
            self._received += [each for each in received if each.detail.get("account") == self.account]

    def wait_for_outcome(self, request_id: str, *, within: float) -> ReceivedEvent:
        """Wait for the event that reports the outcome of a request."""
        deadline = time.monotonic() + within
        while True:
            for each in self._received:
                if each.detail.get("request_id") == request_id:
                    return each
            assert time.monotonic() < deadline, f"received no outcome of {request_id}"
            self._received += self._subscriber.receive(wait=1)

    def wait_for_problem(self, event_id: str, *, within: float) -> ReceivedEvent:
        """Wait for the outcome of an event, which names the event's id as the instance of its problem."""
        deadline = time.monotonic() + within
        while True:
            for each in self._subscriber.receive(wait=1):
                if each.detail.get("problem", {}).get("instance") == event_id:
                    return each
            assert time.monotonic() < deadline, f"received no outcome of the event {event_id}"

    def items(self, prefix: str = "") -> list[dict[str, Any]]:
        """Return the account's items whose sort key has this prefix."""
        response = client("dynamodb", self.endpoint).query(
            TableName=self.outputs["TableName"],
            KeyConditionExpression="pk = :pk",
            ExpressionAttributeValues={":pk": {"S": f"ACCOUNT#{self.account}"}},
        )
        return [item for item in response["Items"] if item["sk"]["S"].startswith(prefix)]

    def stream_position(self, prefix: str) -> dict[str, str]:
        """Return the position of the account's record whose sort key has this prefix, as Lambda reports it."""
        streams = client("dynamodbstreams", self.endpoint)
        [stream] = streams.list_streams(TableName=self.outputs["TableName"])["Streams"]
        arn = stream["StreamArn"]
        [shard] = streams.describe_stream(StreamArn=arn)["StreamDescription"]["Shards"]
        start = {"StreamArn": arn, "ShardId": shard["ShardId"], "ShardIteratorType": "TRIM_HORIZON"}
        records = streams.get_records(ShardIterator=streams.get_shard_iterator(**start)["ShardIterator"])["Records"]
        [number] = [
            each["dynamodb"]["SequenceNumber"]
            for each in records
            if each["dynamodb"]["Keys"]["pk"]["S"] == f"ACCOUNT#{self.account}"
            and each["dynamodb"]["Keys"]["sk"]["S"].startswith(prefix)
        ]
        return {
            "streamArn": arn,
            "shardId": shard["ShardId"],
            "startSequenceNumber": number,
            "endSequenceNumber": number,
        }

    def logs(self, function: str) -> str:
        """Return the log of a function."""
        events = client("logs", self.endpoint).filter_log_events(logGroupName=f"/{STACK}/{function}")["events"]
        return "\n".join(each["message"] for each in events)

    def aws_environment(self) -> dict[str, str]:
        """Return the environment variables that point AWS SDKs and the AWS CLI to the stack."""
        return {
            "AWS_ENDPOINT_URL": self.endpoint,
            "AWS_DEFAULT_REGION": REGION,
            "AWS_ACCESS_KEY_ID": ACCESS_KEY_ID,
            "AWS_SECRET_ACCESS_KEY": SECRET_ACCESS_KEY,
        }

    def message_count(self, queue_output: str) -> int:
        """Return the number of messages in a queue, in-flight ones included."""
        names = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
        url = self.outputs[queue_output]
        attributes = self.sqs.get_queue_attributes(QueueUrl=url, AttributeNames=names)["Attributes"]
        return sum(int(attributes[name]) for name in names)

    @contextmanager
    def dynamodb_unreachable(self) -> Iterator[None]:
        """Point the function `provision` to a DynamoDB endpoint at which no server listens."""
        with self.variables("ProvisionFunction", AWS_ENDPOINT_URL_DYNAMODB="http://127.0.0.1:1"):
            yield

    @contextmanager
    def variables(self, function: str, **changed: str) -> Iterator[None]:
        """Change environment variables of a function."""
        name = self._deployment._physical_id(function)
        before = self.lambda_.get_function_configuration(FunctionName=name)["Environment"]
        self.lambda_.update_function_configuration(
            FunctionName=name, Environment={"Variables": before["Variables"] | changed}
        )
        try:
            yield
        finally:
            self.lambda_.update_function_configuration(FunctionName=name, Environment=before)

    def set_age_of_keys(self, age: timedelta) -> None:
        """Change the items of the account as if its integrations had been created this long ago."""
        created_at = {"S": timestamp(datetime.now(UTC) - age)}
        for item in self.items("INTEGRATION#"):
            changed = {**item, "created_at": created_at}
            client("dynamodb", self.endpoint).put_item(TableName=self.outputs["TableName"], Item=changed)

    @contextmanager
    def max_receive_count(self, count: int) -> Iterator[None]:
        """Change how often a request is received before SQS moves it to the dead-letter queue.

        With the template's value, that takes half an hour.
        """
        url = self.outputs["ProvisioningQueueUrl"]
        attributes = self.sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["RedrivePolicy"])["Attributes"]
        changed = json.loads(attributes["RedrivePolicy"]) | {"maxReceiveCount": count}
        self.sqs.set_queue_attributes(QueueUrl=url, Attributes={"RedrivePolicy": json.dumps(changed)})
        try:
            yield
        finally:
            self.sqs.set_queue_attributes(QueueUrl=url, Attributes=attributes)


def wait_until(condition: Callable[[], bool], *, within: float) -> None:
    """Poll a condition; fail if it is not met in this number of seconds."""
    deadline = time.monotonic() + within
    while not condition():
        assert time.monotonic() < deadline, f"the condition was not met within {within} s"
        time.sleep(0.1)
