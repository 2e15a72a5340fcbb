"""Start and stop the process of the emulator, so that its data survives a restart."""

import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import NoReturn

from tools.local.errors import LocalStackError
from tools.local.workspace import ROOT, Workspace

HOST = "127.0.0.1"
START_SECONDS = 30
STOP_SECONDS = 20


@dataclass(kw_only=True)
class Emulator:
    """A running emulator: all AWS APIs and the API gateway on one port.

    It saves its data at the end only if `serving` is true. A failed start leaves the saved data unchanged and saves no
    incomplete stack, which CloudFormation could not update.
    """

    process: subprocess.Popen[bytes]
    port: int
    log: Path
    serving: bool = False

    @property
    def endpoint(self) -> str:
        """The endpoint URL for AWS SDKs."""
        return f"http://{HOST}:{self.port}"

    def serve(self) -> NoReturn:
        """Wait for the process, which ends by itself only after a failure."""
        self.serving = True
        raise LocalStackError(f"The emulator ended by itself with status {self.process.wait()}: see {self.log}")


def settings(workspace: Workspace, port: int) -> dict[str, str]:
    """Build the environment of the emulator. Functions inherit it, so their bootstrap unsets it (`packages.py`)."""
    return {
        "BIND_HOST": HOST,
        "GATEWAY_PORT": str(port),
        "PERSIST_STATE": "1",
        "STATE_DIR": str(workspace.data / "services"),
        "TMPDIR": str(workspace.temporary),
        "SFTP_ENABLED": "0",
        "IOT_MTLS_ENABLED": "0",
        # As in Lambda, each concurrent invocation has its own worker. After this idle time, one per function stays.
        "LAMBDA_WARM_TTL_SECONDS": "60",
        "LAMBDA_ACCOUNT_CONCURRENCY": "40",
        "CLOUDTRAIL_RECORDING": os.environ.get("CLOUDTRAIL_RECORDING", "0"),
    }


@contextmanager
def running(workspace: Workspace, port: int, lock: int) -> Iterator[Emulator]:
    """Start the emulator, and stop it with all its child processes when the context ends."""
    rewind_stream_readers(workspace)
    log = workspace.logs / "emulator.log"
    with _start(settings(workspace, port), log, lock) as process:
        emulator = Emulator(process=process, port=port, log=log)
        try:
            _wait_until_listening(emulator)
            yield emulator
        finally:
            _stop(emulator)


def check_port(port: int) -> None:
    """Raise an error that suggests a free port if another process uses this one."""
    if not _is_free(port):
        free = next((candidate for candidate in range(port + 1, 65536) if _is_free(candidate)), "…")
        raise LocalStackError(f"Port {port} is taken. Choose another one: make local PORT={free}")


def rewind_stream_readers(workspace: Workspace) -> None:
    """Reset the saved positions of stream readers.

    The emulator saves the positions but not the streams, so it would skip the first records of the next run.
    """
    saved = workspace.data / "services" / "lambda.json"
    if saved.exists():
        state = json.loads(saved.read_text())
        positions = state["payload"]["dynamodb_stream_positions"]["data"]
        positions.update(dict.fromkeys(positions, 0))
        saved.write_text(json.dumps(state))


def _start(configuration: dict[str, str], log: Path, lock: int) -> subprocess.Popen[bytes]:
    with log.open("ab") as output:
        return subprocess.Popen(
            [sys.executable, "-m", "tools.local.emulator_process"],
            cwd=ROOT,
            env={"PATH": os.environ.get("PATH", os.defpath), "LANG": "C.UTF-8", **configuration},
            # The process ends when this pipe closes, so it never outlives its parent.
            stdin=subprocess.PIPE,
            stdout=output,
            stderr=output,
            # Ctrl-C in the terminal must reach only the parent, which stops the emulator.
            start_new_session=True,
            pass_fds=[lock],
        )


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError:
            return False
    return True


def _wait_until_listening(emulator: Emulator) -> None:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline and emulator.process.poll() is None:
        with contextlib.suppress(OSError), socket.create_connection((HOST, emulator.port), timeout=1):
            return
        time.sleep(0.05)
    raise LocalStackError(f"The emulator did not start: see {emulator.log}")


def _stop(emulator: Emulator) -> None:
    """Stop the emulator, which saves its data if it was serving, and kill its session. Ignore further interrupts."""
    process = emulator.process
    interrupts = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
    handlers = {number: signal.signal(number, signal.SIG_IGN) for number in interrupts}
    try:
        if emulator.serving:
            process.terminate()
            process.wait(STOP_SECONDS)
    except subprocess.TimeoutExpired:
        print(f"The emulator did not end within {STOP_SECONDS} s. Changes since its start are lost.", file=sys.stderr)
    finally:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(process.pid, signal.SIGKILL)
        for number, handler in handlers.items():
            signal.signal(number, handler)
