"""Real servers on loopback: nothing else can be connected to from here."""

from collections.abc import Iterator

import pytest
from pytest_socket import enable_socket, socket_allow_hosts  # type: ignore[import-untyped]

from tests.connection.servers import Server, serve


@pytest.fixture(autouse=True)
def loopback_alone() -> Iterator[None]:
    enable_socket()
    socket_allow_hosts(["127.0.0.1"])
    yield
    enable_socket()


@pytest.fixture
def server() -> Iterator[Server]:
    """Return a server that answers 200 and `{}` until it is told otherwise."""
    with serve() as started:
        yield started
