"""Looks for what failures left behind: secrets that nobody names, integrations whose secret is gone.

A run takes as much as it has time for, and the next one goes on from there; when all has been seen it begins anew.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import NamedTuple

from ai_integrations.domain.model import Integration
from ai_integrations.use_cases.ports import IntegrationInventory, IntegrationReader, SecretInventory, StoredSecret


class SweepPosition(NamedTuple):
    """How far a round has come: what is being read, and where to go on; None is the beginning."""

    part: str = "secrets"
    token: str | None = None


@dataclass(kw_only=True)
class SweepReport:
    """What a run has seen and found; unless it was a dry one, what nobody names has been let go of."""

    dry_run: bool
    secrets: int = 0
    integrations: int = 0
    secrets_without_integration: list[str] = field(default_factory=list)
    versions_without_integration: list[str] = field(default_factory=list)
    integrations_without_secret: list[str] = field(default_factory=list)
    position: SweepPosition | None = None


class Sweeper:
    """Goes over the secrets of a stack, then over its integrations."""

    def __init__(
        self,
        *,
        secrets: SecretInventory,
        records: IntegrationInventory,
        integrations: IntegrationReader,
        clock: Callable[[], datetime],
        grace: timedelta,
    ) -> None:
        """Leave alone what is younger than `grace`: the integration that will name it may be about to be written."""
        self._secrets = secrets
        self._records = records
        self._integrations = integrations
        self._clock = clock
        self._grace = grace

    def run(self, position: SweepPosition, *, dry_run: bool, has_time: Callable[[], bool]) -> SweepReport:
        """Go on from a position while there is time; the report's position is None when a round is complete."""
        report = SweepReport(dry_run=dry_run, position=position)
        while report.position is not None and has_time():
            step = self._sweep_secrets if report.position.part == "secrets" else self._check_integrations
            report.position = step(report.position.token, report)
        return report

    def _sweep_secrets(self, token: str | None, report: SweepReport) -> SweepPosition:
        page, following = self._secrets.page(token)
        for secret in page:
            report.secrets += 1
            if secret.changed_at + self._grace <= self._clock():
                self._judge(secret, report)
        return SweepPosition(token=following) if following else SweepPosition(part="integrations")

    def _check_integrations(self, token: str | None, report: SweepReport) -> SweepPosition | None:
        page, following = self._records.page(token)
        for integration in page:
            report.integrations += 1
            if self._lacks_secret(integration):
                report.integrations_without_secret.append(f"{integration.account}/{integration.id}")
        return SweepPosition(part="integrations", token=following) if following else None

    def _judge(self, secret: StoredSecret, report: SweepReport) -> None:
        """Let go of what nobody names; whoever stored it so long ago is not going to name it any more."""
        named = self._named(secret)
        if not named:
            report.secrets_without_integration.append(secret.arn)
            if not report.dry_run:
                self._retire(secret)
            return
        for version in sorted(secret.versions - named):
            report.versions_without_integration.append(f"{secret.arn} {version}")
            if not report.dry_run:
                self._secrets.release_version(secret.arn, version)

    def _retire(self, secret: StoredSecret) -> None:
        """Retire a secret, unless a deleted integration has come back to it meanwhile."""
        self._secrets.schedule_deletion(secret.arn)
        if self._named(secret):
            self._secrets.cancel_deletion(secret.arn)

    def _named(self, secret: StoredSecret) -> set[str | None]:
        """Return the versions that the table names. The secret of a deleted integration should wait to be deleted."""
        integration = self._integrations.get(secret.account, secret.integration_id)
        if integration is None:
            return set()
        former = integration.previous_key
        in_grace = former.secret if former and former.usable_until > self._clock() else None
        return {each.version for each in (integration.secret, in_grace) if each and each.arn == secret.arn}

    def _lacks_secret(self, integration: Integration) -> bool:
        """Tell whether a secret is gone that the table named before the look and names after it."""
        if integration.secret is None or self._secrets.is_usable(integration.secret.arn):
            return False
        now = self._integrations.get(integration.account, integration.id)
        return now is not None and now.secret == integration.secret
