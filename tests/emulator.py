"""An AWS emulator for a test session, as a fixture."""

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from urllib.error import URLError
from urllib.request import urlopen

import pytest
from pytest_socket import enable_socket  # type: ignore[import-untyped]

from tests.builders import ROOT
from tests.free_port import free_port

_SECONDS_TO_START = 30


@pytest.fixture(scope="session")
def emulator(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Start an AWS emulator on loopback, and return its address."""
    enable_socket()  # the first test that needs the emulator may have disabled sockets
    port = free_port()
    folder = tmp_path_factory.mktemp("emulator")
    settings = {"BIND_HOST": "127.0.0.1", "GATEWAY_PORT": str(port), "SFTP_ENABLED": "0", "IOT_MTLS_ENABLED": "0"}
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "tools.local.emulator_process"],
            env={"PATH": os.environ["PATH"], "HOME": str(folder), "TMPDIR": str(folder), **settings},
            cwd=ROOT,
            stdin=subprocess.PIPE,  # the process ends when this pipe closes
            stdout=log,
            stderr=subprocess.STDOUT,
        )
    try:
        address = f"http://127.0.0.1:{port}"
        _wait_for(address, process, folder / "log")
        yield address
    finally:
        process.terminate()
        process.communicate()


def _wait_for(address: str, process: "subprocess.Popen[bytes]", log: Path) -> None:
    deadline = time.monotonic() + _SECONDS_TO_START
    while process.poll() is None and time.monotonic() < deadline:
        try:
            with urlopen(f"{address}/_ministack/health", timeout=1):  # noqa: S310 - loopback
                return
        except (URLError, ConnectionError, TimeoutError):
            time.sleep(0.05)
    pytest.fail(f"the emulator did not start:\n{log.read_text(errors='replace')}")
