"""Resolve host names before a deadline."""

import socket
from collections.abc import Callable
from ipaddress import IPv4Address, IPv6Address, ip_address
from queue import Empty, SimpleQueue
from threading import Thread
from typing import Any

from ai_integrations.key_access.outbound.deadline import Deadline, DeadlinePassedError

Address = IPv4Address | IPv6Address


class SystemDnsResolver:
    """Uses the system's resolver in a thread, because the system call has no timeout."""

    def __init__(self, lookup: Callable[..., list[Any]] = socket.getaddrinfo) -> None:
        """`lookup` has the signature of `socket.getaddrinfo`."""
        self._lookup = lookup

    def resolve(self, host: str, port: int, deadline: Deadline) -> list[Address]:
        """Resolve the A and AAAA records of a name to addresses, IPv4 first. Raise OSError if there are none."""
        results: SimpleQueue[list[Address] | OSError] = SimpleQueue()
        Thread(target=lambda: results.put(self._look_up(host, port)), daemon=True).start()
        try:
            result = results.get(timeout=deadline.remaining())
        except Empty:
            raise DeadlinePassedError from None
        if isinstance(result, OSError):
            raise result
        return result

    def _look_up(self, host: str, port: int) -> list[Address] | OSError:
        try:
            entries = self._lookup(host, port, type=socket.SOCK_STREAM)
        except OSError as error:
            return error
        except UnicodeError:  # the IDNA encoding rejects a label
            return OSError("no such name")
        addresses = {ip_address(str(entry[4][0])) for entry in entries}
        return sorted(addresses, key=lambda each: (each.version, int(each)))
