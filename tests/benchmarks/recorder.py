"""Print the AWS calls of one request with their parameters; run as a separate process."""

import importlib
import json
import sys
import threading
from pathlib import Path

from botocore import xform_name

from ai_integrations.bootstrap.botocore_session import session


def main(file: str) -> None:
    """Send a request twice and print the calls of the second one: a replay needs a first request."""
    calls: list[tuple[str, str, dict[str, object]]] = []

    def record(params: dict[str, object], model, **_: object) -> None:  # type: ignore[no-untyped-def]  # noqa: ANN001
        calls.append((model.service_model.service_name, xform_name(model.name), json.loads(json.dumps(params))))

    session().get_component("event_emitter").register_first("before-parameter-build.*.*", record)
    handler = importlib.import_module("handler").lambda_handler
    context = importlib.import_module("child").Context()
    event = Path(file).read_text()
    for _ in range(2):
        calls.clear()
        handler(json.loads(event), context)
        for thread in {*threading.enumerate()} - {threading.main_thread()}:
            thread.join()  # a write of the ledger, which would be among the calls of the next request
    print("\n" + json.dumps(calls))


if __name__ == "__main__":
    main(sys.argv[1])
