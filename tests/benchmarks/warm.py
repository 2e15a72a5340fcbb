"""Warm requests: what one costs beside its own calls of AWS, made by the same clients with nothing around them."""

import json
import os
import subprocess
import sys
from pathlib import Path

from tests.benchmarks.bench import Bench
from tests.benchmarks.requests import PLAIN_ROUTES, WARM_ROUTES, written
from tests.benchmarks.table import ratio, table, thousands

RECORDER = Path(__file__).parent / "recorder.py"
Call = tuple[str, str, dict[str, object]]


def calls_of(bench: Bench, route: str, function: str = "api") -> list[Call]:
    """Return the calls that one request makes, in their order: service, method, parameters."""
    process = bench.process(function)
    environment = {**process.environment, "PYTHONPATH": os.pathsep.join(map(str, process.path))}
    command = [
        sys.executable,
        "-S",
        str(RECORDER),
        str(bench.first(function) if function != "api" else bench.route(route)),
    ]
    run = subprocess.run(command, env=environment, stdout=subprocess.PIPE, check=True)  # noqa: S603 - this very Python
    calls: list[Call] = json.loads(run.stdout.splitlines()[-1])
    return calls


def measure(bench: Bench) -> tuple[dict[str, float], str]:
    """Return the ratios that are promised, and the table."""
    api = bench.process("api")
    recorded = [written(bench.events, f"calls of {route}", calls_of(bench, route)) for route in WARM_ROUTES]
    requests = api.warm_instructions([bench.route(route) for route in WARM_ROUTES])
    calls = api.warm_instructions(recorded, "calls")
    plain_routes = [bench.route(route) for route in PLAIN_ROUTES]
    plain = dict(zip(PLAIN_ROUTES, bench.process("plain").warm_instructions(plain_routes), strict=True))
    rows = [
        [
            route,
            thousands(request),
            thousands(own),
            ratio(request, own),
            ratio(request, plain[route]) if route in plain else "",
        ]
        for route, request, own in zip(WARM_ROUTES, requests, calls, strict=True)
    ]
    promised = {route: request / own for route, request, own in zip(WARM_ROUTES, requests, calls, strict=True)}
    return promised, table(["", "request, k instr", "its calls alone", "x its calls", "x plain"], rows)
