"""Run the emulator, with five changes to its behaviour.

It ends with its parent process. It refuses web pages of other origins. Two delays in every invocation are removed. As
in Lambda, the incomplete response of a function that was killed is discarded. As in Secrets Manager, a version of a
secret never changes.
"""

import functools
import os
import signal
import socketserver
import sys
import threading
import time
from typing import Any

from ministack import app as emulator  # type: ignore[import-untyped]
from ministack.core.lambda_runtime import ProvidedWorker  # type: ignore[import-untyped]

from tools.local.emulator import STOP_SECONDS
from tools.local.same_origin import refuse_other_origins
from tools.local.secret_versions import keep_versions


def main() -> None:
    """Serve until SIGTERM."""
    # The Runtime API sends each response in two segments. With Nagle's algorithm the second one waits 40 ms for an ACK.
    socketserver.StreamRequestHandler.disable_nagle_algorithm = True
    # After each invocation the emulator waits 50 ms for a first log line, even if the function logs nothing.
    drain = ProvidedWorker._drain_stderr_bounded  # noqa: SLF001
    ProvidedWorker._drain_stderr_bounded = functools.partialmethod(drain, first_line_wait=0.005)  # noqa: SLF001
    build = ProvidedWorker._build_handler_class  # noqa: SLF001
    ProvidedWorker._build_handler_class = lambda *arguments: _rejecting_incomplete_bodies(build(*arguments))  # noqa: SLF001
    keep_versions()
    emulator.app = refuse_other_origins(emulator.app)
    threading.Thread(target=_end_with_parent, daemon=True).start()
    emulator.main()


def _rejecting_incomplete_bodies(handler: Any) -> type:  # noqa: ANN401 - the emulator is untyped
    """Extend the Runtime API handler: a body shorter than its Content-Length is an error."""

    class Handler(handler):  # type: ignore[misc]
        def _read_body(self) -> bytes:
            body: bytes = super()._read_body()
            if len(body) < int(self.headers.get("Content-Length", 0)):
                raise ConnectionAbortedError
            return body

    return Handler


def _end_with_parent() -> None:
    """Wait for the end of standard input: a pipe from the parent, which closes even if the parent is killed."""
    os.read(sys.stdin.fileno(), 1)
    os.kill(os.getpid(), signal.SIGTERM)
    time.sleep(STOP_SECONDS)
    os.killpg(os.getpid(), signal.SIGKILL)


if __name__ == "__main__":
    main()
