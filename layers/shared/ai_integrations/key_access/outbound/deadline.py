"""One end for many steps, so that a slow peer can not take the time of each of them."""

from collections.abc import Callable
from time import monotonic


class DeadlinePassedError(TimeoutError):
    """The time for the whole is over."""


class Deadline:
    """A moment, and how long it is until then."""

    def __init__(self, seconds: float, clock: Callable[[], float] = monotonic) -> None:
        """`clock` tells seconds, like `time.monotonic`."""
        self._clock = clock
        self._end = clock() + seconds

    def remaining(self) -> float:
        """Return the seconds that are left, more than none, or raise DeadlinePassedError."""
        left = self._end - self._clock()
        if left <= 0:
            raise DeadlinePassedError
        return left

    def within(self, seconds: float) -> "Deadline":
        """Return a deadline that is at most so far away and never later than this one."""
        return Deadline(min(seconds, self.remaining()), self._clock)
