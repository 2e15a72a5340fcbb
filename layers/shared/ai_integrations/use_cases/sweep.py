"""Remove orphaned secrets, report integrations whose secret was deleted, and remind of old keys (`reminders.py`).

A round reads all secrets, then all integrations. A run continues the current round for as long as it has time; the next
run resumes there. After a complete round, the next run starts over.

A table that lost items makes referenced secrets look orphaned. Therefore the sweep stops at a number of removals
(`removal_limit.py`). A stopped sweep still reports, but removes nothing.
"""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING, NamedTuple

from ai_integrations.domain.model import Integration, SecretVersion
from ai_integrations.domain.reminders import Reason

if TYPE_CHECKING:
    from ai_integrations.use_cases.ports import IntegrationInventory, IntegrationReader, SecretInventory
    from ai_integrations.use_cases.reminders import KeyReminders
    from ai_integrations.use_cases.removal_limit import RemovalLimit

# Secrets that changed later than this are ignored: a write may be about to reference them. It is far longer than any
# invocation lasts, and AWS rejects requests of a client whose clock is wrong by more than a few minutes.
GRACE = timedelta(hours=1)


class StoredSecret(NamedTuple):
    """An active secret of this stack, and its versions that carry one of our stage labels."""

    arn: str
    account: str
    integration_id: str
    changed_at: datetime
    versions: frozenset[str] = frozenset()


class RemovalFailedError(Exception):
    """A secret or version could not be removed."""

    def __init__(self, *, is_rejected: bool) -> None:
        """`is_rejected` is false if the outcome is unknown: the removal may have been made."""
        super().__init__()
        self.is_rejected = is_rejected


class SecretAccessDeniedError(Exception):
    """Secrets Manager denied a request for one secret, for example because of the secret's resource policy."""


class SweepPosition(NamedTuple):
    """Resume point of a sweep: the phase, and the pagination token (None for the first page)."""

    part: str = "secrets"
    token: str | None = None


class _References(NamedTuple):
    """The versions of a secret that an item names: those in use, and a previous key whose grace period is over."""

    used: frozenset[str | None] = frozenset()
    superseded: frozenset[str | None] = frozenset()


@dataclass(kw_only=True)
class SweepReport:
    """What a run read, found and removed. Only removals of what no item names are counted.

    `reached_limits` counts the stored keys that reached a limit, for each limit that is on.
    """

    dry_run: bool
    position: SweepPosition | None
    stopped: bool = False
    secrets: int = 0
    integrations: int = 0
    removals: int = 0
    removals_left: int = 0
    reached_limits: Counter[Reason] = field(default_factory=Counter)
    secrets_without_integration: list[str] = field(default_factory=list)
    versions_without_integration: list[str] = field(default_factory=list)
    integrations_without_secret: list[str] = field(default_factory=list)
    failed_removals: list[str] = field(default_factory=list)
    failed_checks: list[str] = field(default_factory=list)
    reminder_errors: list[Exception] = field(default_factory=list)

    def findings(self) -> dict[str, list[str]]:
        """List everything that was found, by kind."""
        return {
            "secrets_without_integration": self.secrets_without_integration,
            "versions_without_integration": self.versions_without_integration,
            "integrations_without_secret": self.integrations_without_secret,
            "failed_removals": self.failed_removals,
            "failed_checks": self.failed_checks,
        }

    def has_failures(self) -> bool:
        """Check whether the run could not do something, and continued."""
        return bool(self.failed_removals or self.failed_checks)


