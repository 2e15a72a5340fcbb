"""The command with which operators publish the changes in the stream's dead-letter queue again."""

import io
import json
import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import boto3
import pytest
from tools.operations import __main__
from tools.operations.dead_changes import SECONDS_HIDDEN, DeadChanges, FailedError
from tools.operations.message_queue import MessageQueue
from tools.operations.table_stream import ExpiredError, Position, TableStream

from ai_integrations.adapters.dynamodb import items
from ai_integrations.adapters.dynamodb.attributes import to_wire
from tests.builders import ROOT, ULID, an_integration
from tests.cloud import Cloud
from tests.event_subscriber import Subscriber
from tests.messaging import DeadLetters

PUBLISH = "events:PutEvents"
HEADERS = {"X-Key": "fake-header-value-0123456789"}
FIRST = an_integration(headers=HEADERS)
UNREADABLE = {"pk": f"ACCOUNT#{FIRST.account}", "sk": "INTEGRATION#unreadable"}


class LambdaClient:
    """Invokes the function in this process."""

    def __init__(self, cloud: Cloud) -> None:
        self._function = cloud.function("publish_changes")
        self.invocations: list[list[str]] = []

    def invoke(self, *, FunctionName: str, Payload: str) -> dict[str, Any]:  # noqa: N803 - boto3's names
        assert FunctionName == "publish-changes"
        event = json.loads(Payload)
        self.invocations.append([each["dynamodb"]["Keys"]["sk"]["S"] for each in event["Records"]])
        try:
            result = self._function(event)
        except Exception:  # noqa: BLE001 - Lambda reports every exception like this
            return {"FunctionError": "Unhandled", "Payload": io.BytesIO(b'{"errorMessage": ""}')}
        return {"Payload": io.BytesIO(json.dumps(result).encode())}


class DeadChangesFixture:
    """A table with a stream, and the dead-letter queue of its records."""

    def __init__(self, cloud: Cloud) -> None:
        self.cloud = cloud
        enabled = {"StreamEnabled": True, "StreamViewType": "NEW_AND_OLD_IMAGES"}
        cloud.dynamodb.update_table(TableName=cloud.table, StreamSpecification=enabled)  # type: ignore[arg-type]
        described = cloud.dynamodb.describe_table(TableName=cloud.table)["Table"]
        self.stream = described["LatestStreamArn"]
        self.streams: Any = boto3.client("dynamodbstreams")
        self.dead_letters = DeadLetters(cloud, "publish_changes")
        self.client = LambdaClient(cloud)
        queue = MessageQueue(cloud.sqs, self.dead_letters.url, seconds_hidden=SECONDS_HIDDEN)
        self.dead_changes = DeadChanges(queue, TableStream(self.streams), self.client, "publish-changes")  # type: ignore[arg-type]

    def write(self, *written: items.Item) -> list[str]:
        """Write items, and return the sequence numbers of all records so far."""
        for item in written:
            self.cloud.dynamodb.put_item(TableName=self.cloud.table, Item=to_wire(item))
        return [each["dynamodb"]["SequenceNumber"] for each in self.records()]

    def records(self) -> list[dict[str, Any]]:
        position = {"StreamArn": self.stream, "ShardId": self.shard, "ShardIteratorType": "TRIM_HORIZON"}
        iterator = self.streams.get_shard_iterator(**position)["ShardIterator"]
        records: list[dict[str, Any]] = self.streams.get_records(ShardIterator=iterator)["Records"]
        return records

    @property
    def shard(self) -> str:
        [shard] = self.streams.describe_stream(StreamArn=self.stream)["StreamDescription"]["Shards"]
        return str(shard["ShardId"])

    def discard(self, first: str, last: str, **changes: Any) -> None:
        """Send the message that Lambda sends when it discards these records."""
        batch = {
            "shardId": self.shard,
            "startSequenceNumber": first,
            "endSequenceNumber": last,
            "approximateArrivalOfFirstRecord": "2026-01-02T12:00:00Z",
            "approximateArrivalOfLastRecord": "2026-01-02T12:00:01Z",
            "batchSize": 1,
            "streamArn": self.stream,
        }
        body = {"requestContext": {"condition": "RecordAgeExceeded"}, "DDBStreamBatchInfo": batch | changes}
        self.send(json.dumps(body))

    def send(self, body: str) -> None:
        self.cloud.sqs.send_message(QueueUrl=self.dead_letters.url, MessageBody=body)

    def replay(self) -> list[str]:
        return [each["result"] for each in self.dead_changes.replay()]


