"""Functions on the emulator, in workers of Lambda's own runtime client."""

import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from tools.local import emulator, layers
from tools.local.aws import client
from tools.local.emulator import Emulator
from tools.local.packages import bootstrap, package
from tools.local.workspace import Workspace

from tests.free_port import free_port

HANDLER = """
import http.client, importlib.util, os, sys, time

def lambda_handler(event, context):
    print("called with", event["do"], flush=True)
    return globals()[event["do"]](event, context)

def look(event, context):
    found = {name: importlib.util.find_spec(name) is not None for name in event["modules"]}
    return {"variables": dict(os.environ), "found": found, "path": sys.path, "group": context.log_group_name}

def fail(event, context):
    raise LookupError("Unauthorized")

def crash(event, context):
    os._exit(3)

def crash_while_answering(event, context):
    connection = http.client.HTTPConnection(os.environ["AWS_LAMBDA_RUNTIME_API"])
    connection.putrequest("POST", f"/2018-06-01/runtime/invocation/{context.aws_request_id}/response")
    connection.putheader("Content-Length", "100")
    connection.endheaders(b'"the begin')
    os._exit(3)

def sleep(event, context):
    start = time.time()
    time.sleep(event["seconds"])
    return {"worker": os.getpid(), "start": start, "end": time.time()}
"""


class Function:
    def __init__(self, running: Emulator, log: Path) -> None:
        self.log = log
        self._lambda = client("lambda", running.endpoint)

    def deploy(self, content: bytes) -> None:
        self._lambda.create_function(
            FunctionName="stub",
            Runtime="provided.al2023",
            Handler="handler.lambda_handler",
            Role="arn:aws:iam::000000000000:role/stub",
            Timeout=1,
            MemorySize=256,
            Environment={"Variables": {"COLOUR": "red"}},
            Code={"ZipFile": content},
        )

    def call(self, do: str, **event: object) -> tuple[bool, Any]:
        answer = self._lambda.invoke(FunctionName="stub", Payload=json.dumps({"do": do, **event}))
        return "FunctionError" not in answer, json.load(answer["Payload"])


@pytest.fixture(scope="module")
def function(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Function]:
    source = tmp_path_factory.mktemp("function")
    (source / "handler.py").write_text(HANDLER)
    workspace = Workspace(folder=tmp_path_factory.mktemp("state"))
    port = free_port()
    with workspace.held() as lock:
        workspace.prepare()
        log = workspace.logs / "stub.log"
        script = bootstrap(
            function="stub",
            runtime="python3.13",
            search_path=[layers.link_runtime(workspace)],
            log=log,
            emulator_settings=emulator.settings(workspace, port),
        )
        with emulator.running(workspace, port, lock) as running:
            function = Function(running, log)
            function.deploy(package(source, script))
            yield function


def test_gives_the_functions_answer(function: Function) -> None:
    assert function.call("sleep", seconds=0)[0]


def test_gives_the_error_as_the_function_raised_it(function: Function) -> None:
    succeeded, error = function.call("fail")
    assert (succeeded, error["errorType"], error["errorMessage"]) == (False, "LookupError", "Unauthorized")
    assert function.call("sleep", seconds=0)[0]


@pytest.mark.parametrize("crash", ["crash", "crash_while_answering"])
def test_replaces_a_worker_that_dies(function: Function, crash: str) -> None:
    succeeded, error = function.call(crash)
    assert (succeeded, error["errorType"]) == (False, "Runtime.ExitError")
    assert function.call("sleep", seconds=0)[0]


def test_kills_and_replaces_a_worker_that_takes_too_long(function: Function) -> None:
    _, before = function.call("sleep", seconds=0)
    succeeded, error = function.call("sleep", seconds=30)
    assert (succeeded, error["errorType"]) == (False, "Sandbox.Timedout")
    _, after = function.call("sleep", seconds=0)
    assert before["worker"] != after["worker"]
    assert not Path(f"/proc/{before['worker']}").exists()


def test_runs_two_calls_at_once(function: Function) -> None:
    with ThreadPoolExecutor() as pool:
        for _ in ("two workers start", "both are there"):
            calls = [seen for _, seen in pool.map(lambda _: function.call("sleep", seconds=0.5), range(2))]
    assert max(call["start"] for call in calls) < min(call["end"] for call in calls)
    assert len({call["worker"] for call in calls}) == 2


def test_gives_a_function_what_lambda_would_and_no_more(function: Function) -> None:
    _, seen = function.call("look", modules=[])
    variables = seen["variables"]
    expected = {
        "COLOUR": "red",
        "AWS_EXECUTION_ENV": "AWS_Lambda_python3.13",
        "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": "256",
        "AWS_LAMBDA_FUNCTION_NAME": "stub",
        "AWS_LAMBDA_LOG_GROUP_NAME": "/aws/lambda/stub",
        "AWS_SDK_UA_APP_ID": "stub",
        "TZ": ":UTC",
    }
    assert expected.items() <= variables.items()
    assert seen["group"] == "/aws/lambda/stub"
    assert not variables.keys() & {"STATE_DIR", "GATEWAY_PORT", "HOME", "TMPDIR"}


def test_shows_a_function_the_runtimes_packages_and_not_the_emulators(function: Function) -> None:
    _, seen = function.call("look", modules=["boto3", "awslambdaric", "ministack", "yaml", "pydantic"])
    assert seen["found"] == {
        "boto3": True,
        "awslambdaric": True,
        "ministack": False,
        "yaml": False,
        "pydantic": False,
    }
    assert seen["path"][0] == seen["variables"]["LAMBDA_TASK_ROOT"]


def test_writes_what_a_function_prints_to_its_file(function: Function) -> None:
    function.call("look", modules=[])
    assert "called with look" in function.log.read_text()
