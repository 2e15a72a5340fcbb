"""The template built by `sam build`, and functions in containers that use a separate local stack."""

import json
import platform
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from tools.local.emulator import HOST

from tests.builders import ROOT
from tests.free_port import free_port
from tests.sam_local.prerequisites import missing
from tests.stack.conftest import Stack, stack

__all__ = ["stack"]

START_TIMEOUT_SECONDS = 120
ARCHITECTURE = {"x86_64": "x86_64", "amd64": "x86_64"}.get(platform.machine().lower(), "arm64")


@pytest.fixture(scope="session", autouse=True)
def prerequisites() -> None:
    if lines := missing():
        pytest.skip("; ".join(lines))


@pytest.fixture(scope="session")
def built() -> Path:
    subprocess.run(["sam", "build"], cwd=ROOT, check=True)  # noqa: S607
    return ROOT / ".aws-sam" / "build"


@dataclass(frozen=True, kw_only=True)
class SamCli:
    """The SAM CLI with the built template. Its functions use the local stack."""

    stack: Stack
    environments: Path

    def command(self, name: str, *arguments: str) -> list[str]:
        """Build a `sam local` command for this machine's processor and this stack."""
        overrides = ("--parameter-overrides", f"Architecture={ARCHITECTURE}", "--env-vars", str(self.environments))
        return ["sam", "local", name, *arguments, *overrides]

    def invoke(self, function: str, event: dict[str, Any]) -> Any:
        """Invoke a function and return the payload. The exit status is 0 even if the function fails."""
        command = self.command("invoke", function, "--event", "-")
        result = subprocess.run(  # noqa: S603 the SAM CLI
            command, cwd=ROOT, input=json.dumps(event), text=True, capture_output=True, check=False
        )
        assert result.returncode == 0, result.stderr
        return json.loads(result.stdout)

    @contextmanager
    def start_api(self) -> Iterator[str]:
        """Serve the whole API, authorizer included; return its base URL."""
        port = free_port()
        command = self.command("start-api", "--port", str(port))
        with subprocess.Popen(command, cwd=ROOT) as process:  # noqa: S603 the SAM CLI
            url = f"http://{HOST}:{port}"
            try:
                _wait_for_api(process, url)
                yield url
            finally:
                process.send_signal(signal.SIGTERM)


@pytest.fixture(scope="session")
def sam(built: Path, stack: Stack) -> Iterator[SamCli]:
    assert built.is_dir()
    command = [sys.executable, "-m", "tools.local", "--state-dir", str(stack.folder), "containers"]
    environments = stack.folder / "sam.json"
    with subprocess.Popen(command, cwd=ROOT) as process:  # noqa: S603 our own command
        while not environments.exists():
            assert process.poll() is None, "`make containers` ended: containers cannot reach the local stack"
            time.sleep(0.1)
        yield SamCli(stack=stack, environments=environments)
        process.terminate()


def _wait_for_api(process: subprocess.Popen[bytes], url: str) -> None:
    deadline = time.monotonic() + START_TIMEOUT_SECONDS
    while True:
        assert process.poll() is None, "`sam local start-api` ended"
        assert time.monotonic() < deadline, "`sam local start-api` did not start in time"
        try:
            urllib.request.urlopen(url, timeout=10)  # noqa: S310 a port of this machine
        except urllib.error.HTTPError:
            return
        except OSError:
            time.sleep(0.2)
