"""Tables in Markdown, and their place in docs/performance.md."""

import re
from collections.abc import Iterable, Sequence
from pathlib import Path

from tests.builders import ROOT

PAGE = ROOT / "docs" / "performance.md"


def table(head: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """Return a table; numbers stand to the right."""
    lines = [head, ["---", *["---:"] * (len(head) - 1)], *rows]
    return "\n".join(f"| {' | '.join(map(str, line))} |" for line in lines)


def millions(instructions: int) -> str:
    """Return instructions as a reader takes them in."""
    return f"{instructions / 1e6:,.0f}"


def thousands(instructions: int) -> str:
    """Return instructions of one request."""
    return f"{instructions / 1e3:,.0f}"


def ratio(value: float, base: float) -> str:
    """Return how many times the base it is."""
    return f"{value / base:.2f}"


def megabytes(count: float) -> str:
    """Return bytes as a reader takes them in."""
    return f"{count / 1e6:,.1f}"


def write(section: str, text: str, page: Path = PAGE) -> None:
    """Print a section's figures, and put them between its markers in the page."""
    print(f"\n{text}\n", flush=True)
    begin, end = f"<!-- {section}: written by make bench -->", f"<!-- /{section} -->"
    pattern = re.compile(re.escape(begin) + ".*?" + re.escape(end), re.DOTALL)
    content, found = pattern.subn(lambda _: f"{begin}\n{text}\n{end}", page.read_text())
    if not found:
        raise SystemExit(f"{page} has no place for {section}")
    page.write_text(content)
