import pytest


@pytest.fixture(autouse=True)
def no_network(socket_disabled: None) -> None:
    """Disable sockets: a test that needs the network belongs to another folder."""
