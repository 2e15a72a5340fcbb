"""Cold starts in wall-clock time, under Lambda's own runtime client: from process start to the first response."""

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
from tests.benchmarks.report import ratio, table
from tests.benchmarks.targets import Target

RUNS = 9
DEADLINE = 60  # seconds until a start counts as failed
VARIANTS = {
    "baseline, with bytecode": ("baseline", True),
    "baseline, without bytecode": ("baseline", False),
    "api, with bytecode": ("api", True),
    "api, without bytecode": ("api", False),
    "authorizer, with bytecode": ("authorizer", True),
}


class _RuntimeApi(BaseHTTPRequestHandler):
    """The part of the Lambda Runtime API that one invocation needs."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    server: "_Server"

    def do_GET(self) -> None:
        """Return the event once; later calls block until the process is killed."""
        self._send(200, self.server.events.get())

    def do_POST(self) -> None:
        """Record the response or the error."""
        body = self.rfile.read(int(self.headers.get("content-length", 0)))
        self.server.responses.put((time.perf_counter(), self.path, body))
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
        """Suppress the access log."""


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _RuntimeApi)
        self.events: queue.Queue[bytes] = queue.Queue()
        self.responses: queue.Queue[tuple[float, str, bytes]] = queue.Queue()

    def handle_error(self, *_: object) -> None:
        """Ignore broken connections: the measured process is killed after its response."""


@contextmanager
def _runtime_api() -> Iterator[_Server]:
    with _Server() as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        try:
            yield server
        finally:
            server.shutdown()


def measure(bench: Bench) -> Section:
    """Time cold starts; the variants alternate, so that noise affects all of them alike."""
    times: dict[str, list[float]] = {name: [] for name in VARIANTS}
    for _ in range(RUNS):
        for name, (function, bytecode) in VARIANTS.items():
            times[name].append(_start(bench, function, bytecode=bytecode))
    medians = {name: statistics.median(each) for name, each in times.items()}
    compiled, bare = medians["baseline, with bytecode"], medians["baseline, without bytecode"]
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
        text=table(["function", "x baseline with bytecode", "x baseline without", "range, x own median"], rows),
        targets=[
            Target(
                measurement="cold start of `api` with a create",
                unit="wall-clock time, relative to the baseline with bytecode",
                maximum=0.80,
                measured=api / compiled,
                enforced=False,
            ),
            Target(
                measurement="cold start of `api` with a create",
                unit="wall-clock time, relative to the baseline without bytecode",
                maximum=0.35,
                measured=api / bare,
                enforced=False,
            ),
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
        with subprocess.Popen(  # noqa: S603 - the running interpreter
            command, cwd=process.path[0], env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        ) as running:
            try:
                end, path, body = api.responses.get(timeout=DEADLINE)
            finally:
                running.kill()
    if not path.endswith("/response") or json.loads(body).get("statusCode", 200) >= 400:
        raise SystemExit(f"{function} failed: {path}: {body.decode()[:2000]}")
    return end - begin
