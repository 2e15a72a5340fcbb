"""Run tests on a change until one fails, in a process of its own for each change."""

import os
import sys
import tempfile
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

    def require_success(self, apply: Callable[[], None]) -> None:
        """Check that the tests pass without a change. Otherwise every change seems to be noticed."""
        if self.notices(apply):
            raise SystemExit(f"The tests fail without a change: {list(self._last_failed)}")

    def notices(self, apply: Callable[[], None]) -> bool:
        """Check whether a test fails after the change, which the process of the tests applies."""
        self._failed.unlink(missing_ok=True)
        child = os.fork()
        if child:
            is_noticed = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) != 0
            if self._failed.exists():
                self._move_to_front(self._failed.read_text())
            return is_noticed
        sys.stdout = sys.stderr = Path(os.devnull).open("w")  # noqa: SIM115
        apply()
        os._exit(any(self._run([file]) for file in self._last_failed) or self._run(self._tests))

    def _move_to_front(self, file: str) -> None:
        if file in self._last_failed:
            self._last_failed.remove(file)
        self._last_failed.appendleft(file)

    def _run(self, tests: Sequence[str]) -> int:
        return pytest.main(["-x", "-q", *self._options, *tests], plugins=[self])

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Record the file of a failed test."""
        if report.failed:
            self._failed.write_text(report.nodeid.partition("::")[0])
