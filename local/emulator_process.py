"""What the emulator's process runs: the emulator, ended with its parent and without two waits of every invocation."""

import functools
import os
import runpy
import signal
import socketserver
import sys
import threading
import time

from ministack.core.lambda_runtime import ProvidedWorker  # type: ignore[import-untyped]

from local.emulator import STOP_SECONDS


def main() -> None:
    """Serve until SIGTERM."""
    # Its Runtime API answers in two segments: with Nagle's algorithm the second waits 40 ms for an acknowledgement.
    socketserver.StreamRequestHandler.disable_nagle_algorithm = True
    # After each invocation it waits 50 ms for a first line of log, in vain where a function is silent.
    drain = ProvidedWorker._drain_stderr_bounded  # noqa: SLF001
    ProvidedWorker._drain_stderr_bounded = functools.partialmethod(drain, first_line_wait=0.005)  # noqa: SLF001
    threading.Thread(target=_end_with_parent, daemon=True).start()
    runpy.run_module("ministack", run_name="__main__")


def _end_with_parent() -> None:
    """Wait for the end of standard input, a pipe that only the parent holds: it closes even if the parent is killed."""
    os.read(sys.stdin.fileno(), 1)
    os.kill(os.getpid(), signal.SIGTERM)
    time.sleep(STOP_SECONDS)
    os.killpg(os.getpid(), signal.SIGKILL)


if __name__ == "__main__":
    main()
