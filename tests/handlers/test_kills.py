"""Kill a function before and after each of its AWS calls, deliver again: it ends as if nothing had happened.

The places to kill at are the calls that an undisturbed run makes. Each run has an account of its own in the one table.
"""

import json
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any
from uuid import uuid4

import pytest

from ai_integrations.contracts import ids
from tests.cloud import Cloud, Killed
from tests.event_subscriber import Subscriber
from tests.handlers.stories import STORIES, Event, Run
from tests.response_bucket import Bucket, bucket

__all__ = ["bucket"]

# Ids as callers know them and as the table has them, random and digested values, times.
_VARYING = re.compile(
    "|".join(
        [
            ids.encode("")[:20] + r"\w{36}",
            r"[0-7][0-9A-HJKMNP-TV-Z]{25}",
            r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}",
            r"[0-9a-f]{64}",
            r"\d{4}-\d\d-\d\dT[\d:.]+(Z|\+00:00)",
            r"\b\d{10}\b",
            r"(?<=ACCOUNT-)\w{6}",  # of a secret's ARN
        ]
    )
)


@dataclass(frozen=True)
class World:
    cloud: Cloud
    bus: Subscriber
    bucket: Bucket

    functions: dict[str, Callable[[Event], Any]] = field(default_factory=dict)

    def new_run(self) -> Run:
        return Run(self.cloud, f"account-{uuid4().hex}", self.bucket.url, self.deliver)

    def deliver(self, function: str, event: Event) -> None:
        """Invoke a function. It is loaded once: a new process would know nothing more, and take longer to start."""
        if function not in self.functions:
            self.functions[function] = self.cloud.function(function)
        self.functions[function](event)

    def state(self, run: Run) -> str:
        """Return everything that can be seen of a run's account, without what differs from run to run."""
        told = {
            each.detail["event_id"]: each.detail for each in self.bus.all() if each.detail["account"] == run.account
        }
        answers = {each["RequestId"]: each for each in self.bucket.responses() if run.account in each["StackId"]}
        text = json.dumps([run.items(), told, answers, run.secrets()], sort_keys=True, default=str)
        return _VARYING.sub("…", text.replace(run.account, "ACCOUNT"))


@pytest.fixture
def world(cloud: Cloud, bus: Subscriber, bucket: Bucket) -> World:
    return World(cloud, bus, bucket)


@pytest.mark.parametrize("name", STORIES)
def test_ends_the_same_wherever_it_is_killed(world: World, name: str) -> None:
    function, prepare = STORIES[name]
    undisturbed = world.new_run()
    event = prepare(undisturbed)
    world.cloud.calls.clear()
    undisturbed.deliver(function, event)
    calls = [*world.cloud.calls]
    expected = world.state(undisturbed)
    assert len(calls) > 1
    for number, call in enumerate(calls, 1):
        for after in (False, True):
            run = world.new_run()
            event = prepare(run)
            world.cloud.kill(number, after=after)
            with pytest.raises(Killed):
                run.deliver(function, event)
            world.cloud.recover()
            run.deliver(function, event)
            assert world.state(run) == expected, f"killed {'after' if after else 'before'} {call}"
