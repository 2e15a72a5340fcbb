"""Every use case, every AWS call that it makes, every way in which the call can fail; then all is as if nothing had.

The calls are those that an undisturbed run makes, so that a new one joins by itself. After the failure the client sends
the same request again, the stream is caught up with, and the sweep comes by when everything has become old.
"""

from collections.abc import Iterator
from uuid import uuid4

import pytest

from tests.cloud import Cloud, Killed, cloud
from tests.faults.invariants import broken
from tests.faults.scene import Ask, Scene
from tests.faults.stories import REQUESTS, Story
from tests.faults.wire import FAULTS, Fault, Wire
from tests.faults.world import World
from tests.handlers.conftest import sockets_closed

__all__ = ["cloud", "sockets_closed"]

SERVER_AT_FAULT = {429, 500, 503}
STORIES = REQUESTS


@pytest.fixture
def world(cloud: Cloud, monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    monkeypatch.setattr("time.sleep", lambda _seconds: None)  # of botocore, between two attempts
    wire = Wire()
    yield World(cloud, wire)
    wire.close()


@pytest.mark.parametrize("name", STORIES)
def test_loses_and_leaves_nothing(world: World, name: str) -> None:
    story = STORIES[name]
    calls = undisturbed(world, story)
    assert calls
    cells = [(number, call, fault) for number, call in enumerate(calls, 1) for fault in FAULTS]
    wrong = [
        f"{call} {fault}: {each}" for number, call, fault in cells for each in cell(world, story, number, FAULTS[fault])
    ]
    assert not wrong, "\n".join(wrong)


def undisturbed(world: World, story: Story) -> list[str]:
    scene = Scene(world, f"cell-{uuid4().hex}")
    ask = story.prepare(scene)
    world.wire.calls.clear()
    assert ask() in story.answers
    calls = [*world.wire.calls]
    world.wire.mend()
    settle(world)
    assert broken(world.cloud, scene.account, story.ends) == []
    return calls


def cell(world: World, story: Story, number: int, fault: Fault) -> list[str]:
    scene = Scene(world, f"cell-{uuid4().hex}")
    ask = story.prepare(scene)
    world.began()
    world.wire.break_call(number, fault)
    first = disturbed(ask)
    world.wire.mend()
    world.restart()
    answers = [] if first is None or first in story.answers | SERVER_AT_FAULT else [f"answered {first} at first"]
    second = ask()
    answers += [] if second in story.answers else [f"answered {second} when it came again"]
    settle(world)
    faults = answers + broken(world.cloud, scene.account, story.ends)
    world.forget()
    return faults


def disturbed(ask: Ask) -> int | None:
    """Return the status of the answer, if there is one."""
    try:
        return ask()
    except Killed:
        return None


def settle(world: World) -> None:
    world.catch_up()
    world.sweep()
    world.catch_up()
