"""Fixtures for tests that pass an event to a function's `lambda_handler`, with moto instead of AWS.

Every test that uses `cloud` ends with a search for leaked keys.
"""

from collections.abc import Iterator

import pytest
from pytest_socket import disable_socket, enable_socket  # type: ignore[import-untyped]

from tests.cloud import cloud
from tests.messaging import bus, requests

__all__ = ["bus", "cloud", "requests"]


@pytest.fixture(autouse=True)
def sockets_closed() -> Iterator[None]:
    disable_socket()
    yield
    enable_socket()
