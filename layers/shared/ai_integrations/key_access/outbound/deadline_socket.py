"""A socket whose reads and writes all share one deadline."""

import io
import socket

from ai_integrations.key_access.outbound.deadline import Deadline


class DeadlineSocket:
    """The part of a socket's interface that `http.client` uses.

    A socket timeout is not enough: it restarts with each byte, so a slow peer could extend the total time at will.
    """

    def __init__(self, connected: socket.socket, deadline: Deadline) -> None:
        self._socket = connected
        self._deadline = deadline

    def sendall(self, data: bytes) -> None:
        """Send all data before the deadline."""
        self._socket.settimeout(self._deadline.remaining())
        self._socket.sendall(data)

    def makefile(self, _mode: str) -> io.BufferedReader:
        """Open the received data as a file."""
        return io.BufferedReader(_Received(self._socket, self._deadline))

    def close(self) -> None:
        """Do nothing: `http.client` calls this before the response is read. The caller closes the connected socket."""


class _Received(io.RawIOBase):
    def __init__(self, connected: socket.socket, deadline: Deadline) -> None:
        self._socket = connected
        self._deadline = deadline

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: "memoryview | bytearray") -> int:  # type: ignore[override]
        self._socket.settimeout(self._deadline.remaining())
        return self._socket.recv_into(buffer)