@pytest.fixture
def fixture(cloud: Cloud) -> DeadChangesFixture:
    return DeadChangesFixture(cloud)


def changes(count: int) -> Iterator[items.Item]:
    """Build the items of consecutive versions of one integration."""
    for version in range(1, count + 1):
        yield items.integration_item(replace(FIRST, version=version, name=f"Name {version}"))


def received_ids(bus: Subscriber) -> list[str]:
    return [event.detail["event_id"] for event in bus.receive()]


def test_replay_publishes_the_discarded_changes_in_order_and_deletes_their_messages(
    fixture: DeadChangesFixture, bus: Subscriber
) -> None:
    numbers = fixture.write(*changes(4))
    fixture.discard(numbers[2], numbers[2])
    fixture.discard(numbers[0], numbers[1])
    assert fixture.replay() == ["processed"] * 2
    assert received_ids(bus) == [f"{ULID}.1.created", f"{ULID}.2.updated", f"{ULID}.3.updated"]
    assert fixture.replay() == []


def test_replay_passes_at_most_25_records_to_the_function_at_once(fixture: DeadChangesFixture, bus: Subscriber) -> None:
    numbers = fixture.write(*changes(60))
    fixture.discard(numbers[0], numbers[-1])
    assert fixture.replay() == ["processed"]
    assert [len(each) for each in fixture.client.invocations] == [25, 25, 10]
    assert len(received_ids(bus)) == 60


def test_replay_yields_the_times_of_the_changes_and_no_values(fixture: DeadChangesFixture, bus: Subscriber) -> None:
    [number] = fixture.write(*changes(1))
    fixture.discard(number, number)
    [shown] = fixture.dead_changes.replay()
    assert shown.pop("sent_at").startswith("20")
    assert shown == {
        "first_change_at": "2026-01-02T12:00:00Z",
        "last_change_at": "2026-01-02T12:00:01Z",
        "item": None,
        "result": "processed",
    }
    assert len(received_ids(bus)) == 1


def test_replay_keeps_a_poison_record_and_publishes_the_others(fixture: DeadChangesFixture, bus: Subscriber) -> None:
    first, second = changes(2)
    numbers = fixture.write(first, UNREADABLE, second)
    fixture.discard(numbers[0], numbers[-1])
    assert fixture.replay() == ["processed", "processed", "poison"]
    assert received_ids(bus) == [f"{ULID}.1.created", f"{ULID}.2.updated"]
    [message] = [json.loads(each) for each in fixture.dead_letters.receive()]
    assert message["keys"] == UNREADABLE
    assert message["DDBStreamBatchInfo"]["startSequenceNumber"] == numbers[1]


def test_replay_publishes_a_former_poison_record_that_the_function_can_process(
    fixture: DeadChangesFixture, bus: Subscriber
) -> None:
    [number] = fixture.write(*changes(1))
    batch = {"streamArn": fixture.stream, "startSequenceNumber": number, "endSequenceNumber": number, "batchSize": 1}
    fixture.send(json.dumps({"keys": {"pk": "p", "sk": "s"}, "DDBStreamBatchInfo": batch}))
    assert fixture.replay() == ["processed"]
    assert received_ids(bus) == [f"{ULID}.1.created"]


@pytest.mark.parametrize(
    "failure", [("ThrottlingException", 400), ("InternalException", 500)], ids=lambda failure: failure[0]
)
@pytest.mark.parametrize("count", [1, 2])
def test_replay_stops_while_aws_fails_and_keeps_the_messages(
    fixture: DeadChangesFixture, bus: Subscriber, failure: tuple[str, int], count: int
) -> None:
    numbers = fixture.write(*changes(3))
    fixture.discard(numbers[0], numbers[count - 1])
    fixture.discard(numbers[2], numbers[2])
    fixture.cloud.fail(PUBLISH, failure)
    with pytest.raises(FailedError, match=numbers[0]):
        fixture.replay()
    fixture.cloud.recover()
    assert fixture.replay() == ["processed"] * 2
    assert received_ids(bus)[0] == f"{ULID}.1.created"


