"""A socket whose reads and writes all share one deadline, and whose reads share one limit of bytes."""

import io
import socket

from ai_integrations.key_access.outbound.deadline import Deadline


class TooManyBytesError(OSError):
    """The peer has sent more than the limit."""


class DeadlineSocket:
    """The part of a socket's interface that `http.client` uses.

    A socket timeout is not enough: it restarts with each byte, so a slow peer could extend the total time at will. Nor
    are the limits of `http.client`: it accepts 100 headers of 64 KB, and any number of interim responses and trailers.
    """

    def __init__(self, connected: socket.socket, deadline: Deadline, max_received: int) -> None:
        self._socket = connected
        self._deadline = deadline
        self._max_received = max_received

    def sendall(self, data: bytes) -> None:
        """Send all data before the deadline."""
        self._socket.settimeout(self._deadline.remaining())
        self._socket.sendall(data)

    def makefile(self, _mode: str) -> io.BufferedReader:
        """Open the received data as a file."""
        return io.BufferedReader(_Received(self._socket, self._deadline, self._max_received))

    def close(self) -> None:
        """Do nothing: `http.client` calls this before the response is read. The caller closes the connected socket."""


class _Received(io.RawIOBase):
    def __init__(self, connected: socket.socket, deadline: Deadline, max_received: int) -> None:
        self._socket = connected
        self._deadline = deadline
        self._left = max_received

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: "memoryview | bytearray") -> int:  # type: ignore[override]
        if self._left <= 0:
            raise TooManyBytesError
        self._socket.settimeout(self._deadline.remaining())
        received = self._socket.recv_into(buffer)
        self._left -= received
        return received
