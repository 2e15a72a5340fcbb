"""Whatever callers do, in whatever order, they find what they may expect; over the fakes and over an in-process AWS."""

from contextlib import ExitStack
from functools import cache

import boto3
from hypothesis import HealthCheck, settings
from hypothesis.stateful import run_state_machine_as_test
from moto import mock_aws

from tests.contract.worlds import AwsWorld, InMemoryWorld, World
from tests.model.machine import Machine

# The same examples in each run: what it finds can be found again.
_SETTINGS = settings(derandomize=True, deadline=None, database=None, suppress_health_check=[*HealthCheck])


class OverFakes(Machine):
    def enter(self, stack: ExitStack) -> World:  # noqa: ARG002 - there is nothing to leave
        return InMemoryWorld()


class OverAws(Machine):
    def enter(self, stack: ExitStack) -> World:
        stack.enter_context(mock_aws())
        return AwsWorld(session())


@cache
def session() -> boto3.Session:
    return boto3.Session()


def test_behaves_as_its_model_over_fakes() -> None:
    run_state_machine_as_test(OverFakes, settings=settings(_SETTINGS, max_examples=300, stateful_step_count=40))


def test_behaves_as_its_model_over_aws() -> None:
    run_state_machine_as_test(OverAws, settings=settings(_SETTINGS, max_examples=12, stateful_step_count=30))
