"""From a host's name to its addresses, in bounded time."""

import socket
from collections.abc import Callable
from ipaddress import IPv4Address, IPv6Address, ip_address
from queue import Empty, SimpleQueue
from threading import Thread
from typing import Any

from ai_integrations.key_access.outbound.deadline import Deadline, DeadlinePassedError

Address = IPv4Address | IPv6Address


class SystemDnsResolver:
    """Asks the system's resolver, which knows no time limit of its own."""

    def __init__(self, lookup: Callable[..., list[Any]] = socket.getaddrinfo) -> None:
        """`lookup` has the form of `socket.getaddrinfo`."""
        self._look_up = lookup

    def resolve(self, host: str, port: int, deadline: Deadline) -> list[Address]:
        """Return all A and AAAA answers for a name, IPv4 first; OSError if there are none."""
        answers: SimpleQueue[list[Address] | OSError] = SimpleQueue()
        Thread(target=lambda: answers.put(self._answer(host, port)), daemon=True).start()
        try:
            answer = answers.get(timeout=deadline.remaining())
        except Empty:
            raise DeadlinePassedError from None
        if isinstance(answer, OSError):
            raise answer
        return answer

    def _answer(self, host: str, port: int) -> list[Address] | OSError:
        try:
            found = self._look_up(host, port, type=socket.SOCK_STREAM)
        except OSError as error:
            return error
        except UnicodeError:  # a label that the system's IDNA encoding refuses
            return OSError("no such name")
        addresses = {ip_address(str(entry[4][0])) for entry in found}
        return sorted(addresses, key=lambda each: (each.version, int(each)))
