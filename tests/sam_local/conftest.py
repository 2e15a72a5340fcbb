"""The built template, and functions in containers on a local stack of their own."""

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

from tests.builders import EVENTS, ROOT
from tests.free_port import free_port
from tests.sam_local.prerequisites import missing
from tests.stack.conftest import Stack, stack

__all__ = ["stack"]

SECONDS_TO_START = 120
ARCHITECTURE = {"x86_64": "x86_64", "amd64": "x86_64"}.get(platform.machine().lower(), "arm64")


@pytest.fixture(scope="session", autouse=True)
def prerequisites() -> None:
    if lines := missing():
        pytest.skip(f"not run: {'; '.join(lines)}")


@pytest.fixture(scope="session")
def built() -> Path:
    subprocess.run(["sam", "build"], cwd=ROOT, check=True)  # noqa: S607
    return ROOT / ".aws-sam" / "build"


@dataclass(frozen=True, kw_only=True)
class Sam:
    """The SAM CLI on the built template, its functions on the local stack."""

    stack: Stack
    environments: Path

    def command(self, name: str, *arguments: str) -> list[str]:
        """Return a command of `sam local` as a person gives it, but for this machine's processor and this stack."""
        overrides = ("--parameter-overrides", f"Architecture={ARCHITECTURE}", "--env-vars", str(self.environments))
        return ["sam", "local", name, *arguments, *overrides]

    def invoke(self, function: str, event: dict[str, Any]) -> Any:
        """Return the payload; the exit status tells nothing of it."""
        command = self.command("invoke", function, "--event", "-")
        answer = subprocess.run(  # noqa: S603 the SAM CLI
            command, cwd=ROOT, input=json.dumps(event), text=True, capture_output=True, check=False
        )
        assert answer.returncode == 0, answer.stderr
        return json.loads(answer.stdout)

    @contextmanager
    def api(self) -> Iterator[str]:
        """Serve the whole API, authorizer included, and give its base URL."""
        port = free_port()
        command = self.command("start-api", "--port", str(port))
        with subprocess.Popen(command, cwd=ROOT) as process:  # noqa: S603 the SAM CLI
            url = f"http://{HOST}:{port}"
            try:
                _wait_until_it_answers(process, url)
                yield url
            finally:
                process.send_signal(signal.SIGTERM)


@pytest.fixture(scope="session")
def sam(built: Path, stack: Stack) -> Iterator[Sam]:
    assert built.is_dir()
    command = [sys.executable, "-m", "tools.local", "--state-dir", str(stack.folder), "containers"]
    environments = stack.folder / "sam.json"
    with subprocess.Popen(command, cwd=ROOT) as process:  # noqa: S603 our own command
        while not environments.exists():
            assert process.poll() is None, "containers can not reach the local stack"
            time.sleep(0.1)
        yield Sam(stack=stack, environments=environments)
        process.terminate()


def _wait_until_it_answers(process: subprocess.Popen[bytes], url: str) -> None:
    deadline = time.monotonic() + SECONDS_TO_START
    while True:
        assert process.poll() is None, "start-api has ended"
        assert time.monotonic() < deadline, "start-api does not serve"
        try:
            urllib.request.urlopen(url, timeout=10)  # noqa: S310 a port of this machine
        except urllib.error.HTTPError:
            return
        except OSError:
            time.sleep(0.2)


def the_event(name: str) -> dict[str, Any]:
    event: dict[str, Any] = json.loads((EVENTS / f"{name}.json").read_text())
    return event
