"""Summarize the fault matrix. The tests' reports carry the cells, so that all processes contribute."""

from collections.abc import Callable, Iterable
from typing import Any

PROPERTY = "cell of the fault matrix"
RecordProperty = Callable[[str, object], None]


def record_cell(record_property: RecordProperty, use_case: str, call: str, *, is_broken: bool) -> None:
    """Record the result of one cell."""
    record_property(PROPERTY, [use_case, call, is_broken])


def summary(reports: Iterable[Any]) -> str | None:
    """Summarize all recorded cells in one line; None if there are none."""
    calls_phase = [each for each in reports if getattr(each, "when", None) == "call"]
    cells = [cell for report in calls_phase for name, cell in report.user_properties if name == PROPERTY]
    if not cells:
        return None
    use_cases, calls, broken = zip(*cells, strict=True)
    return (
        f"Fault matrix: {len(set(use_cases))} use cases making {len(set(calls))} kinds of calls, "
        f"{len(cells)} cells tried, {sum(broken)} with broken invariants."
    )
