"""A deadline that several steps share, so that a slow peer cannot use the full timeout in each of them."""

from collections.abc import Callable
from time import monotonic


class DeadlinePassedError(TimeoutError):
    """The deadline has passed."""


class Deadline:
    """A point in time by which an operation must end."""

    def __init__(self, seconds: float, clock: Callable[[], float] = monotonic) -> None:
        """Set the deadline `seconds` from now; `clock` returns seconds, like `time.monotonic`."""
        self._clock = clock
        self._end = clock() + seconds

    def remaining(self) -> float:
        """Compute the seconds that remain, always more than 0. Raise DeadlinePassedError if there are none."""
        left = self._end - self._clock()
        if left <= 0:
            raise DeadlinePassedError
        return left

    def within(self, seconds: float) -> "Deadline":
        """Create a deadline that is at most `seconds` away and not later than this one."""
        return Deadline(min(seconds, self.remaining()), self._clock)