@pytest.mark.parametrize("error", ["ResourceNotFoundException", "TrimmedDataAccessException"])
def test_replay_keeps_the_message_of_records_that_the_stream_has_deleted(
    fixture: DeadChangesFixture, bus: Subscriber, monkeypatch: pytest.MonkeyPatch, error: str
) -> None:
    [number] = fixture.write(*changes(1))
    fixture.discard(number, number)

    def expired(**_: Any) -> None:
        raise getattr(fixture.streams.exceptions, error)({}, "GetShardIterator")

    with monkeypatch.context() as context:
        context.setattr(fixture.streams, "get_shard_iterator", expired)
        assert fixture.replay() == ["expired"]
    assert received_ids(bus) == []
    assert fixture.replay() == ["processed"]


def test_replay_takes_the_messages_in_the_order_of_their_sequence_numbers(fixture: DeadChangesFixture) -> None:
    """The numbers do not have the same number of digits."""
    numbers = ["1000000000000000000003", "200000000000000000001", "99"]
    for number in numbers:
        discard_expired(fixture, number, approximateArrivalOfFirstRecord=number)
    fixture.streams.get_shard_iterator = _or_expired(fixture)
    replayed = [each["first_change_at"] for each in fixture.dead_changes.replay()]
    assert replayed == [*reversed(numbers)]


def test_replay_never_takes_a_later_record_for_a_deleted_one(
    fixture: DeadChangesFixture, bus: Subscriber, monkeypatch: pytest.MonkeyPatch
) -> None:
    [number, _] = fixture.write(*changes(2))
    fixture.discard(number, number)
    later = fixture.records()[1:]
    monkeypatch.setattr(fixture.streams, "get_records", lambda **_: {"Records": later})
    assert fixture.replay() == ["expired"]
    assert received_ids(bus) == []


BATCH = {"streamArn": "arn", "startSequenceNumber": "x", "endSequenceNumber": "x"}


@pytest.mark.parametrize(
    "body",
    ["not JSON", "[]", "{}", *[json.dumps({"DDBStreamBatchInfo": batch}) for batch in ({}, 5, BATCH)]],
)
def test_replay_keeps_a_message_that_has_no_position(fixture: DeadChangesFixture, body: str) -> None:
    fixture.send(body)
    assert fixture.replay() == ["unreadable"]
    assert fixture.dead_letters.receive() == [body]


class Streams:
    """A stream whose shards are on two pages, and of which the second shard contains the record 7."""

    exceptions = boto3.client("dynamodbstreams", region_name="eu-central-1").exceptions
    SHARDS = (("old", 1, 5), ("closed", 3, 9), ("open", 6, None), ("later", 8, None))

    def __init__(self) -> None:
        self.tried: list[str] = []

    def describe_stream(self, *, StreamArn: str, ExclusiveStartShardId: str | None = None) -> dict[str, Any]:  # noqa: ARG002, N803 - boto3's names
        names = [name for name, *_ in self.SHARDS]
        start = names.index(ExclusiveStartShardId) + 1 if ExclusiveStartShardId else 0
        page = self.SHARDS[start : start + 2]
        described: dict[str, Any] = {"Shards": [self._described(*each) for each in page]}
        if start + 2 < len(self.SHARDS):
            described["LastEvaluatedShardId"] = page[-1][0]
        return {"StreamDescription": described}

    @staticmethod
    def _described(name: str, first: int, last: int | None) -> dict[str, Any]:
        end = {} if last is None else {"EndingSequenceNumber": str(last)}
        return {"ShardId": name, "SequenceNumberRange": {"StartingSequenceNumber": str(first), **end}}

    def get_shard_iterator(self, *, ShardId: str, **_: Any) -> dict[str, Any]:  # noqa: N803 - boto3's name
        self.tried.append(ShardId)
        return {"ShardIterator": ShardId}

    @staticmethod
    def get_records(*, ShardIterator: str, **_: Any) -> dict[str, Any]:  # noqa: N803 - boto3's name
        number = {"closed": "8", "open": "7"}[ShardIterator]
        return {"Records": [{"dynamodb": {"SequenceNumber": number}}]}