class Sweeper:
    """Sweeps the secrets of a stack, then its integrations."""

    def __init__(  # noqa: PLR0913 - each is an independent collaborator
        self,
        *,
        secrets: "SecretInventory",
        records: "IntegrationInventory",
        integrations: "IntegrationReader",
        limit: "RemovalLimit",
        reminders: "KeyReminders",
        clock: Callable[[], datetime],
    ) -> None:
        self._secrets = secrets
        self._records = records
        self._integrations = integrations
        self._limit = limit
        self._reminders = reminders
        self._clock = clock

    def run(self, report: SweepReport, *, has_time: Callable[[], bool]) -> None:
        """Sweep from the report's position while there is time. The position becomes None when the round is complete.

        If an error ends the run, the report contains what was found and removed until then.
        """
        report.reached_limits.update(dict.fromkeys(self._reminders.limits, 0))
        report.stopped = self._limit.is_reached()
        while report.position is not None and has_time():
            if report.position.part == "secrets":
                report.position = self._sweep_secrets(report.position.token, report)
            else:
                report.position = self._check_integrations(report.position, report, has_time)

    def _sweep_secrets(self, token: str | None, report: SweepReport) -> SweepPosition:
        secrets, next_token = self._secrets.page(token)
        for secret in secrets:
            report.secrets += 1
            if secret.changed_at + GRACE <= self._clock():
                self._sweep_secret(secret, report)
        return SweepPosition(token=next_token) if next_token else SweepPosition(part="integrations")

    def _check_integrations(
        self, position: SweepPosition, report: SweepReport, has_time: Callable[[], bool]
    ) -> SweepPosition | None:
        """Remind of the keys of a page, then check its secrets. Without enough time, the next run reads it again."""
        integrations, next_token = self._records.page(position.token)
        if not self._reminders.remind(integrations, report, has_time=has_time):
            return position
        for integration in integrations:
            report.integrations += 1
            finding = f"{integration.account}/{integration.id}"
            try:
                if self._lacks_secret(integration):
                    report.integrations_without_secret.append(finding)
            except SecretAccessDeniedError:
                report.failed_checks.append(finding)
        return SweepPosition(part="integrations", token=next_token) if next_token else None

    def _sweep_secret(self, secret: StoredSecret, report: SweepReport) -> None:
        """Release what no item references. After the grace period no in-flight write can still commit it."""
        references = self._references(secret)
        if not references.used:
            report.secrets_without_integration.append(secret.arn)
            self._remove(secret.arn, lambda: self._schedule_deletion(secret, report), report)
            return
        for version in sorted(secret.versions - references.used):
            finding = f"{secret.arn} {version}"
            report.versions_without_integration.append(finding)
            release = partial(self._secrets.release_version, secret.arn, version)
            self._remove(finding, release, report, is_counted=version not in references.superseded)

    def _remove(
        self, finding: str, remove: Callable[[], None], report: SweepReport, *, is_counted: bool = True
    ) -> None:
        """Make a removal if the run may, and count it. A failure does not end the run."""
        counted = None
        if is_counted and not report.dry_run and not report.stopped:
            counted = self._limit.allow_removal()
            report.stopped = counted is None
        is_removed = not report.dry_run and not report.stopped
        if is_removed:
            try:
                remove()
            except RemovalFailedError as error:
                is_removed = False
                report.failed_removals.append(finding)
                if counted and error.is_rejected:
                    self._limit.uncount(counted)
        report.removals += is_counted and is_removed
        report.removals_left += is_counted and not is_removed

    def _schedule_deletion(self, secret: StoredSecret, report: SweepReport) -> None:
        """Schedule the deletion of a secret, unless its integration is restored meanwhile."""
        self._secrets.schedule_deletion(secret.arn)
        if self._references(secret).used:
            try:
                self._secrets.cancel_deletion(secret.arn)
            except SecretAccessDeniedError:
                report.failed_checks.append(f"{secret.account}/{secret.integration_id}")

    def _references(self, secret: StoredSecret) -> _References:
        """List the versions that the table names. A tombstone names none: its secret must be deleted."""
        integration = self._integrations.get(secret.account, secret.integration_id)
        if integration is None:
            return _References()
        previous = integration.previous_key
        in_grace = previous.secret if previous and previous.usable_until > self._clock() else None
        superseded = previous.secret if previous and not in_grace else None
        return _References(
            used=_versions_of(secret, integration.secret, in_grace), superseded=_versions_of(secret, superseded)
        )

    def _lacks_secret(self, integration: Integration) -> bool:
        """Check whether the secret is gone although the integration references it before and after the check."""
        if integration.secret is None or self._secrets.is_usable(integration.secret.arn):
            return False
        current = self._integrations.get(integration.account, integration.id)
        return current is not None and current.secret == integration.secret


def _versions_of(secret: StoredSecret, *named: SecretVersion | None) -> frozenset[str | None]:
    return frozenset(each.version for each in named if each and each.arn == secret.arn)
