"""Program of a measured process: load a function as Lambda does and send it requests, or make only its AWS calls.

It imports as little as possible, because a module imported here would not count for the function.
"""

import gc
import importlib
import json
import operator
import os
import sys
from time import process_time


class Context:
    """Minimal Lambda context."""

    function_name = memory_limit_in_mb = invoked_function_arn = aws_request_id = "measured"

    @staticmethod
    def get_remaining_time_in_millis() -> int:
        """Return five minutes."""
        return 300_000


def main(what: str, *plan: str) -> None:
    """Run a plan such as `a.json 5 b.json 25` (file, repetitions); exit without the interpreter's shutdown."""
    prepare = _calls if what == "calls" else _requests
    steps = [(prepare(file), int(times)) for file, times in zip(plan[::2], plan[1::2], strict=True)]
    moments = [0.0, _mark()]
    for step, times in steps:
        for _ in range(times):
            step()
        moments.append(_mark())
    _print_resources(list(map(operator.sub, moments[1:], moments)))
    os._exit(0)


def _requests(file: str):  # type: ignore[no-untyped-def]  # noqa: ANN202 - would import typing
    handler = importlib.import_module("handler").lambda_handler
    text = open(file).read()  # noqa: PTH123, SIM115 - would import pathlib

    def request() -> None:
        answer = handler(json.loads(text), Context()) or {}
        if answer.get("statusCode", 200) >= 400 or "problem" in answer:
            raise SystemExit(f"{file}: {answer}")

    return request


def _calls(file: str):  # type: ignore[no-untyped-def]  # noqa: ANN202
    session = importlib.import_module("ai_integrations.bootstrap.aws_clients")
    calls = json.load(open(file))  # noqa: PTH123, SIM115
    factories = {"dynamodb": session.dynamodb, "secretsmanager": session.secrets_manager}
    clients = {service: factories[service]() for service, _, _ in calls}
    gc.freeze()
    gc.enable()

    def call_all() -> None:
        for service, operation, parameters in calls:
            getattr(clients[service], operation)(**parameters)

    return call_all


def _mark() -> float:
    os.getppid()
    return process_time()


def _print_resources(cpu: list[float]) -> None:
    with open("/proc/self/status") as status:  # noqa: PTH123 - getrusage would report the parent's peak if that is larger
        peak = next(line.split()[1] for line in status if line.startswith("VmHWM"))
    print("\n" + json.dumps({"cpu": cpu, "rss": int(peak) * 1024, "modules": len(sys.modules)}), flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
