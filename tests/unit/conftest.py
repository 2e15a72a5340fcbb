from collections.abc import Iterator

import pytest
from pytest_socket import disable_socket, enable_socket  # type: ignore[import-untyped]


@pytest.fixture(autouse=True)
def sockets_disabled() -> Iterator[None]:
    """Disable sockets: a test that needs the network belongs to another folder."""
    disable_socket()
    yield
    enable_socket()
