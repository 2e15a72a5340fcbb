"""Name resolution before a deadline."""

import socket
from ipaddress import ip_address
from threading import Event, Thread, current_thread
from typing import Any

import pytest

from ai_integrations.key_access.outbound.deadline import Deadline, DeadlinePassedError
from ai_integrations.key_access.outbound.dns import SystemDnsResolver


def entries(*addresses: str) -> list[Any]:
    return [(0, 0, 0, "", (each, 443)) for each in addresses]


def test_resolve_returns_distinct_addresses_ipv4_first() -> None:
    ordered = [*(f"8.8.8.{number}" for number in range(1, 9)), "::1", "2606:4700::1"]
    resolver = SystemDnsResolver(lambda *_, **__: entries(*reversed(ordered), "8.8.8.8"))
    assert resolver.resolve("h", 443, Deadline(5)) == [ip_address(each) for each in ordered]


def test_resolve_asks_for_the_name_in_a_thread_that_cannot_keep_the_process_alive() -> None:
    def lookup(host: str, port: int, **_: Any) -> list[Any]:
        asked.append((host, port, current_thread().daemon))
        return entries("8.8.8.8")

    asked: list[tuple[str, int, bool]] = []
    SystemDnsResolver(lookup).resolve("api.example.com", 8443, Deadline(5))
    assert asked == [("api.example.com", 8443, True)]


@pytest.mark.parametrize("failure", [socket.gaierror(-2, "unknown"), UnicodeError("label")])
def test_resolve_unknown_name_raises_oserror(failure: Exception) -> None:
    def lookup(*_: Any, **__: Any) -> list[Any]:
        asked.append(current_thread())
        raise failure

    asked: list[Thread] = []
    with pytest.raises(OSError, match=r"unknown|no such name"):
        SystemDnsResolver(lookup).resolve("h", 443, Deadline(5))
    assert len(asked) == 1  # a second one would need the rest of the deadline


def test_resolve_stops_at_deadline() -> None:
    answered = Event()

    def lookup(*_: Any, **__: Any) -> list[Any]:
        answered.wait(5)
        return []

    with pytest.raises(DeadlinePassedError):
        SystemDnsResolver(lookup).resolve("h", 443, Deadline(0.1))
    answered.set()
