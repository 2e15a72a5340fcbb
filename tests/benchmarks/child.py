"""What a measured process runs: a function loaded as Lambda loads it, and so many requests; or its AWS calls alone.

Nothing is imported here that a function would then find imported already.
"""

import gc
import importlib
import json
import operator
import os
import sys
from time import process_time


class Context:
    """What Lambda tells about an invocation."""

    function_name = memory_limit_in_mb = invoked_function_arn = aws_request_id = "measured"

    @staticmethod
    def get_remaining_time_in_millis() -> int:
        """Return some minutes."""
        return 300_000


def main(what: str, *plan: str) -> None:
    """Run a plan, such as `a.json 5 b.json 25`, and end at once: the interpreter's own end is not measured."""
    prepare = _calls if what == "calls" else _requests
    steps = [(prepare(file), int(times)) for file, times in zip(plan[::2], plan[1::2], strict=True)]
    moments = [0.0, _mark()]
    for step, times in steps:
        for _ in range(times):
            step()
        moments.append(_mark())
    _tell(list(map(operator.sub, moments[1:], moments)))
    os._exit(0)


def _requests(file: str):  # type: ignore[no-untyped-def]  # noqa: ANN202 - typing would be imported for it
    handler = importlib.import_module("handler").lambda_handler
    text = open(file).read()  # noqa: PTH123, SIM115 - pathlib would be imported for it

    def request() -> None:
        answer = handler(json.loads(text), Context()) or {}
        if answer.get("statusCode", 200) >= 400 or "problem" in answer:
            raise SystemExit(f"{file}: {answer}")

    return request


def _calls(file: str):  # type: ignore[no-untyped-def]  # noqa: ANN202
    session = importlib.import_module("ai_integrations.bootstrap.aws_clients")
    calls = json.load(open(file))  # noqa: PTH123, SIM115
    makers = {"dynamodb": session.dynamodb, "secretsmanager": session.secrets_manager}
    clients = {service: makers[service]() for service, _, _ in calls}
    gc.freeze()
    gc.enable()

    def make_all() -> None:
        for service, operation, parameters in calls:
            getattr(clients[service], operation)(**parameters)

    return make_all


def _mark() -> float:
    os.getppid()
    return process_time()


def _tell(cpu: list[float]) -> None:
    with open("/proc/self/status") as status:  # noqa: PTH123 - getrusage would tell the parent's, if that had more
        peak = next(line.split()[1] for line in status if line.startswith("VmHWM"))
    print("\n" + json.dumps({"cpu": cpu, "rss": int(peak) * 1024, "modules": len(sys.modules)}), flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
