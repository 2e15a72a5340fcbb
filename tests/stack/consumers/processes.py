"""Processes of the consumer tests: a provider, a LiteLLM proxy and consumers, in virtual environments of their own."""

import json
import os
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tests.builders import ROOT
from tests.free_port import free_port

HERE = Path(__file__).parent
RELEASES = ("oldest", "newest")  # of the supported libraries: requirements-*.txt
PYTHON = {release: ROOT / f".venv-consumers/{release}/bin/python" for release in RELEASES}
SECONDS_TO_START = 180
MASTER_KEY = "sk-fake-master-key-of-the-proxy-0123456789-abcdef"
# LiteLLM downloads nothing when it starts or sends a request.
OFFLINE = {"LITELLM_LOCAL_MODEL_COST_MAP": "True", "LITELLM_LOCAL_ANTHROPIC_BETA_HEADERS": "True"}
PROXY_SETTINGS = {
    "LITELLM_MASTER_KEY": MASTER_KEY,
    "LITELLM_MODE": "PRODUCTION",
}


class Provider:
    """A running provider and its valid keys."""

    def __init__(self, port: int, keys: Path) -> None:
        self.address = f"http://127.0.0.1:{port}"
        self.base_url = f"{self.address}/v1"
        self._keys = keys

    def accept(self, *keys: str) -> None:
        """Make these keys valid, and all others invalid."""
        draft = self._keys.with_suffix(".draft")
        draft.write_text("\n".join(keys))
        draft.replace(self._keys)


class Program:
    """A running consumer."""

    def __init__(self, process: "subprocess.Popen[str]") -> None:
        self._process = process

    def complete(self, library: str, integration: str, **more: str) -> dict[str, Any]:
        return self._exchange({"library": library, "integration": integration, **more})

    def complete_resolved(self, library: str, resolution: dict[str, Any], **more: Any) -> dict[str, Any]:
        return self._exchange({"library": library, "resolution": resolution, **more})

    def variables(self) -> set[str]:
        """Return the names of the environment variables that the program has read."""
        return {*self._exchange({"variables": True})["variables"]}

    def handle_event(self, event: dict[str, Any]) -> bool:
        return bool(self._exchange({"event": event})["concerned"])

    def _exchange(self, command: dict[str, Any]) -> dict[str, Any]:
        commands, responses = self._process.stdin, self._process.stdout
        assert commands is not None
        assert responses is not None
        commands.write(json.dumps(command) + "\n")
        commands.flush()
        line = responses.readline()
        assert line, f"the consumer exited with status {self._process.wait()}"
        response: dict[str, Any] = json.loads(line)
        return response


@contextmanager
def running_provider(folder: Path) -> Iterator[Provider]:
    port, keys = free_port(), folder / "valid-keys"
    keys.touch()
    with _running([str(HERE / "provider.py"), str(port), str(keys)], {}, folder / "provider.log"):
        provider = Provider(port, keys)
        _wait_for(f"{provider.address}/v1/models", folder / "provider.log")
        yield provider


@contextmanager
def running_proxy(
    folder: Path, settings: dict[str, str], models: Iterable[dict[str, Any]], release: str = "newest"
) -> Iterator[str]:
    """Run a LiteLLM proxy with these models, and yield its address."""
    port, configuration = free_port(), folder / "proxy.json"
    (folder / "registry.py").write_text("from ai_integrations_client.litellm_proxy import callback\n")
    callbacks = "registry.callback" if release == "oldest" else "ai_integrations_client.litellm_proxy.callback"
    configuration.write_text(json.dumps({"model_list": list(models), "litellm_settings": {"callbacks": callbacks}}))
    command = [str(PYTHON[release].with_name("litellm")), "--config", str(configuration), "--host", "127.0.0.1"]
    variables = {**PROXY_SETTINGS, **settings}
    with _running([*command, "--port", str(port)], variables, folder / "proxy.log", release=release):
        address = f"http://127.0.0.1:{port}"
        _wait_for(f"{address}/health/liveliness", folder / "proxy.log")
        yield address


@contextmanager
def running_program(folder: Path, settings: dict[str, str], release: str = "newest") -> Iterator[Program]:
    log = folder / "program.log"
    with _running([str(HERE / "program.py")], settings, log, release=release, use_pipes=True) as process:
        yield Program(process)


@contextmanager
def _running(
    command: list[str], settings: dict[str, str], log: Path, *, release: str = "newest", use_pipes: bool = False
) -> Iterator["subprocess.Popen[str]"]:
    """Run a program with a minimal environment: PATH, HOME and the given settings."""
    environment = {"PATH": os.environ["PATH"], "HOME": str(log.parent), **OFFLINE}
    pipe = subprocess.PIPE if use_pipes else None
    with log.open("w") as output:
        process = subprocess.Popen(  # noqa: S603 - programs of this repository
            [str(PYTHON[release]), "-P", *command],
            env=environment | settings,
            cwd=log.parent,
            stdin=pipe,
            stdout=pipe or output,
            stderr=output,
            text=True,
        )
        try:
            yield process
        finally:
            process.terminate()
            process.wait(30)
            for stream in (process.stdin, process.stdout):
                if stream is not None:
                    stream.close()


def _wait_for(address: str, log: Path) -> None:
    deadline = time.monotonic() + SECONDS_TO_START
    while time.monotonic() < deadline:
        try:
            with urllib.request.urlopen(address, timeout=5):  # noqa: S310 - loopback
                return
        except urllib.error.HTTPError:
            return
        except (urllib.error.URLError, ConnectionError, TimeoutError):
            time.sleep(0.1)
    raise AssertionError(f"{address} does not respond:\n{log.read_text()}")
