"""The circuit breaker of the sweep: what it counts, when it stops, and what an operator confirms."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta

import pytest

from ai_integrations.domain.errors import ContentionError, VersionConflictError
from ai_integrations.use_cases.removal_limit import RemovalCount, RemovalLimit
from tests.builders import NOON
from tests.event_fakes import InMemoryRemovalCounts

DAY = timedelta(days=1)
LIMIT = 3


@dataclass
class LimitFixture:
    """A limit with a clock that the test sets."""

    counts: InMemoryRemovalCounts = field(default_factory=InMemoryRemovalCounts)
    now: datetime = NOON

    @property
    def limit(self) -> RemovalLimit:
        return RemovalLimit(counts=self.counts, clock=lambda: self.now, limit=LIMIT)

    def allowed(self, requested: int) -> int:
        return sum(self.limit.allow_removal() is not None for _ in range(requested))


@pytest.fixture
def fixture() -> LimitFixture:
    return LimitFixture()


def test_limit_allows_its_number_of_removals_and_then_stops(fixture: LimitFixture) -> None:
    assert fixture.allowed(LIMIT) == LIMIT
    assert not fixture.limit.is_reached()
    assert fixture.allowed(5) == 0
    assert fixture.limit.is_reached()


def test_count_restarts_after_a_day_without_a_refusal(fixture: LimitFixture) -> None:
    fixture.allowed(LIMIT)
    fixture.now += DAY
    assert fixture.allowed(LIMIT + 1) == LIMIT


def test_count_lasts_until_a_day_after_its_last_removal(fixture: LimitFixture) -> None:
    fixture.allowed(1)
    fixture.now += DAY - timedelta(minutes=1)
    assert fixture.allowed(LIMIT - 1) == LIMIT - 1
    fixture.now += timedelta(minutes=2)
    assert fixture.allowed(1) == 0


def test_uncounted_removal_leaves_the_limit_as_it_was(fixture: LimitFixture) -> None:
    for _ in range(LIMIT + 1):
        removal = fixture.limit.allow_removal()
        assert removal is not None
        fixture.limit.uncount(removal)
    assert fixture.allowed(LIMIT + 1) == LIMIT


@pytest.mark.parametrize("change", ["count", "stop", "confirm"])
def test_uncount_after_another_change_leaves_the_count(fixture: LimitFixture, change: str) -> None:
    removal = fixture.limit.allow_removal()
    assert removal is not None
    match change:
        case "count":
            fixture.allowed(1)
        case "stop":
            fixture.allowed(LIMIT)
        case _:
            fixture.limit.confirm(5)
    changed = fixture.counts.stored
    fixture.limit.uncount(removal)
    assert fixture.counts.stored == changed


def test_removals_do_not_extend_a_confirmation(fixture: LimitFixture) -> None:
    fixture.limit.confirm(100)
    fixture.now += DAY - timedelta(seconds=1)
    fixture.allowed(1)
    fixture.now += timedelta(seconds=1)
    assert fixture.allowed(100) == LIMIT


def test_stopped_limit_stays_stopped_after_a_day(fixture: LimitFixture) -> None:
    fixture.allowed(LIMIT + 1)
    fixture.now += 30 * DAY
    assert fixture.limit.is_reached()
    assert fixture.allowed(1) == 0


def test_confirmation_allows_exactly_its_number_of_removals(fixture: LimitFixture) -> None:
    fixture.allowed(LIMIT + 1)
    assert fixture.limit.confirm(5) == RemovalCount(allowed=5, made=0, until=NOON + DAY, is_confirmed=True)
    assert not fixture.limit.is_reached()
    assert fixture.allowed(10) == 5
    assert fixture.limit.is_reached()


def test_confirmation_of_all_removals_leaves_the_limit_unreached(fixture: LimitFixture) -> None:
    fixture.allowed(LIMIT + 1)
    fixture.limit.confirm(5)
    fixture.allowed(5)
    assert not fixture.limit.is_reached()
    fixture.now += DAY
    assert fixture.allowed(1) == 1


def test_confirmation_of_no_removals_resumes_with_the_limit(fixture: LimitFixture) -> None:
    fixture.allowed(LIMIT + 1)
    fixture.limit.confirm(0)
    assert not fixture.limit.is_reached()
    assert fixture.allowed(LIMIT + 1) == LIMIT


def test_confirmation_expires_after_a_day(fixture: LimitFixture) -> None:
    fixture.limit.confirm(100)
    fixture.now += DAY
    assert fixture.allowed(100) == LIMIT


def test_repeated_confirmation_replaces_the_first(fixture: LimitFixture) -> None:
    fixture.limit.confirm(5)
    fixture.limit.confirm(5)
    assert fixture.allowed(10) == 5


class RacedCounts(InMemoryRemovalCounts):
    """A store in which another run counts a removal between each read and write, as often as given."""

    def __init__(self, races: int) -> None:
        super().__init__()
        self.races = races

    def replace(self, current: RemovalCount | None, changed: RemovalCount) -> None:
        if self.races:
            self.races -= 1
            made = self.stored.made if self.stored else 0
            self.stored = RemovalCount(allowed=LIMIT, made=made + 1, until=NOON + DAY)
            raise VersionConflictError
        super().replace(current, changed)


def test_removals_of_concurrent_runs_are_counted_together() -> None:
    fixture = LimitFixture(RacedCounts(races=2))
    assert fixture.allowed(5) == LIMIT - 2


def test_removal_that_always_conflicts_is_not_allowed() -> None:
    with pytest.raises(ContentionError):
        LimitFixture(RacedCounts(races=99)).limit.allow_removal()
