"""Integrations by event on the deployed stack: bus, queue, function, store, and the bus again."""

import json
import time
import urllib.request
from collections.abc import Iterator
from typing import Any
from uuid import uuid4

import pytest
from tools.operations.__main__ import main

from tests.builders import API_KEY
from tests.stack.conftest import Stack
from tests.stack.platform import Platform, until

BODY = {"name": "Production OpenAI", "provider": "openAI"}


@pytest.fixture
def platform(stack: Stack) -> Platform:
    return Platform(stack, f"account-{uuid4().hex}")


@pytest.fixture(scope="module", autouse=True)
def functions_are_warm(stack: Stack) -> Iterator[None]:
    """What comes first meets functions that have yet to start, here one after the other on a shared processor."""
    platform = Platform(stack, f"account-{uuid4().hex}")
    platform.ask("Create", request_id="warm", integration=BODY)
    platform.hears(2, within=20)
    yield
    assert (platform.in_queue("ProvisioningDeadLetterQueueUrl"), platform.in_queue("StreamDeadLetterQueueUrl")) == (
        0,
        0,
    )


def test_creates_and_tells_within_two_seconds(platform: Platform) -> None:
    asked = platform.ask("Create", request_id="request-1", integration=BODY)
    outcome = platform.outcome("request-1", within=2)
    assert time.monotonic() - asked < 2
    assert outcome.detail_type == "AI Integration Create Succeeded"
    [item] = platform.items("INTEGRATION#")
    assert item["name"]["S"] == BODY["name"]


def test_makes_one_integration_of_ten_events(platform: Platform) -> None:
    for _ in range(10):
        platform.ask("Create", request_id="request-1", integration=BODY)
    outcomes = platform.hears(10, within=10, of="Create Succeeded")
    assert len({json.dumps(each.detail) for each in outcomes}) == 1
    assert len(platform.items("INTEGRATION#")) == 1
    platform.hears(1, within=5, of="Integration Created")


def test_refuses_an_invalid_request_once_and_keeps_it_nowhere(platform: Platform) -> None:
    platform.ask("Create", request_id="request-1", integration={"name": "x"})
    outcome = platform.outcome("request-1", within=5)
    assert outcome.detail_type == "AI Integration Create Failed"
    assert [each["pointer"] for each in outcome.detail["problem"]["errors"]] == ["/integration/provider"]
    until(lambda: platform.in_queue("ProvisioningQueueUrl") == 0, within=5)
    assert platform.in_queue("ProvisioningDeadLetterQueueUrl") == 0
    assert platform.items() == []


def test_refuses_a_key_that_it_has_never_queued(platform: Platform) -> None:
    """Whatever holds the key, the pointer is that of what the rule puts in its place."""
    platform.ask("Create", request_id="request-1", integration={**BODY, "api_key": API_KEY})
    platform.ask("Create", request_id="request-2", api_key=API_KEY, integration=BODY)
    problems = [platform.outcome(f"request-{number}", within=5).detail["problem"] for number in (1, 2)]
    assert [each["pointer"] for problem in problems for each in problem["errors"]] == ["/integration/api_key"] * 2
    assert platform.items() == []
    assert API_KEY not in json.dumps(problems) + platform.logs("provision")


def test_tells_every_change_in_its_order(stack: Stack, platform: Platform) -> None:
    key = stack.issue_key(account=platform.account)
    made = call(stack, key, "POST", body={**BODY, "api_key": API_KEY})["id"]
    call(stack, key, "PATCH", made, body={"model_names": ["gpt-4"], "headers": {"X-Team": "fake-header-value"}})
    call(stack, key, "POST", f"{made}/key-rotations", body={"api_key": f"{API_KEY}-2"})
    call(stack, key, "DELETE", made)
    call(stack, key, "POST", f"{made}/restore")
    heard = platform.hears(5, within=10)
    assert [(each.detail_type, each.detail["version"]) for each in heard] == [
        ("AI Integration Created", 1),
        ("AI Integration Updated", 2),
        ("AI Integration Key Rotated", 3),
        ("AI Integration Deleted", 3),
        ("AI Integration Restored", 4),
    ]
    assert heard[1].detail["changed_fields"] == ["headers", "model_names"]
    told = json.dumps([each.detail for each in heard])
    assert "arn:aws:secretsmanager" not in told
    said = told + platform.logs("publish-changes") + platform.logs("api")
    assert not [secret for secret in (API_KEY, "fake-header-value") if secret in said]


def call(stack: Stack, key: str, method: str, path: str = "", body: object = None) -> dict[str, Any]:
    request = urllib.request.Request(  # noqa: S310 the stack's own address
        f"{stack.url}/v2/ai-integrations/{path}".rstrip("/"),
        method=method,
        data=None if body is None else json.dumps(body).encode(),
        headers={"Authorization": f"Bearer {key}", "Content-Type": "application/json"},
    )
    with urllib.request.urlopen(request, timeout=30) as response:  # noqa: S310
        answer: dict[str, Any] = json.loads(response.read() or b"{}")
    return answer


def test_outlives_an_outage_of_the_store(
    platform: Platform, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    with platform.store_unavailable(), platform.given_up_after(2):
        asked = platform.ask("Create", request_id="request-1", integration=BODY)
        until(lambda: platform.in_queue("ProvisioningDeadLetterQueueUrl") == 1, within=40)
    assert time.monotonic() - asked > 5, "it was tried again, after a while"
    assert platform.items() == []
    for name, value in platform.settings().items():
        monkeypatch.setenv(name, value)
    main(["dead-requests"])
    main(["replay-requests"])
    shown = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [(line["account"], line["request_id"]) for line in shown] == [(platform.account, "request-1")] * 2
    assert platform.outcome("request-1", within=10).detail_type == "AI Integration Create Succeeded"
    assert len(platform.items("INTEGRATION#")) == 1
    assert platform.in_queue("ProvisioningDeadLetterQueueUrl") == 0
