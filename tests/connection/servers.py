"""Small HTTP servers that do what providers, and those who only look like one, may do."""

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

SYSTEMS_TRUST = ssl.create_default_context()  # made once: reading all certificates takes longer than a test


@dataclass(frozen=True)
class Received:
    """A request as it arrived; names of headers in lower case."""

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
    def of(cls, document: object, status: int = 200) -> "Reply":
        return cls(status, json.dumps(document).encode())


Behaviour = Callable[[Received], Reply]


@dataclass
class Server:
    """A server on loopback: where it is, what it got, and what it does."""

    port: int
    behave: Behaviour = lambda _: Reply()
    received: list[Received] = field(default_factory=list)
    peers: set[Any] = field(default_factory=set)
    scheme: str = "http"

    def url(self, host: str = "127.0.0.1", path: str = "/v1") -> str:
        return f"{self.scheme}://{host}:{self.port}{path}"


@contextmanager
def serve(tls: ssl.SSLContext | None = None, protocol: str = "HTTP/1.0") -> Iterator[Server]:
    """Run a server in a thread of its own; by HTTP/1.1 it keeps connections open, `peers` has one for each."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = protocol

        def answer(self) -> None:
            length = int(self.headers.get("Content-Length", 0))
            names = {name.lower(): value for name, value in self.headers.items()}
            got = Received(self.command, self.path, names, self.rfile.read(length))
            started.received.append(got)
            started.peers.add(self.client_address)
            reply = started.behave(got)
            self.send_response(reply.status)
            for name, value in {"Content-Length": str(len(reply.body)), **reply.headers}.items():
                self.send_header(name, value)
            self.end_headers()
            with suppress(OSError):  # whoever has read enough hangs up
                self.wfile.write(reply.body)

        do_GET = do_POST = answer  # noqa: N815 - the names that http.server looks for

        def log_message(self, *_: Any) -> None:
            """Keep quiet."""

    class Quiet(ThreadingHTTPServer):
        def handle_error(self, *_: Any) -> None:
            """Keep quiet about peers that hang up."""

    listening = Quiet(("127.0.0.1", 0), Handler)
    if tls is not None:
        listening.socket = tls.wrap_socket(listening.socket, server_side=True)
    started = Server(port=listening.server_address[1], scheme="https" if tls else "http")
    thread = Thread(target=listening.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    try:
        yield started
    finally:
        listening.shutdown()
        listening.server_close()
        thread.join()


@contextmanager
def raw(conversation: Callable[[socket.socket], None]) -> Iterator[int]:
    """Run a server that has one conversation below HTTP, and return its port."""
    listening = socket.create_server(("127.0.0.1", 0))

    def converse() -> None:
        with suppress(OSError):
            connected, _ = listening.accept()
            with connected, suppress(OSError):
                conversation(connected)

    thread = Thread(target=converse, daemon=True)
    thread.start()
    try:
        yield listening.getsockname()[1]
    finally:
        with suppress(OSError):
            listening.shutdown(socket.SHUT_RDWR)  # wakes the thread if nobody has come
        listening.close()
        thread.join(timeout=5)


@dataclass
class Answers:
    """A resolver that gives one list of addresses after another, the last one again and again."""

    lists: list[list[Address]]
    asked: list[str] = field(default_factory=list)

    def resolve(self, host: str, port: int, deadline: Deadline) -> list[Address]:  # noqa: ARG002 - the port's form
        self.asked.append(host)
        return self.lists[min(len(self.asked), len(self.lists)) - 1]
