"""The circuit breaker of the sweep: how much it may remove before an operator confirms more.

Removals are counted over all runs. A count starts with its first removal and lasts one day. The removal that would
exceed it stops the sweep until an operator confirms a number of removals, however long that takes.
"""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, NamedTuple

from ai_integrations.use_cases.optimistic_locking import retry_on_conflict

if TYPE_CHECKING:
    from ai_integrations.use_cases.ports import RemovalCounts

WINDOW = timedelta(days=1)


class RemovalCount(NamedTuple):
    """How many removals are allowed until a time, and how many were made. `stopped_at` is set if one was refused."""

    allowed: int
    made: int
    until: datetime
    stopped_at: datetime | None = None


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

    def allow_removal(self) -> bool:
        """Count a removal that is about to be made, unless it would exceed the limit. Then stop the sweep."""
        return retry_on_conflict(self._counts.load, self._count_removal)

    def confirm(self, removals: int) -> RemovalCount:
        """Allow a number of removals within the next day, and let a stopped sweep continue."""
        confirmed = RemovalCount(allowed=removals, made=0, until=self._clock() + WINDOW)
        retry_on_conflict(self._counts.load, lambda stored: self._counts.replace(stored, confirmed))
        return confirmed

    def _count_removal(self, stored: RemovalCount | None) -> bool:
        if stored is not None and stored.stopped_at is not None:
            return False
        now = self._clock()
        is_current = stored is not None and now < stored.until
        count = stored if stored and is_current else RemovalCount(allowed=self._limit, made=0, until=now + WINDOW)
        is_allowed = count.made < count.allowed
        self._counts.replace(
            stored, count._replace(made=count.made + 1) if is_allowed else count._replace(stopped_at=now)
        )
        return is_allowed
