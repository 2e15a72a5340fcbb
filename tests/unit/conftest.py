from collections.abc import Iterator
from io import StringIO

import pytest

from ai_integrations.observability import logger


@pytest.fixture(autouse=True)
def no_network(socket_disabled: None) -> None:
    """Disable sockets: a test that needs the network belongs to another folder."""


@pytest.fixture
def log() -> Iterator[StringIO]:
    """Capture the output of the Logger."""
    handler, written = logger.registered_handler, StringIO()
    stream = handler.setStream(written)  # type: ignore[attr-defined]
    yield written
    handler.setStream(stream)  # type: ignore[attr-defined]
