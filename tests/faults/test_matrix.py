"""Every use case, every AWS call that it makes, every way in which the call can fail; then all is as if nothing had.

The calls are those that an undisturbed run makes, so that a new one joins by itself. After the failure the client sends
the same request again, the stream is caught up with, and the sweep comes by when everything has become old.
"""

import io
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from types import SimpleNamespace
from uuid import uuid4

import pytest

from tests.cloud import Cloud, Killed, cloud, leak_search
from tests.contract.conftest import emulator
from tests.faults import tally
from tests.faults.aws import Aws, Emulated, InProcess
from tests.faults.followers import DELIVERIES, FOLLOWERS
from tests.faults.invariants import broken
from tests.faults.scene import Ask, Scene
from tests.faults.stories import REQUESTS, Story
from tests.faults.wire import FAULTS, Fault, Wire
from tests.faults.world import World
from tests.handlers.conftest import sockets_closed
from tests.response_bucket import Bucket, bucket

__all__ = ["bucket", "cloud", "emulator", "sockets_closed"]

SERVER_AT_FAULT = {429, 500, 503}
STORIES = REQUESTS | FOLLOWERS | DELIVERIES
# What leaves the most behind. `make faults` tries the others as well.
WORST = ("timed out after its effect", "killed after its effect")
KILLED = ("killed", "killed after its effect")
OTHERS = tuple(FAULTS.keys() - WORST)
# Over the emulator `make faults` tries the others as well.
FEW = ("create with a key and an Idempotency-Key", "patch of the key", "delete with a key")


@pytest.fixture
def world(cloud: Cloud, bucket: Bucket, monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    with wired(cloud, InProcess(), bucket, monkeypatch) as world:
        yield world


@pytest.fixture
def emulated_world(
    emulator: str,
    bucket: Bucket,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
    caplog: pytest.LogCaptureFixture,
) -> Iterator[World]:
    aws = Emulated(emulator)
    aws.empty()
    with (
        leak_search(Cloud(environment=monkeypatch, written=io.StringIO(), endpoint=emulator), capfd, caplog) as cloud,
        wired(cloud, aws, bucket, monkeypatch) as world,
    ):
        yield world


@contextmanager
def wired(cloud: Cloud, aws: Aws, bucket: Bucket, monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    monkeypatch.setattr("botocore.endpoint.time", SimpleNamespace(sleep=lambda _seconds: None))  # between attempts
    wire = Wire(aws)
    yield World(cloud, aws, wire, bucket.url)
    wire.close()


@pytest.mark.parametrize("faults", [WORST, pytest.param(OTHERS, marks=pytest.mark.faults)], ids=["worst", "others"])
@pytest.mark.parametrize("name", STORIES)
def test_loses_and_leaves_nothing(
    world: World, name: str, faults: Iterable[str], record_property: tally.Record
) -> None:
    try_out(world, name, faults, record_property)


@pytest.mark.parametrize(
    "name", [pytest.param(name, marks=() if name in FEW else pytest.mark.faults) for name in STORIES]
)
def test_loses_and_leaves_nothing_on_an_emulator(
    emulated_world: World, name: str, record_property: tally.Record
) -> None:
    try_out(emulated_world, name, KILLED, record_property)


def try_out(world: World, name: str, faults: Iterable[str], record: tally.Record) -> None:
    story = STORIES[name]
    calls = undisturbed(world, story)
    assert calls
    cells = [(number, call, fault) for number, call in enumerate(calls, 1) for fault in faults]
    wrong = []
    for number, call, fault in cells:
        if (fault, call) != ("refused", story.told_by_refusal):
            faults_found = cell(world, story, number, FAULTS[fault])
            tally.count(record, name, call, is_broken=bool(faults_found))
            wrong += [f"{call} {fault}: {each}" for each in faults_found]
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
    world.forget()
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
    leaks = [f"a key is in {text[:200]}" for text in world.cloud.leaks()]
    faults = answers + broken(world.cloud, scene.account, story.ends) + leaks
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
    assert world.swept(), world.cloud.log()[-1]
    world.catch_up()
