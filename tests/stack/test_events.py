"""Changes requested by event on the deployed stack: event bus, queue, function, table, and events about the outcome."""

import json
import time
import urllib.request
from collections.abc import Iterator
from typing import Any
from uuid import uuid4

import pytest
from tools.local.aws import client
from tools.operations.__main__ import main

from tests.builders import API_KEY
from tests.stack.conftest import Stack
from tests.stack.platform_client import PlatformClient, wait_until

BODY = {"name": "Production OpenAI", "provider": "openAI"}


@pytest.fixture
def platform(stack: Stack) -> PlatformClient:
    return PlatformClient(stack, f"account-{uuid4().hex}")


@pytest.fixture(scope="module", autouse=True)
def warm_functions(stack: Stack) -> Iterator[None]:
    """Start all functions before the first test: on a shared processor, cold starts would exceed its time limit.

    After the last test, both dead-letter queues are empty.
    """
    platform = PlatformClient(stack, f"account-{uuid4().hex}")
    platform.request("Create", request_id="warm", integration=BODY)
    platform.wait_for_events(2, within=20)
    yield
    assert platform.message_count("ProvisioningDeadLetterQueueUrl") == 0
    assert platform.message_count("StreamDeadLetterQueueUrl") == 0


def test_create_by_event_publishes_its_outcome_within_two_seconds(platform: PlatformClient) -> None:
    requested_at = platform.request("Create", request_id="request-1", integration=BODY)
    outcome = platform.wait_for_outcome("request-1", within=2)
    assert time.monotonic() - requested_at < 2
    assert outcome.detail_type == "AI Integration Create Succeeded"
    [item] = platform.items("INTEGRATION#")
    assert item["name"]["S"] == BODY["name"]


def test_create_repeated_ten_times_creates_one_integration_and_reports_equal_outcomes(platform: PlatformClient) -> None:
    for _ in range(10):
        platform.request("Create", request_id="request-1", integration=BODY)
    outcomes = platform.wait_for_events(10, within=10, detail_type="Create Succeeded")
    assert len({json.dumps(each.detail) for each in outcomes}) == 1
    assert len(platform.items("INTEGRATION#")) == 1
    platform.wait_for_events(1, within=5, detail_type="Integration Created")


def test_invalid_request_fails_once_and_stays_in_no_queue(platform: PlatformClient) -> None:
    platform.request("Create", request_id="request-1", integration={"name": "x"})
    outcome = platform.wait_for_outcome("request-1", within=5)
    assert outcome.detail_type == "AI Integration Create Failed"
    assert [each["pointer"] for each in outcome.detail["problem"]["errors"]] == ["/integration/provider"]
    wait_until(lambda: platform.message_count("ProvisioningQueueUrl") == 0, within=5)
    assert platform.message_count("ProvisioningDeadLetterQueueUrl") == 0
    assert platform.items() == []


def test_request_with_an_api_key_fails_and_the_key_is_not_queued_or_logged(platform: PlatformClient) -> None:
    """The rule on the bus forwards a placeholder as /integration/api_key, wherever the event contained the key."""
    platform.request("Create", request_id="request-1", integration={**BODY, "api_key": API_KEY})
    platform.request("Create", request_id="request-2", api_key=API_KEY, integration=BODY)
    outcomes = [platform.wait_for_outcome(f"request-{number}", within=5) for number in (1, 2)]
    problems = [each.detail["problem"] for each in outcomes]
    assert [each["pointer"] for problem in problems for each in problem["errors"]] == ["/integration/api_key"] * 2
    assert platform.items() == []
    assert API_KEY not in json.dumps(problems) + platform.logs("provision")


@pytest.mark.parametrize("address", [{}, {"request_id": None}, {"request_id": {"a": "b"}}, {"account": 5}], ids=repr)
def test_request_with_an_api_key_and_no_valid_address_is_answered(
    platform: PlatformClient, address: dict[str, Any]
) -> None:
    event_id = platform.put("Create", {**address, "integration": {**BODY, "api_key": API_KEY}})
    outcome = platform.wait_for_problem(event_id, within=10)
    assert outcome.detail["problem"]["errors"][0]["pointer"] == "/integration/api_key"
    wait_until(lambda: platform.message_count("ProvisioningQueueUrl") == 0, within=5)
    assert platform.message_count("ProvisioningDeadLetterQueueUrl") == 0


def test_request_with_an_api_key_that_is_an_object_is_answered(platform: PlatformClient) -> None:
    platform.request("Create", request_id="request-1", integration={**BODY, "api_key": {"value": API_KEY}})
    outcome = platform.wait_for_outcome("request-1", within=10)
    assert outcome.detail["problem"]["errors"][0]["pointer"] == "/integration/api_key"
    assert platform.items() == []


def test_message_that_cannot_be_processed_is_dead_lettered_at_once(platform: PlatformClient) -> None:
    platform.sqs.send_message(QueueUrl=platform.outputs["ProvisioningQueueUrl"], MessageBody="not JSON")
    url = platform.outputs["ProvisioningDeadLetterQueueUrl"]
    wait_until(lambda: platform.message_count("ProvisioningDeadLetterQueueUrl") == 1, within=10)
    [message] = platform.sqs.receive_message(QueueUrl=url)["Messages"]
    assert message["Body"] == "not JSON"
    platform.sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])


