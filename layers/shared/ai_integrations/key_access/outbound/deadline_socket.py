"""A socket whose every read and write ends by one deadline, however many there are."""

import io
import socket

from ai_integrations.key_access.outbound.deadline import Deadline


class DeadlineSocket:
    """As much of a socket as `http.client` uses.

    A time-out of the socket alone would begin anew with each byte that a slow peer lets through.
    """

    def __init__(self, connected: socket.socket, deadline: Deadline) -> None:
        self._socket = connected
        self._deadline = deadline

    def sendall(self, data: bytes) -> None:
        """Send everything."""
        self._socket.settimeout(self._deadline.remaining())
        self._socket.sendall(data)

    def makefile(self, _mode: str) -> io.BufferedReader:
        """Return what the peer sends, as a file."""
        return io.BufferedReader(_Received(self._socket, self._deadline))

    def close(self) -> None:
        """Leave the socket open, since `http.client` calls this before the answer is read; who connected closes it."""


class _Received(io.RawIOBase):
    def __init__(self, connected: socket.socket, deadline: Deadline) -> None:
        self._socket = connected
        self._deadline = deadline

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: "memoryview | bytearray") -> int:  # type: ignore[override]
        self._socket.settimeout(self._deadline.remaining())
        return self._socket.recv_into(buffer)
