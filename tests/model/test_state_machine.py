"""Random operations in random order lead to the expected state, over the fakes and over moto."""

from contextlib import ExitStack
from functools import cache

import boto3
import pytest
from hypothesis import HealthCheck, settings
from hypothesis.stateful import run_state_machine_as_test
from moto import mock_aws

from tests.contract.stores import AwsStores, InMemoryStores, Stores
from tests.model.state_machine import IntegrationStateMachine

# Derandomized, so that each run tries the same examples and a failure is reproducible.
_SETTINGS = settings(derandomize=True, deadline=None, database=None, suppress_health_check=[*HealthCheck])


class FakeStoresMachine(IntegrationStateMachine):
    def create_stores(self, stack: ExitStack) -> Stores:  # noqa: ARG002 - no context to leave
        return InMemoryStores()


class AwsStoresMachine(IntegrationStateMachine):
    def create_stores(self, stack: ExitStack) -> Stores:
        stack.enter_context(mock_aws())
        return AwsStores(session())


@cache
def session() -> boto3.Session:
    return boto3.Session()


@pytest.mark.no_cover
def test_random_operations_over_fakes_match_the_model() -> None:
    run_state_machine_as_test(FakeStoresMachine, settings=settings(_SETTINGS, max_examples=300, stateful_step_count=40))


@pytest.mark.no_cover
def test_random_operations_over_moto_match_the_model() -> None:
    run_state_machine_as_test(AwsStoresMachine, settings=settings(_SETTINGS, max_examples=12, stateful_step_count=30))
