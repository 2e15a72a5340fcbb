"""The complete service, deployed once per test session from the repository's template to the local emulator."""

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
from tests.leaks import KnownSecrets
from tests.stack.leak_search import find_leaks, recorded_calls

START_TIMEOUT_SECONDS = 120
STOP_TIMEOUT_SECONDS = 30
MAX_RETRIES = 20
MAX_BACKOFF_SECONDS = 3
RETRYABLE_STATUSES = {429, 500, 502, 503, 504}
# The emulator records AWS calls: test_permissions.py compares them with the functions' policies.
RECORDING = {"CLOUDTRAIL_RECORDING": "1"}


@dataclass(frozen=True, kw_only=True)
class Stack:
    """A running stack, as HTTP clients and operators use it."""

    url: str
    deployment: Deployment
    folder: Path
    known_secrets: KnownSecrets = field(default_factory=KnownSecrets)

    def issue_key(self, *, account: str, role: str = "admin", user: str = "alice", **holder: Any) -> str:
        """Issue an access key."""
        holder = {"account": account, "user": user, "role": role, **holder}
        key = str(self.deployment.invoke("AccessKeysFunctionName", {"action": "issue", **holder})["access_key"])
        self.known_secrets.keys.add(key)
        return key

    def register_sender(self, *, account: str, role: str = "admin", **sender: Any) -> None:
        """Register a sender in the AWS account of the stack, by `source` or `stack_names`."""
        self._command_about_sender("register", account=account, role=role, **sender)

    def remove_sender(self, *, account: str, **sender: str) -> None:
        """Remove a registered sender."""
        self._command_about_sender("remove", account=account, **sender)

    def _command_about_sender(self, verb: str, **command: Any) -> None:
        action = f"{verb}_source" if "source" in command else f"{verb}_stacks"
        aws_account = self.deployment.aws_account()
        result = self.deployment.invoke(
            "AccessKeysFunctionName", {"action": action, "aws_account": aws_account, **command}
        )
        assert "problem" not in result, result

    def register(self, kind: str, *, account: str, **place: str) -> None:
        """Register a place of this kind, an organization or a space."""
        result = self.deployment.invoke(
            "SpacesFunctionName", {"action": f"register_{kind}", "account": account, **place}
        )
        assert "problem" not in result

    def create(self, key: str, **body: Any) -> dict[str, Any]:
        """Create an integration over HTTP."""
        return self.call(key, "POST", "", **body)

    def call(self, key: str, method: str, path: str, **body: Any) -> dict[str, Any]:
        """Call the API below /v2/ai-integrations and return the response body; fail on an error status."""
        response = self.request(key, method, path, body)
        assert response.status < HTTPStatus.BAD_REQUEST, response.text
        content: dict[str, Any] = response.body
        return content

    def request(self, key: str, method: str, path: str, body: object = None, **headers: str) -> Response:
        """Call the API below /v2/ai-integrations and return the response, whatever its status."""
        self.known_secrets.record({"body": json.dumps(body)})
        sent = {name.replace("_", "-"): value for name, value in headers.items()}
        request = urllib.request.Request(  # noqa: S310 the stack's own address
            f"{self.url}/v2/ai-integrations{path}",
            data=None if body is None else json.dumps(body).encode(),
            headers={"Authorization": f"Bearer {key}", "Content-Type": "application/json", **sent},
            method=method,
        )
        try:
            response = urllib.request.urlopen(request, timeout=60)  # noqa: S310
        except urllib.error.HTTPError as error:
            response = error
        with response:
            received = {name.lower(): value for name, value in response.headers.items()}
            return Response(response.status, received, response.read().decode())

    def request_with_retries(
        self, key: str, method: str, path: str, body: object = None, **headers: str
    ) -> tuple[Response, bool]:
        """Retry server errors with exponential backoff; return the response and whether there was a retry."""
        response = first = self.request(key, method, path, body, **headers)
        for attempt in range(MAX_RETRIES):
            if response.status not in RETRYABLE_STATUSES:
                break
            time.sleep(min(0.2 * 2**attempt, MAX_BACKOFF_SECONDS))
            response = self.request(key, method, path, body, **headers)
        return response, response is not first


@pytest.fixture(scope="session")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """Return the stack that most tests share."""
    with leak_checked_stack(tmp_path_factory.mktemp("stack")) as running:
        yield running


@contextmanager
def leak_checked_stack(folder: Path) -> Iterator[Stack]:
    """Run a stack. After it has stopped and saved its state, search all its output and state for keys."""
    with running_stack(folder) as (running, _):
        yield running
        calls = recorded_calls(running.deployment.endpoint)
    assert (running.folder / "data" / "services" / "dynamodb.json").exists(), "the stack saved no state to search"
    leaks = sorted(find_leaks(running.folder, running.known_secrets, calls))
    assert not leaks, "keys or header values leaked to these places"


@contextmanager
def running_stack(folder: Path) -> Iterator[tuple[Stack, "subprocess.Popen[bytes]"]]:
    """Run a stack that keeps its state in a folder; also return its process, for tests that stop it early."""
    folder.mkdir(exist_ok=True)
    workspace = Workspace(folder=folder)
    log = workspace.folder / "up.log"
    process = _start(workspace, log)
    try:
        variables = _wait_for_connection(process, workspace, log)
        deployment = Deployment(endpoint=variables["AWS_ENDPOINT_URL"])
        url = variables["AI_INTEGRATIONS_URL"]
        yield Stack(url=url, deployment=deployment, folder=workspace.folder), process
    finally:
        process.terminate()
        process.wait(STOP_TIMEOUT_SECONDS)


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


def _wait_for_connection(process: subprocess.Popen[bytes], workspace: Workspace, log: Path) -> dict[str, str]:
    deadline = time.monotonic() + START_TIMEOUT_SECONDS
    while not workspace.connection.exists():
        if process.poll() is not None or time.monotonic() > deadline:
            pytest.fail(f"The local stack did not start:\n{log.read_text()}", pytrace=False)
        time.sleep(0.1)
    return read(workspace.connection)
