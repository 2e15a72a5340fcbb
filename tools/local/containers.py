"""The running stack for containers, such as those of `sam local`, which do not see this machine's loopback."""

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

# samconfig.toml lets containers know this name; Docker Desktop does so by itself, and leads it to the loopback.
HOST_OF_CONTAINERS = "host.docker.internal"


def serve(workspace: Workspace) -> None:
    """Serve the emulator of the running stack to containers, and say how to reach it, until interrupted."""
    endpoint = connection.read(workspace.connection)["AWS_ENDPOINT_URL"]
    port = urlsplit(endpoint).port or 0
    try:
        environments = Deployment(endpoint=endpoint).environments()
    except EndpointConnectionError as error:
        raise LocalStackError(connection.NOT_RUNNING) from error
    for variables in environments.values():
        variables["AWS_ENDPOINT_URL"] = f"http://{HOST_OF_CONTAINERS}:{port}"
    listener = _listener(_docker_address(), port)
    with _written(environments, workspace.sam_environments):
        asyncio.run(_forward(listener, port, workspace.sam_environments))


@contextmanager
def _written(environments: dict[str, dict[str, str]], path: Path) -> Iterator[None]:
    """Let the file that `sam local --env-vars` reads exist for as long as the context lasts."""
    path.write_text(json.dumps(environments, indent=2) + "\n")
    try:
        yield
    finally:
        path.unlink(missing_ok=True)


def _docker_address() -> str:
    """Return the address at which containers find this machine."""
    if shutil.which("docker") is None:
        raise LocalStackError("Docker is not installed: there is no `docker` on the PATH.")
    command = ["docker", "network", "inspect", "bridge", "--format", "{{json .IPAM.Config}}"]
    answer = subprocess.run(command, capture_output=True, text=True, check=False)
    if answer.returncode != 0:
        raise LocalStackError(f"Docker does not answer: {answer.stderr.strip()}")
    network = json.loads(answer.stdout)[0]
    # Before its version 23, Docker names the address only if somebody chose it; it takes the first one.
    return network.get("Gateway") or str(next(ipaddress.ip_network(network["Subnet"]).hosts()))


async def _forward(listener: socket.socket | None, port: int, environments: Path) -> None:
    """Pass on what comes to the listener to a port of the loopback."""

    async def pass_on(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        emulator_reader, emulator_writer = await asyncio.open_connection(HOST, port)
        await asyncio.gather(_pump(reader, emulator_writer), _pump(emulator_reader, writer))

    if listener is not None:
        await asyncio.start_server(pass_on, sock=listener)
    print(f"Containers reach the stack; {environments} tells `sam local` how. Until Ctrl-C.")
    await asyncio.Event().wait()


def _listener(address: str, port: int) -> socket.socket | None:
    """Listen where containers look for this machine, unless they reach its loopback anyway."""
    try:
        return socket.create_server((address, port))
    except OSError as error:
        # With Docker Desktop the address is inside of its virtual machine, and the loopback is within reach.
        if error.errno == errno.EADDRNOTAVAIL:
            return None
        raise LocalStackError(f"{address}:{port} can not be listened on: {error.strerror}") from error


async def _pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with contextlib.closing(writer), contextlib.suppress(ConnectionError):  # whoever has gone needs nothing more
        while data := await reader.read(2**16):
            writer.write(data)
            await writer.drain()
