"""`RemovalCounts`."""

from datetime import timedelta

import pytest

from ai_integrations.domain.errors import VersionConflictError
from ai_integrations.use_cases.removal_limit import RemovalCount
from tests.builders import NOON
from tests.contract.stores import Stores

COUNT = RemovalCount(allowed=20, made=3, until=NOON)
CHANGES = {
    "another removal": COUNT._replace(made=4),
    "a stop": COUNT._replace(stopped_at=NOON),
    "another count": COUNT._replace(until=NOON + timedelta(milliseconds=1)),
}


def test_load_returns_none_before_the_first_removal(stores: Stores) -> None:
    assert stores.removal_counts.load() is None


@pytest.mark.parametrize("count", [COUNT, COUNT._replace(stopped_at=NOON), COUNT._replace(is_confirmed=True)])
def test_load_returns_the_stored_count(stores: Stores, count: RemovalCount) -> None:
    stores.removal_counts.replace(None, count)
    assert stores.removal_counts.load() == count


def test_replace_overwrites_the_count_that_was_read(stores: Stores) -> None:
    stopped = COUNT._replace(stopped_at=NOON)
    stores.removal_counts.replace(None, stopped)
    stores.removal_counts.replace(stopped, COUNT)
    assert stores.removal_counts.load() == COUNT


def test_replace_of_an_absent_count_conflicts_if_there_is_one(stores: Stores) -> None:
    stores.removal_counts.replace(None, COUNT)
    with pytest.raises(VersionConflictError):
        stores.removal_counts.replace(None, COUNT._replace(made=1))
    assert stores.removal_counts.load() == COUNT


def test_replace_of_a_missing_count_conflicts(stores: Stores) -> None:
    with pytest.raises(VersionConflictError):
        stores.removal_counts.replace(COUNT, COUNT._replace(made=4))
    assert stores.removal_counts.load() is None


@pytest.mark.parametrize("change", CHANGES)
def test_replace_conflicts_after_a_change(stores: Stores, change: str) -> None:
    stores.removal_counts.replace(None, CHANGES[change])
    with pytest.raises(VersionConflictError):
        stores.removal_counts.replace(COUNT, COUNT._replace(made=4))
    assert stores.removal_counts.load() == CHANGES[change]
