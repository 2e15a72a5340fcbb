"""The local stack under load of wrk: 1,000 creates from 32 clients, beside the baseline on the same emulator."""

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

from tests.benchmarks.artifacts import PLAIN
from tests.benchmarks.bench import Bench, Section
from tests.benchmarks.promises import Promise
from tests.benchmarks.table import ratio, table
from tests.stack.conftest import Stack

REQUESTS, WARMING, CLIENTS = 1000, 200, 32
SECONDS = 180  # the most that they may take
SCRIPT = Path(__file__).parent / "load.lua"
BASELINE = "baseline"
BOOTSTRAP = """#!/bin/sh
export AWS_ENDPOINT_URL="http://127.0.0.1:$GATEWAY_PORT" PYTHONPATH={path} TABLE_NAME={table}
cd "$LAMBDA_TASK_ROOT" && exec {python} -S -m awslambdaric handler.lambda_handler
"""


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """What wrk has counted."""

    refused: int
    failed: int
    microseconds: int
    p50: int
    p99: int

    @property
    def per_second(self) -> float:
        """Return the throughput."""
        return REQUESTS / self.microseconds * 1e6


def measure(bench: Bench, stack: Stack) -> Section:
    """Let wrk send the requests."""
    key = stack.issue_key(account="load")
    targets = {
        "plain": (_deploy_baseline(bench, stack), "", "own"),
        "api, names of their own": (stack.url, key, "own"),
        "api, racing for names": (stack.url, key, "racing"),
    }
    outcomes = {}
    for name, (url, token, names) in targets.items():
        _run(url, token, f"warm {name}", WARMING, names)
        outcomes[name] = _run(url, token, name, REQUESTS, names)
    plain = outcomes["plain"]
    rows = [
        [
            name,
            each.failed,
            each.refused,
            ratio(each.per_second, plain.per_second),
            ratio(each.p50, plain.p50),
            ratio(each.p99, plain.p99),
        ]
        for name, each in outcomes.items()
    ]
    head = ["", "errors", "409", "throughput x plain", "median x plain", "p99 x plain"]
    return Section(
        text=table(head, rows),
        promises=[
            Promise(what=f"errors of {name}", most=0, measured=outcomes[name].failed)
            for name in targets
            if name != "plain"
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
    """Give the emulator the baseline, its table and its gateway, with no authorizer before it; return its URL."""
    endpoint = stack.deployment.endpoint
    table_name = _table(endpoint)
    path = os.pathsep.join(map(str, bench.artifacts.path("plain")))
    function: Any = client("lambda", endpoint).create_function(
        FunctionName=BASELINE,
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
        TableName=BASELINE,
        BillingMode="PAY_PER_REQUEST",
        AttributeDefinitions=[{"AttributeName": name, "AttributeType": "S"} for name, _ in keys],
        KeySchema=[{"AttributeName": name, "KeyType": kind} for name, kind in keys],
    )
    return BASELINE


def _package(path: str, table_name: str) -> bytes:
    buffer = io.BytesIO()
    script = BOOTSTRAP.format(path=shlex.quote(path), table=table_name, python=shlex.quote(sys.executable))
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("bootstrap", script)
        archive.writestr("handler.py", (PLAIN / "handler.py").read_text())
    return buffer.getvalue()


def _gateway(endpoint: str, function: str) -> str:
    gateway = client("apigateway", endpoint)
    api = gateway.create_rest_api(name=BASELINE)["id"]
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
