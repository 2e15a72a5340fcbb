"""`make containers`: forward Docker's address to the emulator, and write the settings for `sam local`."""

import json
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from tools.local.aws import client
from tools.local.containers import HOST_OF_CONTAINERS
from tools.local.workspace import ROOT

from tests.stack.conftest import Stack

# Stands for the address of Docker's bridge: a loopback address on which the emulator does not listen.
BRIDGE = "127.0.0.2"


def path_with_fake_docker(folder: Path, script: str) -> str:
    """Return a PATH on which `docker` runs this shell script."""
    program = folder / "docker"
    program.write_text(f"#!/bin/sh\n{script}\n")
    program.chmod(0o700)
    return str(folder)


@contextmanager
def containers_command(stack: Stack, path: str) -> Iterator["subprocess.Popen[str]"]:
    """Run `make containers` with this PATH."""
    command = [sys.executable, "-m", "tools.local", "--state-dir", str(stack.folder), "containers"]
    with subprocess.Popen(  # noqa: S603 our own command
        command, cwd=ROOT, env={"PATH": path}, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        try:
            yield process
        finally:
            process.terminate()


def describe_from_a_container(table: str, port: int) -> dict[str, Any]:
    """Describe a table by Docker's address and the host name that containers use."""
    dynamodb = client("dynamodb", f"http://{BRIDGE}:{port}")
    dynamodb.meta.events.register(
        "before-sign", lambda request, **_: request.headers.add_header("Host", HOST_OF_CONTAINERS)
    )
    described: dict[str, Any] = dynamodb.describe_table(TableName=table)["Table"]
    return described


@pytest.mark.parametrize(
    "network", [{"Gateway": BRIDGE}, {"Subnet": "127.0.0.2/31"}], ids=["gateway reported", "only subnet reported"]
)
def test_containers_command_forwards_connections_and_writes_settings_until_it_ends(
    stack: Stack, tmp_path: Path, network: dict[str, str]
) -> None:
    port = stack.deployment.endpoint.rpartition(":")[2]
    with containers_command(stack, path_with_fake_docker(tmp_path, f"echo '{json.dumps([network])}'")) as process:
        assert process.stdout is not None
        assert "Containers can reach the stack" in process.stdout.readline()
        environments = json.loads((stack.folder / "sam.json").read_text())
        table = environments["ApiFunction"]["TABLE_NAME"]
        assert describe_from_a_container(table, int(port))["TableName"] == table
        assert {each["AWS_ENDPOINT_URL"] for each in environments.values()} == {f"http://host.docker.internal:{port}"}
    assert not (stack.folder / "sam.json").exists()
    with pytest.raises(OSError, match="refused"):
        socket.create_connection((BRIDGE, int(port)), timeout=5)


def test_containers_command_with_a_remote_docker_address_starts_without_a_listener(
    stack: Stack, tmp_path: Path
) -> None:
    with containers_command(stack, path_with_fake_docker(tmp_path, """echo '[{"Gateway": "192.0.2.1"}]'""")) as process:
        assert process.stdout is not None
        assert "Containers can reach the stack" in process.stdout.readline()


@pytest.mark.parametrize(
    ("script", "message"),
    [
        ("echo no daemon >&2; exit 1", "Docker does not answer: no daemon"),
        ("""echo '[{"Gateway": "127.0.0.1"}]'""", "Cannot listen on"),
    ],
    ids=["docker fails", "address in use"],
)
def test_containers_command_that_cannot_forward_prints_the_reason(
    stack: Stack, tmp_path: Path, script: str, message: str
) -> None:
    with containers_command(stack, path_with_fake_docker(tmp_path, script)) as process:
        _, error = process.communicate(timeout=30)
    assert process.returncode == 1
    assert message in error


def test_containers_command_without_docker_prints_that_it_is_not_installed(stack: Stack, tmp_path: Path) -> None:
    with containers_command(stack, str(tmp_path)) as process:
        _, error = process.communicate(timeout=30)
    assert (process.returncode, error) == (1, "Docker is not installed: there is no `docker` on the PATH.\n")
