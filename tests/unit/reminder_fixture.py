"""Reminders of keys over fakes, with a clock."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from ai_integrations.contracts.published_events import Event
from ai_integrations.domain.model import Integration, SecretVersion
from ai_integrations.domain.reminders import Reason
from ai_integrations.domain.uses import UsedBy
from ai_integrations.use_cases.reminders import KeyReminders
from ai_integrations.use_cases.sweep import SweepPosition, SweepReport
from tests.builders import NOON, ULID, an_integration
from tests.event_fakes import InMemoryBus, InMemoryReminders
from tests.fakes import InMemoryUses

DAY = timedelta(days=1)
KEY = SecretVersion(arn="arn:secret-1", version="version-1")


def with_key(**changes: Any) -> Integration:
    """Build an integration whose key was set at noon."""
    return an_integration(**{"secret": KEY, **changes})


def with_keys(count: int) -> list[Integration]:
    return [with_key(id=f"{ULID[:-5]}{number:05}") for number in range(count)]


def time_for(steps: int) -> Callable[[], bool]:
    """Build the remaining time of a run, which is enough for a number of steps: pages, or batches of keys."""
    left: Iterator[bool] = iter([True] * steps)
    return lambda: next(left, False)


@dataclass
class ReminderFixture:
    """Reminds of keys at `now`."""

    limits: Mapping[Reason, int] = field(default_factory=lambda: {Reason.DUE: 90})
    now: datetime = NOON
    uses: InMemoryUses = field(default_factory=InMemoryUses)
    store: InMemoryReminders = field(default_factory=InMemoryReminders)
    bus: InMemoryBus = field(default_factory=InMemoryBus)
    is_complete: bool = False

    @property
    def reminders(self) -> KeyReminders:
        return KeyReminders(limits=self.limits, uses=self.uses, store=self.store, bus=self.bus, clock=lambda: self.now)

    def use(self, at: datetime, consumer: str = "program") -> None:
        self.uses.record("acme", ULID, UsedBy(identity=consumer, name=consumer), at)

    def run(
        self,
        *integrations: Integration,
        at: timedelta | None = None,
        dry_run: bool = False,
        has_time: Callable[[], bool] = lambda: True,
    ) -> SweepReport:
        """Run a sweep some time after noon."""
        self.now = self.now if at is None else NOON + at
        report = SweepReport(dry_run=dry_run, position=SweepPosition())
        self.is_complete = self.reminders.remind(integrations or (with_key(),), report, has_time=has_time)
        return report

    def published(self, *integrations: Integration, at: timedelta) -> list[Any]:
        """Run a sweep and return the events that it publishes."""
        self.bus.events.clear()
        self.run(*integrations, at=at)
        events: list[Event] = [*self.bus.events]
        return events
