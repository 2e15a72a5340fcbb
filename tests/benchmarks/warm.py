"""Warm requests: what one costs beside its own calls of AWS, made by the same clients with nothing around them."""

import json
import os
import subprocess
import sys
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from tests.benchmarks.bench import Bench, Section
from tests.benchmarks.measuring import Process
from tests.benchmarks.promises import Promise
from tests.benchmarks.requests import PLAIN_ROUTES, WARM_ROUTES, written
from tests.benchmarks.table import ratio, table, thousands

RECORDER = Path(__file__).parent / "recorder.py"
FIRST, TIMES = 5, 15
MOST = 1.2
Call = tuple[str, str, dict[str, object]]


def measure(bench: Bench) -> Section:
    """Count the instructions of one request of each route, of its calls, and of the baseline's request."""
    api, plain = bench.process("api"), bench.process("plain")
    requests = [bench.route(route) for route in WARM_ROUTES]
    calls = [written(bench.events, f"calls of {route}", calls_of(bench, route)) for route in WARM_ROUTES]
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        of_requests = pool.submit(_each, api, "requests", requests)
        of_calls = pool.submit(_each, api, "calls", calls)
        of_plain = pool.submit(_each, plain, "requests", requests[: len(PLAIN_ROUTES)])
    counted = dict(zip(WARM_ROUTES, zip(of_requests.result(), of_calls.result(), strict=True), strict=True))
    baseline = dict(zip(PLAIN_ROUTES, of_plain.result(), strict=True))
    rows = [
        [
            route,
            thousands(request),
            thousands(own),
            ratio(request, own),
            ratio(request, baseline[route]) if route in baseline else "",
        ]
        for route, (request, own) in counted.items()
    ]
    return Section(
        text=table(["", "request, k instr", "its calls alone", "x its calls", "x plain"], rows),
        promises=[
            Promise(
                what=f"warm {route}, x its calls of AWS",
                most=MOST,
                measured=counted[route][0] / counted[route][1],
                binding=route != "list of 50",  # which is at the edge of it
            )
            for route in PLAIN_ROUTES
        ],
    )


def calls_of(bench: Bench, route: str, function: str = "api") -> list[Call]:
    """Return the calls that one request makes, in their order: service, method, parameters."""
    process = bench.process(function)
    environment = {**process.environment, "PYTHONPATH": os.pathsep.join(map(str, process.path))}
    event = bench.route(route) if function == "api" else bench.first(function)
    command = [sys.executable, "-S", str(RECORDER), str(event)]
    run = subprocess.run(command, env=environment, stdout=subprocess.PIPE, check=True)  # noqa: S603 - this very Python
    calls: list[Call] = json.loads(run.stdout.splitlines()[-1])
    return calls


def _each(process: Process, what: str, files: Sequence[Path]) -> list[int]:
    """Return the instructions of one more of each kind, when some of every kind have been."""
    first = [word for file in files for word in (str(file), str(FIRST))]
    more = [word for file in files for word in (str(file), str(TIMES))]
    return [count // TIMES for count in process.instructions(what, *first, *more)[-len(files) :]]
