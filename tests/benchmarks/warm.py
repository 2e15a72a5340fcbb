"""Warm requests: instructions of a request, and of its AWS calls alone, made with the same clients."""

import json
import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from tests.benchmarks.bench import Bench, Section
from tests.benchmarks.measuring import Process
from tests.benchmarks.report import ratio, table, thousands
from tests.benchmarks.requests import BASELINE_ROUTES, WARM_ROUTES, written
from tests.benchmarks.targets import Target

RECORDER = Path(__file__).parent / "recorder.py"
WARM_UP_RUNS, MEASURED_RUNS = 5, 15
RESOLVES = ("resolve", "resolve directly")
# Instructions, relative to the AWS calls of the request alone. The line that ends each invocation takes 0.1 of it.
MAXIMUM = 1.25
Call = tuple[str, str, dict[str, object]]


def measure(bench: Bench) -> Section:
    """Count the instructions of one request per operation, of its AWS calls, and of the baseline's request."""
    api, baseline = bench.process("api"), bench.process("baseline")
    requests = [bench.route(route) for route in WARM_ROUTES]
    calls = [written(bench.events, f"calls of {route}", calls_of(bench, route)) for route in WARM_ROUTES]
    resolves = {name: bench.invocation(name)[1] for name in RESOLVES}
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        of_requests = pool.submit(_instructions_per_request, api, "requests", requests)
        of_calls = pool.submit(_instructions_per_request, api, "calls", calls)
        of_baseline = pool.submit(_instructions_per_request, baseline, "requests", requests[: len(BASELINE_ROUTES)])
        of_resolves = pool.submit(_resolves, bench, resolves)
    counted = dict(zip(WARM_ROUTES, zip(of_requests.result(), of_calls.result(), strict=True), strict=True))
    counted |= of_resolves.result()
    of_route = dict(zip(BASELINE_ROUTES, of_baseline.result(), strict=True))
    rows = [
        [
            route,
            thousands(request),
            thousands(own),
            ratio(request, own),
            ratio(request, of_route[route]) if route in of_route else "",
        ]
        for route, (request, own) in counted.items()
    ]
    return Section(
        text=table(["operation", "request, k instr", "AWS calls alone, k instr", "x AWS calls", "x baseline"], rows),
        targets=[
            Target(
                measurement=f"warm {route}",
                unit="instructions, relative to its AWS calls alone",
                maximum=MAXIMUM,
                measured=counted[route][0] / counted[route][1],
                enforced=route != "list of 50",  # measurement noise is larger than the margin
            )
            for route in (*BASELINE_ROUTES, *RESOLVES)
        ],
    )


def _resolves(bench: Bench, events: Mapping[str, Path]) -> dict[str, tuple[int, int]]:
    """Count the instructions of one request per way to resolve, and of its AWS calls."""
    process = bench.process("credentials")
    calls = [written(bench.events, f"calls of {name}", calls_with(process, event)) for name, event in events.items()]
    requests = _instructions_per_request(process, "requests", list(events.values()))
    alone = _instructions_per_request(process, "calls", calls)
    return dict(zip(events, zip(requests, alone, strict=True), strict=True))


def calls_of(bench: Bench, route: str) -> list[Call]:
    """Return the AWS calls of one request to the API in order: service, method, parameters."""
    return calls_with(bench.process("api"), bench.route(route))


def calls_with(process: Process, event: Path) -> list[Call]:
    """Return the AWS calls of one request to a function in order. It is not the first request of the process."""
    environment = {**process.environment, "PYTHONPATH": os.pathsep.join(map(str, process.path))}
    command = [sys.executable, "-S", str(RECORDER), str(event)]
    run = subprocess.run(command, env=environment, stdout=subprocess.PIPE, check=True)  # noqa: S603 - the running interpreter
    calls: list[Call] = json.loads(run.stdout.splitlines()[-1])
    return calls


def _instructions_per_request(process: Process, what: str, files: Sequence[Path]) -> list[int]:
    """Count the instructions of one warm request per file: the average of MEASURED_RUNS, after WARM_UP_RUNS."""
    first = [word for file in files for word in (str(file), str(WARM_UP_RUNS))]
    more = [word for file in files for word in (str(file), str(MEASURED_RUNS))]
    return [count // MEASURED_RUNS for count in process.instructions(what, *first, *more)[-len(files) :]]
