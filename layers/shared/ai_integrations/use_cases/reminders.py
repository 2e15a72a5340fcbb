"""Remind of stored keys that are too old or unused, by events.

A reminder is published first and recorded then. A run that ends between both repeats it in the next round, with the
same `event_id`.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING

from ai_integrations.contracts.published_events import KeyDue, KeyUnused
from ai_integrations.domain.model import Integration
from ai_integrations.domain.reminders import RETENTION, Finding, Reason, SentReminders, find, may_be_unused

if TYPE_CHECKING:
    from ai_integrations.use_cases.ports import EventPublisher, ReminderStore, UseReader
    from ai_integrations.use_cases.sweep import SweepReport

EVENTS: Mapping[Reason, type[KeyDue | KeyUnused]] = {Reason.DUE: KeyDue, Reason.UNUSED: KeyUnused}
_KEYS_PER_BATCH = 5  # each has at most two events, and the bus takes ten at once
_MOST_FAILURES = 3  # of a run: while AWS fails, reminders must not use up its time


class KeyReminders:
    """Reminds of the keys that reached one of `limits`, which are days."""

    def __init__(
        self,
        *,
        limits: Mapping[Reason, int],
        uses: "UseReader",
        store: "ReminderStore",
        bus: "EventPublisher",
        clock: Callable[[], datetime],
    ) -> None:
        self.limits = limits
        self._uses = uses
        self._store = store
        self._bus = bus
        self._clock = clock

    def remind(
        self, integrations: Iterable[Integration], report: "SweepReport", *, has_time: Callable[[], bool]
    ) -> bool:
        """Remind of the keys of these integrations. Return False if there was not enough time.

        A failure is reported, and the reminders that it affects are published in the next round.
        """
        now = self._clock()
        old = [each for each in integrations if may_be_unused(each, self.limits, now) or find(each, self.limits, now)]
        for start in range(0, len(old), _KEYS_PER_BATCH):
            if not has_time():
                return False
            if len(report.reminder_errors) == _MOST_FAILURES:
                break
            batch = old[start : start + _KEYS_PER_BATCH]
            try:
                self._remind(batch, report, now)
            except Exception as error:  # noqa: BLE001 - no failure may keep the sweep from orphaned secrets
                report.reminder_errors.append(error)
                report.failed_checks += [f"{each.account}/{each.id}" for each in batch]
        return True

    def _remind(self, integrations: Sequence[Integration], report: "SweepReport", now: datetime) -> None:
        found = [(each, findings) for each in integrations if (findings := self._find(each, now))]
        report.reached_limits.update(finding.reason for _, findings in found for finding in findings)
        if report.dry_run or not found:
            return
        known = self._store.load([each for each, _ in found])
        sent = [SentReminders.of_key(each, known.get(each.id)) for each, _ in found]
        new = [before.next(findings) for before, (_, findings) in zip(sent, found, strict=True)]
        self._bus.publish(*(EVENTS[each.finding.reason].of(each, now) for reminders in new for each in reminders))
        for before, reminders in zip(sent, new, strict=True):
            if reminders:
                self._store.save(before.after(reminders), expires_at=now + RETENTION)

    def _find(self, integration: Integration, now: datetime) -> list[Finding]:
        """Find the limits that a key reached. The ledger is read only if the integration is old enough to be unused."""
        if not may_be_unused(integration, self.limits, now):
            return find(integration, self.limits, now)
        uses = self._uses.last_uses(integration.account, oldest=integration.id, newest=integration.id)
        return find(integration, self.limits, now, max((each.at for each in uses), default=None))
