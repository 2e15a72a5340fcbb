"""A port for a program that is told on which one to listen, and comes to that a while after it was chosen."""

import socket
from contextlib import suppress
from random import SystemRandom

# A system takes the ports that it chooses itself from above: no other test gets one of these meanwhile.
RANGE = range(20_000, 32_768)


def free_port() -> int:
    """Return a port of the loopback that nobody listens on."""
    for port in SystemRandom().sample(RANGE, 100):
        with suppress(OSError), socket.create_server(("127.0.0.1", port)):
            return port
    raise OSError("no port is free")