def test_poison_record_is_searched_in_the_shards_that_may_contain_it() -> None:
    streams = Streams()
    [[record]] = TableStream(streams).pages(Position(stream="arn", shard=None, first="7", last="7"))
    assert record["dynamodb"]["SequenceNumber"] == "7"
    assert streams.tried == ["closed", "open"]


class EmptyPages:
    """A shard whose record 7 comes after some empty pages. The iterator is the number of the page."""

    exceptions = Streams.exceptions

    def __init__(self, empty: int) -> None:
        self._empty = empty
        self.calls = 0

    @staticmethod
    def get_shard_iterator(**_: str) -> dict[str, str]:
        return {"ShardIterator": "0"}

    def get_records(self, *, ShardIterator: str, **_: int) -> dict[str, Any]:  # noqa: N803 - boto3's name
        self.calls += 1
        page = int(ShardIterator)
        records = [{"dynamodb": {"SequenceNumber": "7"}}] if page == self._empty else []
        return {"Records": records, "NextShardIterator": str(page + 1)}


class Numbered:
    """A shard with the records 8 to 12 on one page."""

    exceptions = Streams.exceptions

    @staticmethod
    def get_shard_iterator(*, SequenceNumber: str, **_: str) -> dict[str, str]:  # noqa: N803 - boto3's name
        return {"ShardIterator": SequenceNumber}

    @staticmethod
    def get_records(*, ShardIterator: str, **_: int) -> dict[str, Any]:  # noqa: N803 - boto3's name
        return {"Records": [{"dynamodb": {"SequenceNumber": str(each)}} for each in range(int(ShardIterator), 13)]}


@pytest.mark.parametrize(("first", "last"), [("8", "9"), ("8", "11"), ("10", "10")])
def test_records_are_read_up_to_the_last_number_whatever_its_number_of_digits(first: str, last: str) -> None:
    [page] = TableStream(Numbered()).pages(Position(stream="arn", shard="shard", first=first, last=last))
    read = [each["dynamodb"]["SequenceNumber"] for each in page]
    assert read == [str(number) for number in range(int(first), int(last) + 1)]


POSITION = Position(stream="arn", shard="shard", first="7", last="7")


def test_record_is_found_after_empty_pages() -> None:
    [[record]] = TableStream(EmptyPages(3)).pages(POSITION)
    assert record["dynamodb"]["SequenceNumber"] == "7"


def test_record_is_not_searched_in_an_open_shard_without_end() -> None:
    streams = EmptyPages(1_000_000)
    with pytest.raises(ExpiredError):
        next(TableStream(streams).pages(POSITION))
    assert streams.calls == 100


def run_command(fixture: DeadChangesFixture, monkeypatch: pytest.MonkeyPatch) -> None:
    """Run `make replay-changes` with the clients of the fixture."""
    outputs = {"StreamDeadLetterQueueUrl": fixture.dead_letters.url, "PublishChangesFunctionName": "publish-changes"}
    clients = {
        "cloudformation": boto3.client("cloudformation"),
        "lambda": fixture.client,
        "sqs": fixture.cloud.sqs,
        "dynamodbstreams": fixture.streams,
    }
    monkeypatch.setattr(__main__, "stack_outputs", lambda *_: outputs)
    monkeypatch.setattr(boto3, "client", clients.get)
    __main__.main(["replay-changes"])


