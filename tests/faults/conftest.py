"""The matrix ends with a line about its size and its result."""

from typing import Any

from tests.faults import tally


def pytest_terminal_summary(terminalreporter: Any) -> None:
    line = tally.summary()
    if line is not None:
        terminalreporter.section("faults")
        terminalreporter.line(line)
