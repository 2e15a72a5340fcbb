"""How large the matrix is, and what came of it."""

from collections import Counter

_cells: Counter[str] = Counter()
_broken: Counter[str] = Counter()
_calls: set[str] = set()


def count(story: str, call: str, is_broken: bool) -> None:
    _cells[story] += 1
    _broken[story] += is_broken
    _calls.add(call)


def summary() -> str | None:
    """Return a line about all cells that have been tried, if any have."""
    if not _cells:
        return None
    return (
        f"Fault matrix: {len(_cells)} use cases making {len(_calls)} kinds of calls, {_cells.total()} cells tried, "
        f"{_broken.total()} with broken invariants."
    )
