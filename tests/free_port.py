"""Choose a free port for a program that starts to listen on it later."""

import socket
from contextlib import suppress
from random import SystemRandom

# Below the range from which operating systems assign ports, so that no other socket gets the port in the meantime.
RANGE = range(20_000, 32_768)


def free_port() -> int:
    """Find a port of the loopback address on which no process listens."""
    for port in SystemRandom().sample(RANGE, 100):
        with suppress(OSError), socket.create_server(("127.0.0.1", port)):
            return port
    raise OSError("no free port found")
