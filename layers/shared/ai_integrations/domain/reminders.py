"""Reminders of stored keys that are too old or unused: one in each week since the key reached its limit."""

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from enum import StrEnum
from types import MappingProxyType
from typing import NamedTuple

from ai_integrations.domain.model import Integration

INTERVAL = timedelta(weeks=1)

RETENTION = timedelta(weeks=5)
"""How long the last reminder is recorded. A sweep that is weeks late still finds it."""


class Reason(StrEnum):
    """Why to remind of a key."""

    DUE = "due"
    UNUSED = "unused"


class Finding(NamedTuple):
    """A stored key that has reached a limit.

    `since` is when the key was set, or last used: the limit counts from it. `days` are the whole days since then.
    """

    reason: Reason
    integration: Integration
    limit_days: int
    since: datetime
    days: int
    last_used_at: datetime | None

    @property
    def week(self) -> datetime:
        """When the current week began. Weeks count from the moment at which the key reached the limit."""
        reached = self.since + timedelta(days=self.limit_days)
        return reached + (self.days - self.limit_days) // INTERVAL.days * INTERVAL


class Reminder(NamedTuple):
    """A reminder of a key. `number` counts those with the same reason, from 1."""

    finding: Finding
    number: int


class LastReminder(NamedTuple):
    """The number of the last reminder, and the week in which it was published."""

    number: int
    week: datetime


class SentReminders(NamedTuple):
    """The last reminders of a key of an integration. When it was set and its version identify the key."""

    account: str
    integration_id: str
    key_set_at: datetime
    key_version: str
    last: Mapping[Reason, LastReminder] = MappingProxyType({})

    @classmethod
    def of_key(cls, integration: Integration, known: "SentReminders | None") -> "SentReminders":
        """Determine the reminders of the current key. Those that are known may be of another key."""
        key_version = (integration.secret and integration.secret.version) or ""
        none = cls(integration.account, integration.id, integration.last_credentials_set.at, key_version)
        return known if known is not None and known._replace(last=none.last) == none else none

    def next(self, findings: Iterable[Finding]) -> list[Reminder]:
        """List the reminders to publish. A week that had one gets no other."""
        last = [(each, self.last.get(each.reason)) for each in findings]
        return [
            Reminder(finding, number=before.number + 1 if before else 1)
            for finding, before in last
            if before is None or before.week < finding.week
        ]

    def after(self, reminders: Iterable[Reminder]) -> "SentReminders":
        """Add reminders that were published."""
        published = {each.finding.reason: LastReminder(each.number, each.finding.week) for each in reminders}
        return self._replace(last={**self.last, **published})


def find(
    integration: Integration, limits: Mapping[Reason, int], now: datetime, last_used_at: datetime | None = None
) -> list[Finding]:
    """Find the limits that a stored key has reached. `limits` are days. A referenced secret is not a stored key.

    A key is unused since the last use, also of an earlier key: rotations do not hide that. Without any use, it is
    unused since it was set.
    """
    if integration.secret is None or not integration.secret.is_owned:
        return []
    set_at = integration.last_credentials_set.at
    since = {Reason.DUE: set_at, Reason.UNUSED: last_used_at or set_at}
    days = {reason: (now - moment).days for reason, moment in since.items()}
    return [
        Finding(reason, integration, limit, since[reason], days[reason], last_used_at)
        for reason, limit in limits.items()
        if days[reason] >= limit
    ]


def may_be_unused(integration: Integration, limits: Mapping[Reason, int], now: datetime) -> bool:
    """Check whether the integration is old enough for a last use that reached the limit."""
    limit = limits.get(Reason.UNUSED)
    return limit is not None and now - integration.created_at >= timedelta(days=limit)
