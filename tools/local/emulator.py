"""The emulator's process: started on loopback, stopped so that it saves its data."""

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
    """A running emulator: every AWS API and the gateway, on one port.

    It saves its data when it ends only if it came to serve: a start that fails leaves them as they were, and no stack
    half deployed, which CloudFormation would never touch again.
    """

    process: subprocess.Popen[bytes]
    port: int
    log: Path
    serving: bool = False

    @property
    def endpoint(self) -> str:
        """What an AWS SDK talks to."""
        return f"http://{HOST}:{self.port}"

    def serve(self) -> NoReturn:
        """Wait until it ends, which it does on its own only when something is wrong."""
        self.serving = True
        raise LocalStackError(f"The emulator ended by itself with status {self.process.wait()}: see {self.log}")


def settings(workspace: Workspace, port: int) -> dict[str, str]:
    """Return what configures the emulator. Its workers inherit these and drop them again (`packages.py`)."""
    return {
        "BIND_HOST": HOST,
        "GATEWAY_PORT": str(port),
        "PERSIST_STATE": "1",
        "STATE_DIR": str(workspace.data / "services"),
        "TMPDIR": str(workspace.temporary),
        "SFTP_ENABLED": "0",
        "IOT_MTLS_ENABLED": "0",
        # Concurrent calls run in workers of their own, as in Lambda; after these seconds idle, one a function is kept.
        "LAMBDA_WARM_TTL_SECONDS": "60",
        "LAMBDA_ACCOUNT_CONCURRENCY": "40",
        "CLOUDTRAIL_RECORDING": os.environ.get("CLOUDTRAIL_RECORDING", "0"),
    }


@contextmanager
def running(workspace: Workspace, port: int, lock: int) -> Iterator[Emulator]:
    """Start it and, whatever happens meanwhile, stop it with everything that it started."""
    rewind_stream_readers(workspace)
    log = workspace.logs / "emulator.log"
    with _start(settings(workspace, port), log, lock) as process:
        emulator = Emulator(process=process, port=port, log=log)
        try:
            _wait_until_it_listens(emulator)
            yield emulator
        finally:
            _stop(emulator)


def check_port(port: int) -> None:
    """Refuse a port that somebody else listens on."""
    if not _is_free(port):
        other = next((candidate for candidate in range(port + 1, 65536) if _is_free(candidate)), "…")
        raise LocalStackError(f"Port {port} is taken. Choose another one: make local PORT={other}")


def rewind_stream_readers(workspace: Workspace) -> None:
    """Undo that the emulator saves how far streams were read but not the streams: the next records would be skipped."""
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
            # It ends when this closes, so it never outlives the command that started it.
            stdin=subprocess.PIPE,
            stdout=output,
            stderr=output,
            # Ctrl-C in the terminal is for this process alone.
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


def _wait_until_it_listens(emulator: Emulator) -> None:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline and emulator.process.poll() is None:
        with contextlib.suppress(OSError), socket.create_connection((HOST, emulator.port), timeout=1):
            return
        time.sleep(0.05)
    raise LocalStackError(f"The emulator did not start: see {emulator.log}")


def _stop(emulator: Emulator) -> None:
    """Let it save if it may, then remove what is left of its session. A second Ctrl-C must not cut that short."""
    process = emulator.process
    interrupts = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
    handlers = {number: signal.signal(number, signal.SIG_IGN) for number in interrupts}
    try:
        if emulator.serving:
            process.terminate()
            process.wait(STOP_SECONDS)
    except subprocess.TimeoutExpired:
        print(f"The emulator did not end in {STOP_SECONDS} s: what changed since the start is lost.", file=sys.stderr)
    finally:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(process.pid, signal.SIGKILL)
        for number, handler in handlers.items():
            signal.signal(number, handler)
