"""`make local`, `make access-key` and `make local-reset`, over two starts of the local stack."""

import json
import os
import re
import signal
import socket
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from tools.local import emulator
from tools.local.aws import client
from tools.local.connection import read
from tools.local.deployment import Deployment
from tools.local.stack import PUBLISHED_EXAMPLE
from tools.local.workspace import ROOT, Workspace

from tests.cloud import Response
from tests.free_port import free_port
from tests.stack.conftest import Stack

# What a resolution of the suggested integration contains.
PUBLISHED_KEY = f'"api_key":"{json.loads(PUBLISHED_EXAMPLE)["api_key"]}"'


class LocalCommands:
    """The command line, with its own state folder and port."""

    def __init__(self, folder: Path) -> None:
        self.connection = folder / "connection.env"
        self._command = [sys.executable, "-m", "tools.local", "--state-dir", str(folder)]
        self._environment = {**os.environ, "PORT": str(free_port())}

    def run(self, *arguments: str) -> "subprocess.CompletedProcess[str]":
        return subprocess.run(  # noqa: S603
            [*self._command, *arguments], cwd=ROOT, env=self._environment, text=True, capture_output=True, check=False
        )

    @contextmanager
    def serving(self, *, stop_signal: signal.Signals) -> Iterator[str]:
        """Start the stack and return its output; stop it with a signal and check its exit status."""
        with subprocess.Popen(  # noqa: S603
            [*self._command, "up"], cwd=ROOT, env=self._environment, text=True, stdout=subprocess.PIPE
        ) as process:
            assert process.stdout is not None
            printed = ""
            for line in process.stdout:
                printed += line
                if '    -d \'{"integration"' in line:
                    break
            try:
                yield printed
            finally:
                process.send_signal(stop_signal)
                try:
                    assert process.wait(30) == 0
                finally:
                    process.kill()
        assert not self.connection.exists()

    def create(self, name: str, key: str | None = None) -> Response:
        variables = read(self.connection)
        stack = Stack(
            url=variables["AI_INTEGRATIONS_URL"],
            deployment=Deployment(endpoint=variables["AWS_ENDPOINT_URL"]),
            folder=self.connection.parent,
        )
        key = key or variables["AI_INTEGRATIONS_API_KEY"]
        return stack.request(key, "POST", "", {"name": name, "provider": "openAI"})


def paste(printed: str) -> str:
    """Run the commands that `make local` suggests, and return what they print."""
    _, suggestion = printed.split("as programs do.", 1)
    commands = suggestion.partition("\n")[2]
    return subprocess.run(["sh", "-euc", commands], text=True, capture_output=True, check=True).stdout  # noqa: S603, S607


def status(url: str, key: str) -> int:
    request = urllib.request.Request(url, headers={"Authorization": f"Bearer {key}"})  # noqa: S310 the local stack
    with urllib.request.urlopen(request, timeout=60) as response:  # noqa: S310
        return int(response.status)


def test_local_stack_keeps_data_and_keys_across_restarts_until_reset(tmp_path: Path) -> None:
    local = LocalCommands(tmp_path)
    with local.serving(stop_signal=signal.SIGTERM) as printed:
        created = paste(printed)
        assert "HTTP/1.1 201" in created
        assert PUBLISHED_KEY in created
        location = re.findall(r"Location: (\S+)", created)
        key = read(local.connection)["AI_INTEGRATIONS_API_KEY"]
        origin = read(local.connection)["AWS_ENDPOINT_URL"]
        addresses = [
            *re.findall("^(?:Console|Docs page|API): +(.+)$", printed, re.MULTILINE),
            *(origin + path for path in location),
        ]
        assert [status(address, key) for address in addresses] == [200] * 4
        assert local.create("persistent").status == 201
        assert "stop it first" in local.run("reset").stderr

    with local.serving(stop_signal=signal.SIGINT) as printed:
        again = paste(printed)
        assert "HTTP/1.1 409" in again
        assert PUBLISHED_KEY in again
        assert local.create("persistent").status == 409
        assert local.create("persistent", key).status == 409
        issued = local.run("access-key", "--account", "local", "--user", "ann", "--role", "reader").stdout
        assert re.fullmatch(r"aik_[A-Za-z0-9_-]{43}\n", issued)
        assert local.create("by a reader", issued.strip()).status == 403

    assert local.run("reset").returncode == 0
    assert key not in "".join(file.read_text(errors="replace") for file in tmp_path.rglob("*") if file.is_file())


def test_up_with_a_port_in_use_fails_and_suggests_a_free_port(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        result = LocalCommands(tmp_path).run("up", "--port", str(port))
    assert result.returncode == 1
    assert f"Port {port} is taken. Choose another one: make local PORT=" in result.stderr


@pytest.mark.parametrize("serves", [False, True])
def test_emulator_saves_its_data_only_if_it_served(tmp_path: Path, *, serves: bool) -> None:
    """An incomplete stack, which a failed start leaves, could not be updated by the next start."""
    workspace = Workspace(folder=tmp_path)
    with workspace.locked() as lock:
        workspace.prepare()
        with emulator.running(workspace, free_port(), lock) as running:
            client("s3", running.endpoint).create_bucket(Bucket="incomplete")
            if serves:
                running.serving = True
    assert any(workspace.data.rglob("*.json")) is serves


def test_access_key_with_a_stale_connection_file_fails_as_not_running(tmp_path: Path) -> None:
    (tmp_path / "connection.env").write_text(f"AWS_ENDPOINT_URL=http://127.0.0.1:{free_port()}\n")
    result = LocalCommands(tmp_path).run("access-key", "--account", "local", "--user", "ann", "--role", "reader")
    assert (result.returncode, result.stdout) == (1, "")
    assert result.stderr == "The local stack is not running. Start it: make local\n"
