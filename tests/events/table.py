"""The table of docs/sam-local.md: which function gets which event, and what it is expected to answer."""

import json
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from tests.builders import ROOT

PAGE = ROOT / "docs" / "sam-local.md"


@dataclass(frozen=True, kw_only=True)
class Row:
    """One event: what it needs to be `kept` by tests/seeds.py, if anything, and what the answer has to contain."""

    function: str
    event: str
    kept: bool
    answer: Any

    def __str__(self) -> str:
        return self.event


def rows() -> list[Row]:
    """Return the rows of the table."""
    cells = [[cell.strip(" `") for cell in line.strip("|").split("|")] for line in PAGE.read_text().splitlines()]
    return [_row(*line) for line in cells if len(line) == 4 and line[0].endswith("Function")]


def _row(function: str, event: str, account: str, answer: str) -> Row:
    return Row(function=function, event=event, kept={"empty": False, "kept": True}[account], answer=json.loads(answer))


def shows(payload: Any, expected: Any) -> bool:
    """Tell whether a payload has everything that is expected; "…" is anything, and JSON in a text is looked into."""
    if expected == "…":
        return True
    if isinstance(expected, dict | list) and isinstance(payload, str):
        with suppress(ValueError):
            payload = json.loads(payload)
    match payload, expected:
        case dict(), dict():
            return all(name in payload and shows(payload[name], part) for name, part in expected.items())
        case list(), list():
            return len(payload) == len(expected) and all(map(shows, payload, expected))
    return bool(payload == expected)
