from tests.cloud import cloud
from tests.handlers.conftest import sockets_closed

__all__ = ["cloud", "sockets_closed"]
