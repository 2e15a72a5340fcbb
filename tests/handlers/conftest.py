"""Fixtures for tests that pass an event to a function's `lambda_handler`, with moto instead of AWS.

Every test that uses `cloud` ends with a search for leaked keys.
"""

import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from pytest_socket import disable_socket, enable_socket  # type: ignore[import-untyped]
from tools.operations import message_queue

from ai_integrations.observability import metrics
from tests.cloud import Cloud, cloud
from tests.messaging import bus, requests

__all__ = ["bus", "cloud", "requests"]


@pytest.fixture(autouse=True)
def sockets_closed() -> Iterator[None]:
    disable_socket()
    yield
    enable_socket()


@pytest.fixture(autouse=True)
def short_polling(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the operators' commands not wait at an empty queue; moto has all messages at once."""
    monkeypatch.setattr(message_queue, "SECONDS_WAITED", 0)


@pytest.fixture
def emitted(cloud: Cloud, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Callable[[], Any]:
    """Let the functions print their metrics, and return a function that parses them (embedded metric format)."""
    monkeypatch.setenv("POWERTOOLS_METRICS_DISABLED", "false")
    metrics.clear_metrics()

    def parse() -> list[dict[str, Any]]:
        printed = capfd.readouterr().out
        cloud.published.append(printed)  # for the search for leaks
        return [json.loads(line) for line in printed.splitlines() if "_aws" in line]

    return parse
