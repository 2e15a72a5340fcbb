"""Load test with wrk: 1,000 creates from 32 clients, on the local stack and on the baseline in the same emulator."""

import io
import json
import os
import shlex
import signal
import subprocess
import sys
import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tools.local.aws import client

from tests.benchmarks.artifacts import BASELINE
from tests.benchmarks.bench import Bench, Section
from tests.benchmarks.report import ratio, table
from tests.benchmarks.targets import Target
from tests.stack.conftest import Stack

REQUESTS, WARMING, CLIENTS = 1000, 200, 32
SECONDS = 180  # time limit
SCRIPT = Path(__file__).parent / "load.lua"
NAME = "baseline"
BOOTSTRAP = """#!/bin/sh
export AWS_ENDPOINT_URL="http://127.0.0.1:$GATEWAY_PORT" PYTHONPATH={path} TABLE_NAME={table}
cd "$LAMBDA_TASK_ROOT" && exec {python} -S -m awslambdaric handler.lambda_handler
"""


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """Counts and latencies of one run; `rejected` counts the responses with status 409."""

    rejected: int
    failed: int
    microseconds: int
    p50: int
    p99: int

    @property
    def per_second(self) -> float:
        """Throughput in requests per second."""
        return REQUESTS / self.microseconds * 1e6


def measure(bench: Bench, stack: Stack) -> Section:
    """Run wrk against the baseline and the API; each run is preceded by a warm-up."""
    key = stack.issue_key(account="load")
    targets = {
        "baseline": (_deploy_baseline(bench, stack), "", "own"),
        "api, unique names": (stack.url, key, "own"),
        "api, contended names": (stack.url, key, "racing"),
    }
    outcomes = {}
    for name, (url, token, names) in targets.items():
        _run(url, token, f"warm {name}", WARMING, names)
        outcomes[name] = _run(url, token, name, REQUESTS, names)
    baseline = outcomes["baseline"]
    rows = [
        [
            name,
            each.failed,
            each.rejected,
            ratio(each.per_second, baseline.per_second),
            ratio(each.p50, baseline.p50),
            ratio(each.p99, baseline.p99),
        ]
        for name, each in outcomes.items()
    ]
    head = ["function", "errors", "409", "throughput, x baseline", "median latency, x baseline", "p99, x baseline"]
    return Section(
        text=table(head, rows),
        targets=[
            Target(
                measurement=f"{REQUESTS:,} creates on `{name.replace(', ', '`, ')}",
                unit="failed requests",
                maximum=0,
                measured=outcomes[name].failed,
            )
            for name in targets
            if name != "baseline"
        ],
    )


def _run(url: str, key: str, name: str, requests: int, names: str) -> Outcome:
    command = ["wrk", "-t1", f"-c{CLIENTS}", f"-d{SECONDS}s", "--timeout", "60s", "-s", str(SCRIPT)]
    headers = ["-H", "Content-Type: application/json", "-H", f"Authorization: Bearer {key}"]
    command += [*headers, f"{url}/v2/ai-integrations", "--", name, str(requests), names]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as wrk:  # noqa: S603
        assert wrk.stdout is not None
        for line in wrk.stdout:
            if line == "enough\n":
                wrk.send_signal(signal.SIGINT)
    return Outcome(**json.loads(line))


def _deploy_baseline(bench: Bench, stack: Stack) -> str:
    """Deploy the baseline to the emulator, with a table and a gateway but no authorizer; return its URL."""
    endpoint = stack.deployment.endpoint
    table_name = _table(endpoint)
    path = os.pathsep.join(map(str, bench.artifacts.path("baseline")))
    function: Any = client("lambda", endpoint).create_function(
        FunctionName=NAME,
        Runtime="provided.al2023",
        Handler="handler.lambda_handler",
        Role="arn:aws:iam::000000000000:role/baseline",
        Timeout=60,
        Code={"ZipFile": _package(path, table_name)},
    )
    return _gateway(endpoint, function["FunctionArn"])


def _table(endpoint: str) -> str:
    keys = [("pk", "HASH"), ("sk", "RANGE")]
    client("dynamodb", endpoint).create_table(
        TableName=NAME,
        BillingMode="PAY_PER_REQUEST",
        AttributeDefinitions=[{"AttributeName": name, "AttributeType": "S"} for name, _ in keys],
        KeySchema=[{"AttributeName": name, "KeyType": kind} for name, kind in keys],
    )
    return NAME


def _package(path: str, table_name: str) -> bytes:
    buffer = io.BytesIO()
    script = BOOTSTRAP.format(path=shlex.quote(path), table=table_name, python=shlex.quote(sys.executable))
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("bootstrap", script)
        archive.writestr("handler.py", (BASELINE / "handler.py").read_text())
    return buffer.getvalue()


def _gateway(endpoint: str, function: str) -> str:
    gateway = client("apigateway", endpoint)
    api = gateway.create_rest_api(name=NAME)["id"]
    parent = gateway.get_resources(restApiId=api)["items"][0]["id"]
    for part in ("v2", "ai-integrations"):
        parent = gateway.create_resource(restApiId=api, parentId=parent, pathPart=part)["id"]
    gateway.put_method(restApiId=api, resourceId=parent, httpMethod="POST", authorizationType="NONE")
    gateway.put_integration(
        restApiId=api,
        resourceId=parent,
        httpMethod="POST",
        type="AWS_PROXY",
        integrationHttpMethod="POST",
        uri=f"arn:aws:apigateway:us-east-1:lambda:path/2015-03-31/functions/{function}/invocations",
    )
    gateway.create_deployment(restApiId=api, stageName="live")
    return f"{endpoint}/_aws/execute-api/{api}/live"
