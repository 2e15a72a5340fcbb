"""make bench: what it promises, and what it measures."""

import pytest

from tests import sam_template
from tests.benchmarks.capacity import read_units, size, write_units
from tests.benchmarks.promises import Promise, promised, uphold
from tests.benchmarks.requests import FIRST

KEPT = Promise(what="kept", most=1.2, measured=1.2049)
TOLD = Promise(what="told", most=1.2, measured=1.3, binding=False)
LOST = Promise(what="lost", most=3, measured=4)


def test_measures_every_function() -> None:
    assert set(FIRST) == set(sam_template.functions())


def test_fails_for_what_is_lost_and_for_nothing_else() -> None:
    uphold([KEPT, TOLD])
    with pytest.raises(SystemExit, match=r"^Promised and no longer kept: lost, 4 instead of 3$"):
        uphold([KEPT, TOLD, LOST])


def test_shows_what_is_missed() -> None:
    assert promised([KEPT, TOLD]).splitlines()[2:] == [
        "| kept | 1.2 | 1.2 | kept |",
        "| told | 1.2 | 1.3 | **missed** |",
    ]


def test_counts_units_as_dynamodb_does() -> None:
    item = {"pk": {"S": "ä" * 10}, "tags": {"L": [{"S": "abc"}]}, "set": {"BOOL": True}}
    assert size(item) == (2 + 20) + (4 + 3 + 1 + 3) + (3 + 1)
    assert [read_units(each) for each in (0, 4096, 4097)] == [1, 1, 2]
    assert write_units(1, 1024, 1025) == 2 + 2 + 4
