"""Measure whether a resolve waits for the use ledger: `python -m tests.benchmarks.ledger` prints the table.

One process resolves integrations like the function `credentials`, each time for another consumer, so that each resolve
has something to record. Its requests go to a fake AWS in a process of its own, which responds to reads after READ and
KEY seconds. Its writes go to a table in one of several states. Short blocks of resolves in each state
alternate, in random order.
"""

import json
import os
import random
import socket
import statistics
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import count
from multiprocessing import get_context
from multiprocessing.connection import Connection
from typing import Any

from tests import sam_template
from tests.benchmarks import fake_aws
from tests.benchmarks.child import Context
from tests.benchmarks.report import ratio
from tests.benchmarks.report import table as markdown_table
from tests.benchmarks.requests import INVOCATIONS

READ, KEY = 0.005, 0.015  # seconds
SLOW = 5.0  # seconds
BLOCKS, RESOLVES = 40, 5
HEALTHY = "accepts every write"
OFF = "nothing to write"

respond_at_once = fake_aws.respond


def _respond(operation: str, request: dict[str, Any]) -> dict[str, Any]:
    time.sleep(KEY if operation == "GetSecretValue" else READ)
    return respond_at_once(operation, request)


class _Refusing(BaseHTTPRequestHandler):
    """Throttles every write."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["content-length"]))
        content = json.dumps({"__type": "ProvisionedThroughputExceededException"}).encode()
        self.send_response(400)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *_: object) -> None:
        """Suppress the access log."""


class _Slow(_Refusing):
    """Responds after SLOW seconds."""

    def do_POST(self) -> None:
        time.sleep(SLOW)
        with suppress(BrokenPipeError):  # the client has given up
            super().do_POST()


def serve(ports: Connection) -> None:
    """Serve reads, and writes in each state; send the ports."""
    fake_aws.respond = _respond
    servers = [ThreadingHTTPServer(("127.0.0.1", 0), each) for each in (fake_aws._Handler, _Refusing, _Slow)]
    for server in servers:
        threading.Thread(target=server.serve_forever, daemon=True).start()
    ports.send([server.server_port for server in servers])
    ports.recv()


@contextmanager
def _serving() -> Iterator[list[int]]:
    context = get_context("spawn")
    ours, theirs = context.Pipe()
    process = context.Process(target=serve, args=(theirs,))
    process.start()
    yield ours.recv()
    ours.send(None)
    process.join()


def _closed_port() -> int:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        port: int = unused.getsockname()[1]
        return port


class Resolver:
    """The function `credentials`, with writes that a table in one state answers."""

    def __init__(self, port: int) -> None:
        os.environ.update(sam_template.environment("credentials"), AWS_ENDPOINT_URL=f"http://127.0.0.1:{port}")
        os.environ.update(AWS_DEFAULT_REGION="eu-central-1", POWERTOOLS_LOG_LEVEL="CRITICAL")
        os.environ.update(AWS_ACCESS_KEY_ID="testing", AWS_SECRET_ACCESS_KEY="testing")
        from ai_integrations.bootstrap.botocore_session import session  # noqa: PLC0415 - after the environment is set

        self._port = port
        session().get_component("event_emitter").register("before-send.dynamodb.UpdateItem", self._redirect)
        from functions.credentials.handler import lambda_handler  # noqa: PLC0415 - as above

        self._handler: Callable[..., Any] = lambda_handler
        self._consumers = count()

    def _redirect(self, request: Any, **_: Any) -> None:
        request.url = f"http://127.0.0.1:{self._port}/"

    def times(self, port: int, *, is_new: bool) -> list[float]:
        """Resolve repeatedly, and list how long each response takes. Wait for pending writes at the end."""
        self._port, seconds = port, []
        _, event = INVOCATIONS["resolve directly"]
        for _ in range(RESOLVES):
            consumer = f"job-{next(self._consumers) if is_new else 'known'}"
            before = time.perf_counter()
            response = self._handler({**event, "consumer": consumer}, Context())
            seconds.append(time.perf_counter() - before)
            assert response["api_key"]
        for thread in threading.enumerate():
            if thread.daemon:
                thread.join()
        return seconds


def measure() -> dict[str, list[float]]:
    """Measure the response times in seconds, by the state of the table."""
    with _serving() as (healthy, refusing, slow):
        states = {OFF: healthy, HEALTHY: healthy, "throttles every write": refusing}
        states |= {f"responds after {SLOW:g} s": slow, "refuses every connection": _closed_port()}
        resolver = Resolver(healthy)
        resolver.times(healthy, is_new=False)
        times: dict[str, list[float]] = {state: [] for state in states}
        for block in range(BLOCKS):
            for state, port in random.Random(block).sample([*states.items()], len(states)):  # noqa: S311 - no secret
                times[state] += resolver.times(port, is_new=state != OFF)
        return times


def main() -> None:
    """Print the median and the 95th percentile, as multiples of those with a table that accepts every write."""
    times = measure()
    figures = {state: (statistics.median(each), statistics.quantiles(each, n=20)[18]) for state, each in times.items()}
    base = figures[HEALTHY]
    rows = [
        [state, f"{median * 1000:.1f}", *(ratio(*pair) for pair in zip((median, late), base, strict=True))]
        for state, (median, late) in figures.items()
    ]
    print(markdown_table(["the table", "median, ms", "median, relative", "95th percentile, relative"], rows))


if __name__ == "__main__":
    main()
