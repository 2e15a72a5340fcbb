"""Deadlines that several steps share, and the limits of a socket."""

from typing import Any, cast

import pytest

from ai_integrations.key_access.outbound.deadline import Deadline, DeadlinePassedError
from ai_integrations.key_access.outbound.deadline_socket import DeadlineSocket, TooManyBytesError


def test_step_ends_at_its_own_deadline_or_at_that_of_all_steps() -> None:
    now = 0.0
    deadline = Deadline(5, lambda: now)
    short, long = deadline.within(2), deadline.within(10)
    assert (short.remaining(), long.remaining()) == (2, 5)
    now = 4.0
    assert long.remaining() == 1
    with pytest.raises(DeadlinePassedError):
        short.remaining()


def test_no_step_starts_at_the_deadline() -> None:
    now = 0.0
    deadline = Deadline(5, lambda: now)
    now = 5.0
    with pytest.raises(DeadlinePassedError):
        deadline.within(1)


class EndlessPeer:
    """A connected socket that receives five bytes at a time, and records its timeouts and what was sent."""

    def __init__(self) -> None:
        self.timeouts: list[float] = []
        self.sent: list[bytes] = []

    def sendall(self, data: bytes) -> None:
        self.sent.append(data)

    def settimeout(self, seconds: float) -> None:
        self.timeouts.append(seconds)

    def recv_into(self, buffer: memoryview) -> int:
        buffer[:5] = b"12345"
        return 5


def test_socket_receives_up_to_its_limit_and_no_more() -> None:
    peer = EndlessPeer()
    received = DeadlineSocket(cast("Any", peer), Deadline(5, lambda: 0.0), 11).makefile("rb")
    assert [received.read1() for _ in range(3)] == [b"12345"] * 3
    with pytest.raises(TooManyBytesError):
        received.read1()
    assert peer.timeouts == [5, 5, 5]


def test_socket_that_has_received_its_limit_receives_nothing_more() -> None:
    received = DeadlineSocket(cast("Any", EndlessPeer()), Deadline(5, lambda: 0.0), 10).makefile("rb")
    assert [received.read1() for _ in range(2)] == [b"12345"] * 2
    with pytest.raises(TooManyBytesError):
        received.read1()


def test_socket_sends_until_the_deadline_at_most() -> None:
    times = iter([0.0, 2.0, 5.0])
    peer = EndlessPeer()
    connected = DeadlineSocket(cast("Any", peer), Deadline(5, lambda: next(times)), 10)
    connected.sendall(b"request")
    assert (peer.timeouts, peer.sent) == ([3], [b"request"])
    with pytest.raises(DeadlinePassedError):
        connected.sendall(b"more")
    assert peer.sent == [b"request"]
