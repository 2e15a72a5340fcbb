"""Markdown: links lead somewhere, prose wraps at 100 columns, and a table cell has at most 25 words."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.builders import ROOT

DOCUMENTS = [
    *sorted(ROOT.glob("*.md")),
    *sorted(path for folder in ("docs", "tests") for path in (ROOT / folder).rglob("*.md")),
]
MAX_COLUMNS = 100
MAX_WORDS_IN_A_CELL = 25


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_markdown_links_lead_to_an_existing_file_and_heading(document: Path) -> None:
    links = re.findall(r"\]\((?!http)([^)#]*)#?([^)]*)\)", document.read_text())
    missing = [
        (path, anchor)
        for path, anchor in links
        if not (target := (document.parent / path) if path else document).exists()
        or (anchor and anchor not in anchors(target))
    ]
    assert missing == []


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_markdown_prose_wraps_at_100_columns(document: Path) -> None:
    assert long_lines(document.read_text()) == []


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_markdown_table_cells_have_at_most_25_words(document: Path) -> None:
    assert long_cells(document.read_text()) == []


def anchors(document: Path) -> set[str]:
    """List the anchors that GitHub makes of a document's headings."""
    headings = re.findall(r"^#+ (.+)$", document.read_text(), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).strip().replace(" ", "-") for heading in headings}


def long_lines(text: str) -> list[str]:
    """List the lines that are too long. A URL does not count, because it cannot be wrapped."""
    lines = [line for line in lines_without_code(text) if not is_row(line)]
    return [line for line in lines if len(re.sub(r"https?://[^)\s]*", "", line)) > MAX_COLUMNS]


def long_cells(text: str) -> list[str]:
    cells = [cell for line in lines_without_code(text) if is_row(line) for cell in re.split(r"(?<!\\)\|", line)]
    return [cell.strip() for cell in cells if len(without_link_targets(cell).split()) > MAX_WORDS_IN_A_CELL]


def lines_without_code(text: str) -> Iterator[str]:
    """Yield the lines outside fenced code blocks."""
    in_code = False
    for line in text.splitlines():
        if line.lstrip().startswith("```"):
            in_code = not in_code
        elif not in_code:
            yield line


def is_row(line: str) -> bool:
    return line.lstrip().startswith("|")


def without_link_targets(text: str) -> str:
    return re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", text)


def test_long_lines_are_found_outside_code_and_tables() -> None:
    long = "x" * 101
    not_found = f"```\n{long}\n```\n| {long} |\n{'…' * 100}\n[x](https://{long})"
    assert long_lines(f"{long}\n{not_found}\n- {long}") == [long, f"- {long}"]


def test_long_cells_are_found_without_counting_links_and_escaped_bars() -> None:
    long, short = "w " * 26, "w " * 24 + "[two words](x y z)"
    assert long_cells(f"| {long}| {short[2:]} |\n| a \\| {'w ' * 23}|\n") == [long.strip()]
