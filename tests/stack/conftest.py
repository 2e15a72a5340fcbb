"""The whole service, deployed once for the session from the repository's own template."""

import json
import os
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http import HTTPStatus
from pathlib import Path
from typing import Any

import pytest
from tools.local.connection import read
from tools.local.deployment import Deployment
from tools.local.workspace import Workspace

from tests.builders import ROOT
from tests.cloud import Response
from tests.free_port import free_port
from tests.leaks import Canaries
from tests.stack.leak_search import leaking, sent_to_aws

SECONDS_TO_START = 120
SECONDS_TO_STOP = 30
ATTEMPTS = 20
LONGEST_PAUSE = 3
SERVER_FAILS = {429, 500, 502, 503, 504}
# Lets the emulator keep a record of the calls of AWS: test_grants.py holds the functions' policies to it.
RECORDING = {"CLOUDTRAIL_RECORDING": "1"}


@dataclass(frozen=True, kw_only=True)
class Stack:
    """The running stack, as its clients and its operators reach it."""

    url: str
    deployment: Deployment
    folder: Path
    canaries: Canaries = field(default_factory=Canaries)

    def issue_key(self, *, account: str, role: str = "admin", user: str = "alice", **holder: Any) -> str:
        """Return a new access key."""
        holder = {"account": account, "user": user, "role": role, **holder}
        key = str(self.deployment.invoke("AccessKeysFunctionName", {"action": "issue", **holder})["access_key"])
        self.canaries.keys.add(key)
        return key

    def register_space(self, *, account: str, id: str, name: str) -> None:  # noqa: A002 the command's own word
        answer = self.deployment.invoke(
            "SpacesFunctionName", {"action": "register_space", "account": account, "id": id, "name": name}
        )
        assert "problem" not in answer

    def create(self, key: str, **body: Any) -> dict[str, Any]:
        """Create an integration by plain HTTP."""
        return self.call(key, "POST", "", **body)

    def call(self, key: str, method: str, below: str, **body: Any) -> dict[str, Any]:
        """Call the API below /v2/ai-integrations by plain HTTP."""
        answer = self.ask(key, method, below, body)
        assert answer.status < HTTPStatus.BAD_REQUEST, answer.text
        found: dict[str, Any] = answer.body
        return found

    def ask(self, key: str, method: str, below: str, body: object = None, **headers: str) -> Response:
        """Call the API below /v2/ai-integrations by plain HTTP, whatever it answers."""
        self.canaries.plant({"body": json.dumps(body)})
        sent = {name.replace("_", "-"): value for name, value in headers.items()}
        request = urllib.request.Request(  # noqa: S310 the stack's own address
            f"{self.url}/v2/ai-integrations{below}",
            data=None if body is None else json.dumps(body).encode(),
            headers={"Authorization": f"Bearer {key}", "Content-Type": "application/json", **sent},
            method=method,
        )
        try:
            response = urllib.request.urlopen(request, timeout=60)  # noqa: S310
        except urllib.error.HTTPError as refusal:
            response = refusal
        with response:
            given = {name.lower(): value for name, value in response.headers.items()}
            return Response(response.status, given, response.read().decode())

    def answered(self, key: str, method: str, below: str, body: object = None, **headers: str) -> tuple[Response, bool]:
        """Ask as clients do, again after a while if the server fails; tell, too, whether it did."""
        answer = first = self.ask(key, method, below, body, **headers)
        for attempt in range(ATTEMPTS):
            if answer.status not in SERVER_FAILS:
                break
            time.sleep(min(0.2 * 2**attempt, LONGEST_PAUSE))
            answer = self.ask(key, method, below, body, **headers)
        return answer, answer is not first


@pytest.fixture(scope="session")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """Return the stack of all tests that need none of their own."""
    with searched(tmp_path_factory.mktemp("stack")) as running:
        yield running


@contextmanager
def searched(folder: Path) -> Iterator[Stack]:
    """Run a stack; when it has ended and saved its state, look for keys in all that it leaves."""
    with serving(folder) as (running, _):
        yield running
        sent = sent_to_aws(running.deployment.endpoint)
    assert (running.folder / "data" / "services" / "dynamodb.json").exists(), "there is nothing to search"
    leaks = sorted(leaking(running.folder, running.canaries, sent))
    assert not leaks, "keys or header values are where they do not belong"


@contextmanager
def serving(folder: Path) -> Iterator[tuple[Stack, "subprocess.Popen[bytes]"]]:
    """Run a stack whose state is in a folder; give its process too, for those who want it to end."""
    folder.mkdir(exist_ok=True)
    workspace = Workspace(folder=folder)
    log = workspace.folder / "up.log"
    process = _start(workspace, log)
    try:
        variables = _connection(process, workspace, log)
        deployment = Deployment(endpoint=variables["AWS_ENDPOINT_URL"])
        url = variables["AI_INTEGRATIONS_URL"]
        yield Stack(url=url, deployment=deployment, folder=workspace.folder), process
    finally:
        process.terminate()
        process.wait(SECONDS_TO_STOP)


def _start(workspace: Workspace, log: Path) -> subprocess.Popen[bytes]:
    command = [
        sys.executable,
        "-m",
        "tools.local",
        "--state-dir",
        str(workspace.folder),
        "up",
        "--port",
        str(free_port()),
    ]
    with log.open("wb") as output:
        return subprocess.Popen(  # noqa: S603 our own command
            command, cwd=ROOT, env={**os.environ, **RECORDING}, stdout=output, stderr=subprocess.STDOUT
        )


def _connection(process: subprocess.Popen[bytes], workspace: Workspace, log: Path) -> dict[str, str]:
    deadline = time.monotonic() + SECONDS_TO_START
    while not workspace.connection.exists():
        if process.poll() is not None or time.monotonic() > deadline:
            pytest.fail(f"The local stack does not serve:\n{log.read_text()}", pytrace=False)
        time.sleep(0.1)
    return read(workspace.connection)
