"""The emulator runs functions in worker processes with Lambda's own runtime client."""

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
    print("called with", event["action"], flush=True)
    return globals()[event["action"]](event, context)

def inspect(event, context):
    found = {name: importlib.util.find_spec(name) is not None for name in event["modules"]}
    return {"variables": dict(os.environ), "found": found, "path": sys.path, "group": context.log_group_name}

def fail(event, context):
    raise LookupError("Unauthorized")

def crash(event, context):
    os._exit(3)

def crash_while_responding(event, context):
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


class DeployedFunction:
    """A function on the emulator, with the handler above."""

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

    def call(self, action: str, **event: object) -> tuple[bool, Any]:
        """Invoke the function; return whether it succeeded, and the payload."""
        response = self._lambda.invoke(FunctionName="stub", Payload=json.dumps({"action": action, **event}))
        return "FunctionError" not in response, json.load(response["Payload"])


@pytest.fixture(scope="module")
def function(tmp_path_factory: pytest.TempPathFactory) -> Iterator[DeployedFunction]:
    source = tmp_path_factory.mktemp("function")
    (source / "handler.py").write_text(HANDLER)
    workspace = Workspace(folder=tmp_path_factory.mktemp("state"))
    port = free_port()
    with workspace.locked() as lock:
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
            function = DeployedFunction(running, log)
            function.deploy(package(source, script))
            yield function


def test_invocation_of_a_function_returns_its_result(function: DeployedFunction) -> None:
    assert function.call("sleep", seconds=0)[0]


def test_invocation_that_raises_returns_the_error_and_the_next_one_succeeds(function: DeployedFunction) -> None:
    succeeded, error = function.call("fail")
    assert (succeeded, error["errorType"], error["errorMessage"]) == (False, "LookupError", "Unauthorized")
    assert function.call("sleep", seconds=0)[0]


@pytest.mark.parametrize("crash", ["crash", "crash_while_responding"])
def test_invocation_that_crashes_returns_an_error_and_the_next_one_succeeds(
    function: DeployedFunction, crash: str
) -> None:
    succeeded, error = function.call(crash)
    assert (succeeded, error["errorType"]) == (False, "Runtime.ExitError")
    assert function.call("sleep", seconds=0)[0]


def test_invocation_beyond_the_timeout_kills_and_replaces_the_worker(function: DeployedFunction) -> None:
    _, before = function.call("sleep", seconds=0)
    succeeded, error = function.call("sleep", seconds=30)
    assert (succeeded, error["errorType"]) == (False, "Sandbox.Timedout")
    _, after = function.call("sleep", seconds=0)
    assert before["worker"] != after["worker"]
    assert not Path(f"/proc/{before['worker']}").exists()


def test_concurrent_invocations_run_in_separate_workers(function: DeployedFunction) -> None:
    with ThreadPoolExecutor() as pool:
        for _ in ("first round: both workers start", "second round: both workers are warm"):
            calls = [result for _, result in pool.map(lambda _: function.call("sleep", seconds=0.5), range(2))]
    assert max(call["start"] for call in calls) < min(call["end"] for call in calls)
    assert len({call["worker"] for call in calls}) == 2


def test_function_environment_has_lambdas_variables_and_none_of_the_emulator(function: DeployedFunction) -> None:
    _, observed = function.call("inspect", modules=[])
    variables = observed["variables"]
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
    assert observed["group"] == "/aws/lambda/stub"
    assert not variables.keys() & {"STATE_DIR", "GATEWAY_PORT", "HOME", "TMPDIR"}


def test_function_imports_the_runtimes_packages_and_none_of_the_emulator(function: DeployedFunction) -> None:
    _, observed = function.call("inspect", modules=["boto3", "awslambdaric", "ministack", "yaml", "pydantic"])
    assert observed["found"] == {
        "boto3": True,
        "awslambdaric": True,
        "ministack": False,
        "yaml": False,
        "pydantic": False,
    }
    assert observed["path"][0] == observed["variables"]["LAMBDA_TASK_ROOT"]


def test_function_output_is_written_to_its_log_file(function: DeployedFunction) -> None:
    function.call("inspect", modules=[])
    assert "called with inspect" in function.log.read_text()
