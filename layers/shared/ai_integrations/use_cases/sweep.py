"""Remove orphaned secrets and report integrations whose secret was deleted.

A round reads all secrets, then all integrations. A run continues the current round for as long as it has time; the next
run resumes there. After a complete round, the next run starts over.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, NamedTuple

from ai_integrations.domain.model import Integration

if TYPE_CHECKING:
    from ai_integrations.use_cases.ports import IntegrationInventory, IntegrationReader, SecretInventory


class StoredSecret(NamedTuple):
    """An active secret of this stack, and its versions that carry one of our stage labels."""

    arn: str
    account: str
    integration_id: str
    changed_at: datetime
    versions: frozenset[str] = frozenset()


class SweepPosition(NamedTuple):
    """Resume point of a sweep: the phase, and the pagination token (None for the first page)."""

    part: str = "secrets"
    token: str | None = None


@dataclass(kw_only=True)
class SweepReport:
    """What a run read and found. Unless it is a dry run, the run also removed the orphaned secrets and versions."""

    dry_run: bool
    secrets: int = 0
    integrations: int = 0
    secrets_without_integration: list[str] = field(default_factory=list)
    versions_without_integration: list[str] = field(default_factory=list)
    integrations_without_secret: list[str] = field(default_factory=list)
    position: SweepPosition | None = None


class Sweeper:
    """Sweeps the secrets of a stack, then its integrations."""

    def __init__(
        self,
        *,
        secrets: "SecretInventory",
        records: "IntegrationInventory",
        integrations: "IntegrationReader",
        clock: Callable[[], datetime],
        grace: timedelta,
    ) -> None:
        """`grace` is the age below which secrets are ignored: an in-flight write may be about to reference them."""
        self._secrets = secrets
        self._records = records
        self._integrations = integrations
        self._clock = clock
        self._grace = grace

    def run(self, position: SweepPosition, *, dry_run: bool, has_time: Callable[[], bool]) -> SweepReport:
        """Sweep from a position while there is time. The report's position is None when the round is complete."""
        report = SweepReport(dry_run=dry_run, position=position)
        while report.position is not None and has_time():
            sweep_page = self._sweep_secrets if report.position.part == "secrets" else self._check_integrations
            report.position = sweep_page(report.position.token, report)
        return report

    def _sweep_secrets(self, token: str | None, report: SweepReport) -> SweepPosition:
        secrets, next_token = self._secrets.page(token)
        for secret in secrets:
            report.secrets += 1
            if secret.changed_at + self._grace <= self._clock():
                self._sweep_secret(secret, report)
        return SweepPosition(token=next_token) if next_token else SweepPosition(part="integrations")

    def _check_integrations(self, token: str | None, report: SweepReport) -> SweepPosition | None:
        integrations, next_token = self._records.page(token)
        for integration in integrations:
            report.integrations += 1
            if self._lacks_secret(integration):
                report.integrations_without_secret.append(f"{integration.account}/{integration.id}")
        return SweepPosition(part="integrations", token=next_token) if next_token else None

    def _sweep_secret(self, secret: StoredSecret, report: SweepReport) -> None:
        """Release what no item references. After the grace period no in-flight write can still commit it."""
        referenced = self._referenced_versions(secret)
        if not referenced:
            report.secrets_without_integration.append(secret.arn)
            if not report.dry_run:
                self._schedule_deletion(secret)
            return
        for version in sorted(secret.versions - referenced):
            report.versions_without_integration.append(f"{secret.arn} {version}")
            if not report.dry_run:
                self._secrets.release_version(secret.arn, version)

    def _schedule_deletion(self, secret: StoredSecret) -> None:
        """Schedule the deletion of a secret, unless its integration is restored meanwhile."""
        self._secrets.schedule_deletion(secret.arn)
        if self._referenced_versions(secret):
            self._secrets.cancel_deletion(secret.arn)

    def _referenced_versions(self, secret: StoredSecret) -> set[str | None]:
        """List the versions that the table references. A tombstone references none: its secret must be deleted."""
        integration = self._integrations.get(secret.account, secret.integration_id)
        if integration is None:
            return set()
        previous = integration.previous_key
        in_grace = previous.secret if previous and previous.usable_until > self._clock() else None
        return {each.version for each in (integration.secret, in_grace) if each and each.arn == secret.arn}

    def _lacks_secret(self, integration: Integration) -> bool:
        """Check whether the secret is gone although the integration references it before and after the check."""
        if integration.secret is None or self._secrets.is_usable(integration.secret.arn):
            return False
        current = self._integrations.get(integration.account, integration.id)
        return current is not None and current.secret == integration.secret
