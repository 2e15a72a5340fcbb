"""What the emulator's process runs: the emulator, ended with its parent, without two waits of every invocation.

What a function has sent of its answer when it is killed is no answer here, as in Lambda.
"""

import functools
import os
import runpy
import signal
import socketserver
import sys
import threading
import time
from typing import Any

from ministack.core.lambda_runtime import ProvidedWorker  # type: ignore[import-untyped]

from tools.local.emulator import STOP_SECONDS


def main() -> None:
    """Serve until SIGTERM."""
    # Its Runtime API answers in two segments: with Nagle's algorithm the second waits 40 ms for an acknowledgement.
    socketserver.StreamRequestHandler.disable_nagle_algorithm = True
    # After each invocation it waits 50 ms for a first line of log, in vain where a function is silent.
    drain = ProvidedWorker._drain_stderr_bounded  # noqa: SLF001
    ProvidedWorker._drain_stderr_bounded = functools.partialmethod(drain, first_line_wait=0.005)  # noqa: SLF001
    build = ProvidedWorker._build_handler_class  # noqa: SLF001
    ProvidedWorker._build_handler_class = lambda *arguments: _refusing_parts(build(*arguments))  # noqa: SLF001
    threading.Thread(target=_end_with_parent, daemon=True).start()
    runpy.run_module("ministack", run_name="__main__")


def _refusing_parts(handler: Any) -> type:  # noqa: ANN401 - the emulator has no types
    """Return the handler of the Runtime API, less its taking an answer that ends before its length does."""

    class Handler(handler):  # type: ignore[misc]
        def _read_body(self) -> bytes:
            body: bytes = super()._read_body()
            if len(body) < int(self.headers.get("Content-Length", 0)):
                raise ConnectionAbortedError
            return body

    return Handler


def _end_with_parent() -> None:
    """Wait for the end of standard input, a pipe that only the parent holds: it closes even if the parent is killed."""
    os.read(sys.stdin.fileno(), 1)
    os.kill(os.getpid(), signal.SIGTERM)
    time.sleep(STOP_SECONDS)
    os.killpg(os.getpid(), signal.SIGKILL)


if __name__ == "__main__":
    main()
