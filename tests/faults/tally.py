"""How large the matrix is, and what came of it: reports of tests carry its cells, whichever process they ran in."""

from collections.abc import Callable, Iterable
from typing import Any

PROPERTY = "cell of the fault matrix"
Record = Callable[[str, object], None]


def count(record: Record, story: str, call: str, *, is_broken: bool) -> None:
    record(PROPERTY, [story, call, is_broken])


def summary(reports: Iterable[Any]) -> str | None:
    """Return a line about all cells that have been tried, if any have."""
    ended = [each for each in reports if getattr(each, "when", None) == "call"]
    cells = [cell for report in ended for name, cell in report.user_properties if name == PROPERTY]
    if not cells:
        return None
    stories, calls, broken = zip(*cells, strict=True)
    return (
        f"Fault matrix: {len(set(stories))} use cases making {len(set(calls))} kinds of calls, "
        f"{len(cells)} cells tried, {sum(broken)} with broken invariants."
    )