def test_poison_record_is_dead_lettered_and_later_changes_are_published(
    platform: PlatformClient, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    key = {"pk": {"S": f"ACCOUNT#{platform.account}"}, "sk": {"S": "INTEGRATION#unreadable"}}
    dynamodb = client("dynamodb", platform.endpoint)
    dynamodb.put_item(TableName=platform.outputs["TableName"], Item=key)
    dynamodb.delete_item(TableName=platform.outputs["TableName"], Key=key)
    platform.request("Create", request_id="request-1", integration=BODY)
    platform.wait_for_events(1, within=10, detail_type="Integration Created")
    assert platform.message_count("StreamDeadLetterQueueUrl") == 1
    with pytest.raises(SystemExit, match="1 poison: "):
        operate(platform, monkeypatch, "replay-changes")
    printed = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [(line["item"]["sk"], line["result"]) for line in printed] == [
        ("INTEGRATION#unreadable", "processed"),
        ("INTEGRATION#unreadable", "poison"),
    ]
    assert platform.message_count("StreamDeadLetterQueueUrl") == 1
    platform.sqs.purge_queue(QueueUrl=platform.outputs["StreamDeadLetterQueueUrl"])


def test_discarded_change_is_published_again_by_replay_changes(
    platform: PlatformClient, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The emulator discards records only after hours: the test sends the message that Lambda would send."""
    platform.request("Create", request_id="request-1", integration=BODY)
    [first] = platform.wait_for_events(1, within=10, detail_type="Integration Created")
    body = json.dumps({"DDBStreamBatchInfo": platform.stream_position("INTEGRATION#")})
    platform.sqs.send_message(QueueUrl=platform.outputs["StreamDeadLetterQueueUrl"], MessageBody=body)
    operate(platform, monkeypatch, "replay-changes")
    assert [json.loads(line)["result"] for line in capsys.readouterr().out.splitlines()] == ["processed"]
    assert platform.wait_for_events(2, within=10, detail_type="Integration Created") == [first] * 2
    assert platform.message_count("StreamDeadLetterQueueUrl") == 0


def operate(platform: PlatformClient, monkeypatch: pytest.MonkeyPatch, *commands: str) -> None:
    """Run commands of operators on the stack."""
    for name, value in platform.aws_environment().items():
        monkeypatch.setenv(name, value)
    for command in commands:
        main([command])


def test_every_change_publishes_an_event_in_order_and_without_secrets(stack: Stack, platform: PlatformClient) -> None:
    key = stack.issue_key(account=platform.account)
    created = call(stack, key, "POST", body={**BODY, "api_key": API_KEY, "headers": {"X-Team": "fake"}})["id"]
    call(stack, key, "PATCH", created, body={"model_names": ["gpt-4"], "headers": {"X-Team": "fake-header-value"}})
    call(stack, key, "POST", f"{created}/key-rotations", body={"api_key": f"{API_KEY}-2"})
    call(stack, key, "DELETE", created)
    call(stack, key, "POST", f"{created}/restore")
    events = platform.wait_for_events(5, within=10)
    assert [(each.detail_type, each.detail["version"]) for each in events] == [
        ("AI Integration Created", 1),
        ("AI Integration Updated", 2),
        ("AI Integration Key Rotated", 3),
        ("AI Integration Deleted", 3),
        ("AI Integration Restored", 4),
    ]
    assert events[1].detail["changed_fields"] == ["headers", "model_names"]
    published = json.dumps([each.detail for each in events])
    assert "arn:aws:secretsmanager" not in published
    output = published + platform.logs("publish-changes") + platform.logs("api")
    assert not [secret for secret in (API_KEY, "fake-header-value") if secret in output]


def call(stack: Stack, key: str, method: str, path: str = "", body: object = None) -> dict[str, Any]:
    request = urllib.request.Request(  # noqa: S310 the stack's own address
        f"{stack.url}/v2/ai-integrations/{path}".rstrip("/"),
        method=method,
        data=None if body is None else json.dumps(body).encode(),
        headers={"Authorization": f"Bearer {key}", "Content-Type": "application/json"},
    )
    with urllib.request.urlopen(request, timeout=30) as response:  # noqa: S310
        content: dict[str, Any] = json.loads(response.read() or b"{}")
    return content


def test_request_dead_lettered_during_a_dynamodb_outage_succeeds_when_replayed(
    platform: PlatformClient, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    with platform.dynamodb_unreachable(), platform.max_receive_count(2):
        requested_at = platform.request("Create", request_id="request-1", integration=BODY)
        wait_until(lambda: platform.message_count("ProvisioningDeadLetterQueueUrl") == 1, within=40)
    assert time.monotonic() - requested_at > 5, "the request was not retried with a delay"
    assert platform.items() == []
    operate(platform, monkeypatch, "dead-requests", "replay-requests")
    printed = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [(line["account"], line["request_id"]) for line in printed] == [(platform.account, "request-1")] * 2
    assert platform.wait_for_outcome("request-1", within=10).detail_type == "AI Integration Create Succeeded"
    assert len(platform.items("INTEGRATION#")) == 1
    assert platform.message_count("ProvisioningDeadLetterQueueUrl") == 0
