"""Parse the table of docs/sam-local.md: the function, event, required data and expected response of each row."""

import json
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from tests.builders import ROOT

PAGE = ROOT / "docs" / "sam-local.md"


@dataclass(frozen=True, kw_only=True)
class Row:
    """One event. `needs_seeds` is true if it needs the data of tests/seeds.py."""

    function: str
    event: str
    needs_seeds: bool
    response: Any

    def __str__(self) -> str:
        return self.event


def rows() -> list[Row]:
    """Parse all rows."""
    cells = [[cell.strip(" `") for cell in line.strip("|").split("|")] for line in PAGE.read_text().splitlines()]
    return [_row(*line) for line in cells if len(line) == 4 and line[0].endswith("Function")]


def _row(function: str, event: str, account: str, response: str) -> Row:
    needs_seeds = {"empty": False, "kept": True}[account]
    return Row(function=function, event=event, needs_seeds=needs_seeds, response=json.loads(response))


def contains(payload: Any, expected: Any) -> bool:
    """Check that a payload contains all expected parts. "…" matches anything; JSON in a string is parsed."""
    if expected == "…":
        return True
    if isinstance(expected, dict | list) and isinstance(payload, str):
        with suppress(ValueError):
            payload = json.loads(payload)
    match payload, expected:
        case dict(), dict():
            return all(name in payload and contains(payload[name], part) for name, part in expected.items())
        case list(), list():
            return len(payload) == len(expected) and all(map(contains, payload, expected))
    return bool(payload == expected)
