"""The circuit breaker of the sweep: how much it may remove before an operator confirms more.

Removals are counted over all runs. A count lasts until a day has passed since its last removal. The removal that would
exceed it stops the sweep until an operator confirms a number of removals, however long that takes.
"""

from collections.abc import Callable
from contextlib import suppress
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, NamedTuple

from ai_integrations.domain.errors import VersionConflictError
from ai_integrations.use_cases.optimistic_locking import retry_on_conflict

if TYPE_CHECKING:
    from ai_integrations.use_cases.ports import RemovalCounts

WINDOW = timedelta(days=1)


class RemovalCount(NamedTuple):
    """How many removals are allowed until a time, and how many were made. `stopped_at` is set if one was refused.

    Each removal extends a count, unless an operator confirmed it.
    """

    allowed: int
    made: int
    until: datetime
    stopped_at: datetime | None = None
    is_confirmed: bool = False


class CountedRemoval(NamedTuple):
    """The count before and after a removal was counted."""

    before: RemovalCount
    after: RemovalCount


class RemovalLimit:
    """Limits the removals of all runs of the sweep."""

    def __init__(self, *, counts: "RemovalCounts", clock: Callable[[], datetime], limit: int) -> None:
        """`limit` is the number of removals that need no confirmation."""
        self._counts = counts
        self._clock = clock
        self._limit = limit

    def is_reached(self) -> bool:
        """Check whether the sweep is stopped until an operator confirms removals."""
        count = self._counts.load()
        return count is not None and count.stopped_at is not None

    def allow_removal(self) -> CountedRemoval | None:
        """Count a removal that is about to be made. If it would exceed the limit, stop the sweep and return None."""
        return retry_on_conflict(self._counts.load, self._count_removal)

    def uncount(self, removal: CountedRemoval) -> None:
        """Undo the count of a removal that was rejected. It stays counted if the count has changed since."""
        with suppress(VersionConflictError):
            self._counts.replace(removal.after, removal.before)

    def confirm(self, removals: int) -> RemovalCount:
        """Allow a number of removals within the next day, and let a stopped sweep continue.

        If nothing is left to remove (0), the sweep continues with its limit.
        """
        confirmed = self._new_count()
        if removals:
            confirmed = confirmed._replace(allowed=removals, is_confirmed=True)
        retry_on_conflict(self._counts.load, lambda stored: self._counts.replace(stored, confirmed))
        return confirmed

    def _count_removal(self, stored: RemovalCount | None) -> CountedRemoval | None:
        if stored is not None and stored.stopped_at is not None:
            return None
        now = self._clock()
        count = stored if stored is not None and now < stored.until else self._new_count()
        if count.made >= count.allowed:
            self._counts.replace(stored, count._replace(stopped_at=now))
            return None
        until = count.until if count.is_confirmed else now + WINDOW
        counted = count._replace(made=count.made + 1, until=until)
        self._counts.replace(stored, counted)
        return CountedRemoval(before=count, after=counted)

    def _new_count(self) -> RemovalCount:
        return RemovalCount(allowed=self._limit, made=0, until=self._clock() + WINDOW)
