"""The record of an invocation's AWS calls, without a client: order, bounds and durations."""

from copy import copy
from types import SimpleNamespace
from typing import Any

import pytest
from botocore.hooks import HierarchicalEmitter

from ai_integrations.bootstrap.aws_calls import AwsCalls

SUCCESS = {"http_response": SimpleNamespace(status_code=200), "parsed": {}}


class Clock:
    """A clock that a test moves. It returns seconds."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def calls(clock: Clock) -> AwsCalls:
    return AwsCalls(clock)


@pytest.fixture
def emitter(calls: AwsCalls) -> HierarchicalEmitter:
    emitter = HierarchicalEmitter()
    calls.observe(emitter)
    return emitter


def call(emitter: HierarchicalEmitter, clock: Clock, seconds: float, name: str = "GetItem", **context: Any) -> None:
    """Emit the events of a successful call, as botocore does."""
    model = SimpleNamespace(name=name, service_model=SimpleNamespace(service_name="dynamodb"))
    emitter.emit(f"provide-client-params.dynamodb.{name}", model=model, params={"Key": "secret"}, context=context)
    clock.now += seconds
    emitter.emit(f"after-call.dynamodb.{name}", model=model, context=context, **SUCCESS)


def test_log_fields_list_a_call_with_its_duration_and_attempts(
    calls: AwsCalls, emitter: HierarchicalEmitter, clock: Clock
) -> None:
    call(emitter, clock, 0.0124, retries={"attempt": 3})
    clock.now += 1
    entry = {"service": "dynamodb", "operation": "GetItem", "ms": 12, "attempts": 3, "outcome": "ok"}
    assert calls.log_fields() == {"ms": 1012, "aws_ms": 12, "aws_call_count": 1, "aws_calls": [entry]}


def test_log_fields_list_only_the_ten_slowest_calls_and_count_all(
    calls: AwsCalls, emitter: HierarchicalEmitter, clock: Clock
) -> None:
    for number in range(25):
        call(emitter, clock, (number % 5) / 1000, f"Operation{number}")
    fields = calls.log_fields()
    assert [each["ms"] for each in fields["aws_calls"]] == [4] * 5 + [3] * 5
    assert (fields["aws_call_count"], fields["aws_ms"]) == (25, 50)


def test_restart_forgets_the_calls_of_the_invocation_before(
    calls: AwsCalls, emitter: HierarchicalEmitter, clock: Clock
) -> None:
    call(emitter, clock, 1)
    calls.restart()
    assert calls.log_fields() == {"ms": 0, "aws_ms": 0, "aws_call_count": 0, "aws_calls": []}


def test_log_fields_do_not_list_calls_of_an_ignored_client(
    calls: AwsCalls, emitter: HierarchicalEmitter, clock: Clock
) -> None:
    of_client = copy(emitter)
    calls.ignore(of_client)
    call(of_client, clock, 1)
    call(emitter, clock, 0.5)
    assert [each["ms"] for each in calls.log_fields()["aws_calls"]] == [500]


def test_outcome_of_a_call_without_a_response_is_the_type_of_its_error_without_the_message(
    calls: AwsCalls, emitter: HierarchicalEmitter
) -> None:
    model = SimpleNamespace(name="PutItem", service_model=SimpleNamespace(service_name="dynamodb"))
    context: dict[str, Any] = {}
    emitter.emit("provide-client-params.dynamodb.PutItem", model=model, params={}, context=context)
    emitter.emit("after-call-error.dynamodb.PutItem", model=model, context=context, exception=OSError("sk-fake-key"))
    assert [each["outcome"] for each in calls.log_fields()["aws_calls"]] == ["OSError"]
