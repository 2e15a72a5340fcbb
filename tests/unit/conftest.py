from collections.abc import Iterator

import pytest
from pytest_socket import disable_socket, enable_socket  # type: ignore[import-untyped]


@pytest.fixture(autouse=True)
def sockets_closed() -> Iterator[None]:
    """Rules need no network: what opens a socket here belongs into another tier."""
    disable_socket()
    yield
    enable_socket()
