"""What a measured process runs: a function loaded as Lambda loads it, and so many requests; or its AWS calls alone.

Nothing is imported here that a function would then find imported already.
"""

import importlib
import json
import os
import sys


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
    for step, times in steps:
        for _ in range(times):
            step()
    if os.environ.get("TELL"):
        _tell()
    os._exit(0)


def _requests(file: str):  # type: ignore[no-untyped-def]  # noqa: ANN202 - typing would be imported for it
    handler = importlib.import_module("handler").lambda_handler
    text = open(file).read()  # noqa: PTH123, SIM115 - pathlib would be imported for it

    def request() -> None:
        answer = handler(json.loads(text), Context())
        status = (answer or {}).get("statusCode", 200)
        if status >= 400 or "problem" in (answer or {}):
            raise SystemExit(f"{file}: {answer}")

    return request


def _calls(file: str):  # type: ignore[no-untyped-def]  # noqa: ANN202
    session = importlib.import_module("ai_integrations.bootstrap.aws")
    calls = json.load(open(file))  # noqa: PTH123, SIM115
    makers = {"dynamodb": session.dynamodb, "secretsmanager": session.secrets_manager}
    clients = {service: makers[service]() for service, _, _ in calls}

    def make_all() -> None:
        for service, operation, parameters in calls:
            getattr(clients[service], operation)(**parameters)

    return make_all


def _tell() -> None:
    import resource  # noqa: PLC0415 - after what is measured

    usage = resource.getrusage(resource.RUSAGE_SELF)
    facts = {"cpu": usage.ru_utime + usage.ru_stime, "rss": usage.ru_maxrss * 1024, "modules": len(sys.modules)}
    print("\n" + json.dumps(facts))


if __name__ == "__main__":
    main(*sys.argv[1:])
