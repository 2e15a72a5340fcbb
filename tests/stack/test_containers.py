"""What `make containers` promises: the emulator at Docker's address, and what `sam local` has to know of it."""

import json
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from tools.local.aws import client
from tools.local.workspace import ROOT

from tests.stack.conftest import Stack

# A second address of the loopback, on which the emulator itself does not listen, stands for that of Docker's bridge.
BRIDGE = "127.0.0.2"


def a_docker(folder: Path, script: str) -> str:
    """Return a PATH on which `docker` is this."""
    program = folder / "docker"
    program.write_text(f"#!/bin/sh\n{script}\n")
    program.chmod(0o700)
    return str(folder)


@contextmanager
def containers(stack: Stack, path: str) -> Iterator["subprocess.Popen[str]"]:
    command = [sys.executable, "-m", "tools.local", "--state-dir", str(stack.folder), "containers"]
    with subprocess.Popen(  # noqa: S603 our own command
        command, cwd=ROOT, env={"PATH": path}, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        try:
            yield process
        finally:
            process.terminate()


@pytest.mark.parametrize(
    "network", [{"Gateway": BRIDGE}, {"Subnet": "127.0.0.2/31"}], ids=["named", "first of the net"]
)
def test_opens_the_emulator_to_containers_and_tells_how(stack: Stack, tmp_path: Path, network: dict[str, str]) -> None:
    port = stack.deployment.endpoint.rpartition(":")[2]
    with containers(stack, a_docker(tmp_path, f"echo '{json.dumps([network])}'")) as process:
        assert process.stdout is not None
        assert "Containers can reach the stack" in process.stdout.readline()
        environments = json.loads((stack.folder / "sam.json").read_text())
        table = environments["ApiFunction"]["TABLE_NAME"]
        found = client("dynamodb", f"http://{BRIDGE}:{port}").describe_table(TableName=table)
        assert found["Table"]["TableName"] == table
        assert {each["AWS_ENDPOINT_URL"] for each in environments.values()} == {f"http://host.docker.internal:{port}"}
    assert not (stack.folder / "sam.json").exists()
    with pytest.raises(OSError, match="refused"):
        socket.create_connection((BRIDGE, int(port)), timeout=5)


def test_leaves_containers_to_docker_where_its_address_is_not_this_machines(stack: Stack, tmp_path: Path) -> None:
    with containers(stack, a_docker(tmp_path, """echo '[{"Gateway": "192.0.2.1"}]'""")) as process:
        assert process.stdout is not None
        assert "Containers can reach the stack" in process.stdout.readline()


@pytest.mark.parametrize(
    ("script", "said"),
    [
        ("echo no daemon >&2; exit 1", "Docker does not answer: no daemon"),
        ("""echo '[{"Gateway": "127.0.0.1"}]'""", "Cannot listen on"),
    ],
)
def test_says_why_containers_can_not_reach_the_stack(stack: Stack, tmp_path: Path, script: str, said: str) -> None:
    with containers(stack, a_docker(tmp_path, script)) as process:
        _, error = process.communicate(timeout=30)
    assert process.returncode == 1
    assert said in error


def test_says_that_docker_is_missing(stack: Stack, tmp_path: Path) -> None:
    with containers(stack, str(tmp_path)) as process:
        _, error = process.communicate(timeout=30)
    assert (process.returncode, error) == (1, "Docker is not installed: there is no `docker` on the PATH.\n")
