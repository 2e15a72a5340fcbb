"""Fixtures with real servers on loopback; connections to other addresses are blocked."""

from collections.abc import Iterator

import pytest
from pytest_socket import enable_socket, socket_allow_hosts  # type: ignore[import-untyped]

from tests.connection.servers import Server, serve


@pytest.fixture(autouse=True)
def allow_only_loopback() -> Iterator[None]:
    enable_socket()
    socket_allow_hosts(["127.0.0.1"])
    yield
    enable_socket()


@pytest.fixture
def server() -> Iterator[Server]:
    """Run a server that answers 200 and `{}` by default."""
    with serve() as started:
        yield started
