"""Deadlines that several steps share."""

import pytest

from ai_integrations.key_access.outbound.deadline import Deadline, DeadlinePassedError


def test_step_ends_at_its_own_deadline_or_at_that_of_all_steps() -> None:
    now = 0.0
    deadline = Deadline(5, lambda: now)
    short, long = deadline.within(2), deadline.within(10)
    assert (short.remaining(), long.remaining()) == (2, 5)
    now = 4.0
    assert long.remaining() == 1
    with pytest.raises(DeadlinePassedError):
        short.remaining()


def test_no_step_starts_at_the_deadline() -> None:
    now = 0.0
    deadline = Deadline(5, lambda: now)
    now = 5.0
    with pytest.raises(DeadlinePassedError):
        deadline.within(1)
