"""Kill a function before or after each of its AWS calls and deliver its event again.

The result must equal that of an undisturbed run. The undisturbed run also shows at which calls to kill. Every run has
its own account in one table.
"""

import json
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from difflib import unified_diff
from typing import Any
from uuid import uuid4

import pytest

from ai_integrations.contracts import ids
from tests.cloud import Cloud, Killed
from tests.event_subscriber import Subscriber
from tests.handlers.scenarios import SCENARIOS, Event, ScenarioRun
from tests.response_bucket import Bucket, bucket

__all__ = ["bucket"]

_DIFFERS_BETWEEN_RUNS = re.compile(
    "|".join(
        [
            ids.encode("")[:20] + r"\w{36}",  # ids in the API
            r"[0-7][0-9A-HJKMNP-TV-Z]{25}",  # ULIDs
            r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}",  # UUIDs
            r"[0-9a-f]{64}",  # SHA-256 digests
            r"\d{4}-\d\d-\d\dT[\d:.]+(Z|\+00:00)",  # times
            r"\b\d{10}\b",  # times in seconds
            r"(?<=ACCOUNT-)\w{6}",  # the end of a secret's ARN
        ]
    )
)


@dataclass(frozen=True)
class KillFixture:
    """The functions of one stack, and everything that they write to."""

    cloud: Cloud
    bus: Subscriber
    bucket: Bucket

    functions: dict[str, Callable[[Event], Any]] = field(default_factory=dict)

    def new_run(self) -> ScenarioRun:
        return ScenarioRun(self.cloud, f"account-{uuid4().hex}", self.bucket.url, self.deliver)

    def deliver(self, function: str, event: Event) -> None:
        """Invoke a function. It is loaded only once: a new process would have the same state and start slowly."""
        if function not in self.functions:
            self.functions[function] = self.cloud.function(function)
        self.functions[function](event)

    def state(self, run: ScenarioRun) -> list[str]:
        """Return all visible effects of a run as lines of JSON, with values that differ between runs masked."""
        events = [event.detail for event in self.bus.all() if event.detail["account"] == run.account]
        responses = [response for response in self.bucket.responses() if run.account in response["StackId"]]
        state = {
            "items": run.items(),
            "secrets": run.secrets(),
            "events": {detail["event_id"]: detail for detail in events},
            "responses": {response["RequestId"]: response for response in responses},
        }
        text = json.dumps(state, sort_keys=True, indent=2, default=str)
        return _DIFFERS_BETWEEN_RUNS.sub("…", text.replace(run.account, "ACCOUNT")).splitlines()


@pytest.fixture
def fixture(cloud: Cloud, bus: Subscriber, bucket: Bucket) -> KillFixture:
    return KillFixture(cloud, bus, bucket)


@pytest.mark.no_cover
@pytest.mark.parametrize("scenario", SCENARIOS)
def test_retry_after_a_kill_at_any_call_gives_the_undisturbed_result(fixture: KillFixture, scenario: str) -> None:
    function, prepare = SCENARIOS[scenario]
    undisturbed = fixture.new_run()
    event = prepare(undisturbed)
    fixture.cloud.calls.clear()
    undisturbed.deliver(function, event)
    calls = [*fixture.cloud.calls]
    expected = fixture.state(undisturbed)
    assert len(calls) > 1
    for number, call in enumerate(calls, 1):
        for after in (False, True):
            run = fixture.new_run()
            event = prepare(run)
            fixture.cloud.kill(number, after=after)
            with pytest.raises(Killed):
                run.deliver(function, event)
            fixture.cloud.recover()
            run.deliver(function, event)
            difference = "\n".join(unified_diff(expected, fixture.state(run), "undisturbed", "killed", lineterm=""))
            assert not difference, f"killed {'after' if after else 'before'} {call}\n{difference}"
