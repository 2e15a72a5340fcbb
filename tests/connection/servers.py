"""Small HTTP servers that behave like providers, or like misconfigured or hostile servers."""

import json
import socket
import ssl
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any

from ai_integrations.key_access.outbound.deadline import Deadline
from ai_integrations.key_access.outbound.dns import Address

SYSTEM_TLS = ssl.create_default_context()  # created once: loading all certificates takes longer than a test


@dataclass(frozen=True)
class ReceivedRequest:
    """A request as the server received it, with header names in lower case."""

    method: str
    target: str
    headers: dict[str, str]
    body: bytes


@dataclass(frozen=True)
class Reply:
    status: int = 200
    body: bytes = b"{}"
    headers: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def from_json(cls, document: object, status: int = 200) -> "Reply":
        return cls(status, json.dumps(document).encode())


Behaviour = Callable[[ReceivedRequest], Reply]


@dataclass
class Server:
    """A server on loopback: its address, its behaviour, and the requests that it received."""

    port: int
    behave: Behaviour = lambda _: Reply()
    received: list[ReceivedRequest] = field(default_factory=list)
    peers: set[Any] = field(default_factory=set)
    scheme: str = "http"

    def url(self, host: str = "127.0.0.1", path: str = "/v1") -> str:
        return f"{self.scheme}://{host}:{self.port}{path}"


@contextmanager
def serve(tls: ssl.SSLContext | None = None, protocol: str = "HTTP/1.0") -> Iterator[Server]:
    """Run a server in a thread. With HTTP/1.1 it keeps connections open; `peers` has one entry for each connection."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = protocol

        def respond(self) -> None:
            length = int(self.headers.get("Content-Length", 0))
            names = {name.lower(): value for name, value in self.headers.items()}
            request = ReceivedRequest(self.command, self.path, names, self.rfile.read(length))
            server.received.append(request)
            server.peers.add(self.client_address)
            reply = server.behave(request)
            self.send_response(reply.status)
            for name, value in {"Content-Length": str(len(reply.body)), **reply.headers}.items():
                self.send_header(name, value)
            self.end_headers()
            with suppress(OSError):  # the client may close the connection before it has read everything
                self.wfile.write(reply.body)

        do_GET = do_POST = respond  # noqa: N815 - names that http.server requires

        def log_message(self, *_: Any) -> None:
            """Log nothing."""

    class QuietServer(ThreadingHTTPServer):
        def handle_error(self, *_: Any) -> None:
            """Log nothing about clients that close the connection."""

    listener = QuietServer(("127.0.0.1", 0), Handler)
    if tls is not None:
        listener.socket = tls.wrap_socket(listener.socket, server_side=True)
    server = Server(port=listener.server_address[1], scheme="https" if tls else "http")
    thread = Thread(target=listener.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    try:
        yield server
    finally:
        listener.shutdown()
        listener.server_close()
        thread.join()


@contextmanager
def serve_socket(converse: Callable[[socket.socket], None]) -> Iterator[int]:
    """Run a server that passes one connected socket to `converse`, and yield its port."""
    listener = socket.create_server(("127.0.0.1", 0))

    def accept() -> None:
        with suppress(OSError):
            connected, _ = listener.accept()
            with connected, suppress(OSError):
                converse(connected)

    thread = Thread(target=accept, daemon=True)
    thread.start()
    try:
        yield listener.getsockname()[1]
    finally:
        with suppress(OSError):
            listener.shutdown(socket.SHUT_RDWR)  # wakes the thread if there was no connection
        listener.close()
        thread.join(timeout=5)


@dataclass
class StubDnsResolver:
    """Returns one list of addresses after the other, and then the last one for every further request."""

    lists: list[list[Address]]
    resolved: list[str] = field(default_factory=list)
    ports: list[int] = field(default_factory=list)

    def resolve(self, host: str, port: int, deadline: Deadline) -> list[Address]:  # noqa: ARG002 - the port's signature
        self.resolved.append(host)
        self.ports.append(port)
        return self.lists[min(len(self.resolved), len(self.lists)) - 1]
