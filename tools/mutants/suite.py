"""Run tests on a change until one fails, in a process of its own for each change."""

import gc
import math
import os
import signal
import sys
import tempfile
import time
from collections import deque
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest


class Suite:
    """Tests, of which the files that noticed the last changes run first, one at a time: one often notices the next."""

    def __init__(self, tests: Sequence[str], options: Sequence[str] = ("-p", "no:cacheprovider")) -> None:
        self._tests = tests
        self._options = options
        self._last_failed: deque[str] = deque(maxlen=8)
        self._failed = Path(tempfile.mkdtemp(), "failed.txt")
        self._limit = 0  # seconds that a change may take; 0 is no limit

    def require_success(self, apply: Callable[[], None], alone: Sequence[str] = ()) -> None:
        """Check that the tests, and the files that will run alone, pass without a change.

        Otherwise every change seems to be noticed. A later change is noticed too if the tests wait for something that
        never comes: after four times as long as now, and a second.
        """
        start = time.monotonic()
        if self.notices(apply, alone):
            raise SystemExit(f"The tests fail without a change: {list(self._last_failed)}")
        self._limit = 1 + math.ceil(4 * (time.monotonic() - start))

    def notices(self, apply: Callable[[], None], likely: Sequence[str] = ()) -> bool:
        """Check whether a test fails after the change, which the process of the tests applies.

        `likely` are files that run before the others.
        """
        self._failed.unlink(missing_ok=True)
        child = os.fork()
        if child:
            is_noticed = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) != 0
            if self._failed.exists():
                self._move_to_front(self._failed.read_text())
            return is_noticed
        gc.freeze()  # otherwise the garbage collector visits, and so copies, the memory of the parent
        sys.stdout = sys.stderr = Path(os.devnull).open("w")  # noqa: SIM115
        signal.alarm(self._limit)
        apply()
        first = dict.fromkeys([*self._last_failed, *likely])
        os._exit(any(self._fails([file]) for file in first) or self._fails(self._tests))

    def _move_to_front(self, file: str) -> None:
        if file in self._last_failed:
            self._last_failed.remove(file)
        self._last_failed.appendleft(file)

    def _fails(self, tests: Sequence[str]) -> bool:
        code = pytest.main(["-x", "-q", *self._options, *tests], plugins=[self])
        return code not in {pytest.ExitCode.OK, pytest.ExitCode.NO_TESTS_COLLECTED}

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Record the file of a failed test."""
        if report.failed:
            self._failed.write_text(report.nodeid.partition("::")[0])