def test_command_prints_the_result_of_each_message(
    fixture: DeadChangesFixture, bus: Subscriber, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    [number] = fixture.write(*changes(1))
    fixture.discard(number, number)
    run_command(fixture, monkeypatch)
    assert [json.loads(line)["result"] for line in capfd.readouterr().out.splitlines()] == ["processed"]
    assert len(received_ids(bus)) == 1


@pytest.mark.usefixtures("bus")
def test_command_needs_the_documented_permissions(fixture: DeadChangesFixture, monkeypatch: pytest.MonkeyPatch) -> None:
    [first, second] = fixture.write(*changes(1), UNREADABLE)
    fixture.discard(first, second)
    fixture.send("not JSON")  # stays in the queue
    used = {"cloudformation:DescribeStacks", "lambda:InvokeFunction"}  # the fixture replaces these
    for client in (fixture.cloud.sqs, fixture.streams):
        client.meta.events.register(
            "before-call", lambda model, **_: used.add(f"{model.service_model.signing_name}:{model.name}")
        )
    with pytest.raises(SystemExit, match="1 unreadable: "):
        run_command(fixture, monkeypatch)
    section = (ROOT / "docs/operations.md").read_text().partition("\n## Publish unpublished changes\n")[2]
    documented = section.partition("\nThe command needs ")[2].partition("\n\n")[0]
    assert set(re.findall(r"`(\w+:\w+)`", documented)) == used


def test_command_fails_with_advice_on_the_messages_that_are_left(
    fixture: DeadChangesFixture, bus: Subscriber, monkeypatch: pytest.MonkeyPatch
) -> None:
    [first, second] = fixture.write(*changes(1), UNREADABLE)
    fixture.discard(first, second)
    discard_expired(fixture, first)
    fixture.send("not JSON")
    monkeypatch.setattr(fixture.streams, "get_shard_iterator", _or_expired(fixture))
    with pytest.raises(SystemExit, match=r"1 unreadable: .+\n1 expired: .+24 hours.+\n1 poison: .+deploy"):
        run_command(fixture, monkeypatch)
    assert len(received_ids(bus)) == 1


@pytest.mark.parametrize(
    ("hours", "advice"), [(23, "Do not delete messages yet: .+"), (25, "To delete .+: aws sqs purge-queue .+")]
)
def test_command_proposes_to_delete_messages_only_if_their_changes_are_older_than_24_hours(
    fixture: DeadChangesFixture, monkeypatch: pytest.MonkeyPatch, hours: int, advice: str
) -> None:
    changed_at = datetime.now(UTC) - timedelta(hours=hours)
    [number] = fixture.write(*changes(1))
    discard_expired(fixture, number, approximateArrivalOfLastRecord=f"{changed_at:%Y-%m-%dT%H:%M:%SZ}")
    fixture.send("not JSON")
    monkeypatch.setattr(fixture.streams, "get_shard_iterator", _or_expired(fixture))
    with pytest.raises(SystemExit, match=rf"1 expired: .+\n{advice}$"):
        run_command(fixture, monkeypatch)


def test_command_does_not_propose_to_delete_a_message_that_the_function_sent_today(
    fixture: DeadChangesFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    [number] = fixture.write(UNREADABLE)
    fixture.discard(number, number)
    with pytest.raises(SystemExit, match=r"1 poison: .+\nDo not delete messages yet"):
        run_command(fixture, monkeypatch)


def discard_expired(fixture: DeadChangesFixture, number: str, **times: str) -> None:
    """Send a message about a record of a stream that no longer exists."""
    shard = "shardId-00000000000000000000-0000"
    fixture.discard(number, number, streamArn=f"{fixture.stream}-deleted", shardId=shard, **times)


def _or_expired(fixture: DeadChangesFixture) -> Any:
    existing = fixture.streams.get_shard_iterator

    def get_shard_iterator(**position: Any) -> Any:
        if position["StreamArn"] != fixture.stream:
            raise fixture.streams.exceptions.ResourceNotFoundException({}, "GetShardIterator")
        return existing(**position)

    return get_shard_iterator


def test_command_fails_with_advice_while_aws_fails(
    fixture: DeadChangesFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    [number] = fixture.write(*changes(1))
    fixture.discard(number, number)
    fixture.cloud.fail(PUBLISH, ("ThrottlingException", 400))
    with pytest.raises(SystemExit, match="run this command again"):
        run_command(fixture, monkeypatch)
