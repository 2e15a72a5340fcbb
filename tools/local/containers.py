"""Make the running stack reachable from containers, such as those of `sam local`.

Containers cannot reach the loopback address on which the emulator listens.
"""

import asyncio
import contextlib
import errno
import ipaddress
import json
import shutil
import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

from botocore.exceptions import EndpointConnectionError

from tools.local import connection
from tools.local.deployment import Deployment
from tools.local.emulator import HOST
from tools.local.errors import LocalStackError
from tools.local.workspace import Workspace

# samconfig.toml adds this host name to containers. Docker Desktop adds it itself and routes it to the loopback address.
HOST_OF_CONTAINERS = "host.docker.internal"


def serve(workspace: Workspace) -> None:
    """Forward connections of containers to the emulator, and write the file for `sam local`, until interrupted."""
    endpoint = connection.read(workspace.connection)["AWS_ENDPOINT_URL"]
    port = urlsplit(endpoint).port or 0
    try:
        environments = Deployment(endpoint=endpoint).environments()
    except EndpointConnectionError as error:
        raise LocalStackError(connection.NOT_RUNNING) from error
    for variables in environments.values():
        variables["AWS_ENDPOINT_URL"] = f"http://{HOST_OF_CONTAINERS}:{port}"
    listener = _listener(_docker_address(), port)
    with _env_vars_file(environments, workspace.sam_environments):
        asyncio.run(_forward(listener, port, workspace.sam_environments))


@contextmanager
def _env_vars_file(environments: dict[str, dict[str, str]], path: Path) -> Iterator[None]:
    """Write the file for `sam local --env-vars`, and delete it when the context ends."""
    path.write_text(json.dumps(environments, indent=2) + "\n")
    try:
        yield
    finally:
        path.unlink(missing_ok=True)


def _docker_address() -> str:
    """Find the address of this machine in the network of Docker's containers."""
    if shutil.which("docker") is None:
        raise LocalStackError("Docker is not installed: there is no `docker` on the PATH.")
    command = ["docker", "network", "inspect", "bridge", "--format", "{{json .IPAM.Config}}"]
    result = subprocess.run(command, capture_output=True, text=True, check=False)
    if result.returncode != 0:
        raise LocalStackError(f"Docker does not answer: {result.stderr.strip()}")
    network = json.loads(result.stdout)[0]
    # Docker before version 23 reports the gateway only if it was configured; the default is the first address.
    return network.get("Gateway") or str(next(ipaddress.ip_network(network["Subnet"]).hosts()))


async def _forward(listener: socket.socket | None, port: int, environments: Path) -> None:
    """Forward connections of the listener to a port of the loopback address."""

    async def forward(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        emulator_reader, emulator_writer = await asyncio.open_connection(HOST, port)
        await asyncio.gather(_pump(reader, emulator_writer), _pump(emulator_reader, writer))

    if listener is not None:
        await asyncio.start_server(forward, sock=listener)
    print(f"Containers can reach the stack until Ctrl-C. `sam local` reads the settings from {environments}.")
    await asyncio.Event().wait()


def _listener(address: str, port: int) -> socket.socket | None:
    """Listen on the address that containers use. Returns None if they can reach the loopback address."""
    try:
        return socket.create_server((address, port))
    except OSError as error:
        # Docker Desktop: the address belongs to its virtual machine, and containers can reach the loopback address.
        if error.errno == errno.EADDRNOTAVAIL:
            return None
        raise LocalStackError(f"Cannot listen on {address}:{port}: {error.strerror}") from error


async def _pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with contextlib.closing(writer), contextlib.suppress(ConnectionError):  # the other side has disconnected
        while data := await reader.read(2**16):
            writer.write(data)
            await writer.drain()
