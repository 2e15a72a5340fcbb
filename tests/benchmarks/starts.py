"""Cold starts under Lambda's own runtime client: from the start of the process to its answer to a first create."""

import json
import os
import queue
import statistics
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from tests.benchmarks.bench import Bench, Section
from tests.benchmarks.promises import Promise
from tests.benchmarks.table import ratio, table

RUNS = 9
DEADLINE = 60  # seconds that a start may take before the measure gives up
VARIANTS = {
    "plain, with bytecode": ("plain", True),
    "plain, without": ("plain", False),
    "api, with bytecode": ("api", True),
    "api, without": ("api", False),
    "authorizer, with bytecode": ("authorizer", True),
}


class _RuntimeApi(BaseHTTPRequestHandler):
    """Lambda's Runtime API, as far as one invocation needs it."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    server: "_Server"

    def do_GET(self) -> None:
        """Hand out the event once, and then let the process wait until it is ended."""
        self._send(200, self.server.events.get())

    def do_POST(self) -> None:
        """Take the answer, or the error."""
        body = self.rfile.read(int(self.headers.get("content-length", 0)))
        self.server.answers.put((time.perf_counter(), self.path, body))
        self._send(202, b"{}")

    def _send(self, status: int, content: bytes) -> None:
        self.send_response(status)
        self.send_header("Lambda-Runtime-Aws-Request-Id", "measured")
        self.send_header("Lambda-Runtime-Invoked-Function-Arn", "measured")
        self.send_header("Content-Type", "application/json")
        self.send_header("Lambda-Runtime-Deadline-Ms", str(int((time.time() + DEADLINE) * 1000)))
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *_: object) -> None:
        """Say nothing."""


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _RuntimeApi)
        self.events: queue.Queue[bytes] = queue.Queue()
        self.answers: queue.Queue[tuple[float, str, bytes]] = queue.Queue()

    def handle_error(self, *_: object) -> None:
        """Say nothing of connections that end in the middle: the measured process is killed once it has answered."""


@contextmanager
def _runtime_api() -> Iterator[_Server]:
    with _Server() as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        try:
            yield server
        finally:
            server.shutdown()


def measure(bench: Bench) -> Section:
    """Time starts; the variants take turns, so that each meets the same noise."""
    times: dict[str, list[float]] = {name: [] for name in VARIANTS}
    for _ in range(RUNS):
        for name, (function, bytecode) in VARIANTS.items():
            times[name].append(_start(bench, function, bytecode=bytecode))
    medians = {name: statistics.median(each) for name, each in times.items()}
    compiled, bare = medians["plain, with bytecode"], medians["plain, without"]
    rows = [
        [
            name,
            ratio(median, compiled),
            ratio(median, bare),
            f"{ratio(min(times[name]), median)}-{ratio(max(times[name]), median)}",
        ]
        for name, median in medians.items()
    ]
    api = medians["api, with bytecode"]
    return Section(
        text=table(["", "x plain with bytecode", "x plain without", "spread"], rows),
        promises=[
            Promise(what="start of api, x plain with bytecode", most=0.80, measured=api / compiled, binding=False),
            Promise(what="start of api, x plain without", most=0.35, measured=api / bare, binding=False),
        ],
    )


def _start(bench: Bench, function: str, *, bytecode: bool) -> float:
    process = bench.process(function, bytecode=bytecode)
    event = bench.first(function).read_bytes()
    with _runtime_api() as api:
        environment = {
            "PATH": os.environ["PATH"],
            "PYTHONDONTWRITEBYTECODE": "1",  # /var/task and /opt are read-only
            **process.environment,
            "PYTHONPATH": os.pathsep.join(map(str, process.path)),
            "AWS_LAMBDA_RUNTIME_API": f"127.0.0.1:{api.server_port}",
            "LAMBDA_TASK_ROOT": str(process.path[0]),
        }
        api.events.put(event)
        begin = time.perf_counter()
        command = [sys.executable, "-S", "-m", "awslambdaric", "handler.lambda_handler"]
        with subprocess.Popen(  # noqa: S603 - this very Python
            command, cwd=process.path[0], env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        ) as running:
            try:
                end, path, body = api.answers.get(timeout=DEADLINE)
            finally:
                running.kill()
    if not path.endswith("/response") or json.loads(body).get("statusCode", 200) >= 400:
        raise SystemExit(f"{function} has answered {path}: {body.decode()[:2000]}")
    return end - begin
