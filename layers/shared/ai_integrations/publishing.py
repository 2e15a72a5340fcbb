"""What follows from a committed write: the leftovers of its key are tidied, and the bus is told."""

from collections.abc import Callable, Collection, Mapping
from datetime import datetime
from typing import Any, Protocol

from ai_integrations.changes import Change, change_of, grace_ended, health_events, is_of_health
from ai_integrations.events import Event
from ai_integrations.model import Integration, Secret


class Tidying(Protocol):
    """What may be left to do in the place where keys are kept."""

    def retire(self, secret: Secret) -> None:
        """Delete a secret that is no longer named, at the end of the recovery window."""
        ...

    def revive(self, secret: Secret) -> None:
        """Keep a secret that is named again from being deleted."""
        ...

    def settle(self, secret: Secret, let_go: Collection[Secret]) -> None:
        """Let the key that is named take the place of the one before, and let go of those not named any more."""
        ...


class Integrations(Protocol):
    """Where integrations are kept."""

    def get(self, account: str, ulid: str) -> Integration | None:
        """Return an integration."""
        ...


class Bus(Protocol):
    """Where the service tells what has happened."""

    def publish(self, *events: Event) -> None:
        """Put events on the bus, in their order."""
        ...


class ChangePublisher:
    """Follows the table's stream. Everything it does may be done twice."""

    def __init__(
        self, *, leftovers: Tidying, integrations: Integrations, bus: Bus, clock: Callable[[], datetime]
    ) -> None:
        self._leftovers = leftovers
        self._integrations = integrations
        self._bus = bus
        self._clock = clock

    def handle(self, record: Mapping[str, Any]) -> None:
        """Carry out what one record of the stream means."""
        if is_of_health(record):
            self._bus.publish(*health_events(record))
            return
        ended = grace_ended(record)
        if ended is not None:
            self._end_grace(self._integrations.get(*ended))
            return
        change = change_of(record)
        self._tidy(change)
        self._bus.publish(*change.events())

    def _tidy(self, change: Change) -> None:
        if change.tombstone is not None:
            self._retire_deleted(change.tombstone.integration)
            return
        former = change.before.secret if change.before else None
        current = change.after.secret if change.after else None
        if former is not None and (current is None or current.arn != former.arn):
            self._leftovers.retire(former)
        if current is not None and change.is_restoration:
            self._leftovers.revive(current)
        elif current is not None and former is not None and current != former:
            self._leftovers.settle(current, change.let_go)

    def _end_grace(self, integration: Integration | None) -> None:
        if integration is None or integration.secret is None:
            return
        former = integration.former_key
        if former is not None and former.usable_until <= self._clock():
            self._leftovers.settle(integration.secret, {former.secret})

    def _retire_deleted(self, deleted: Integration) -> None:
        """Retire the secret of a deleted integration, unless that one has been restored by now."""
        if deleted.secret is not None and self._integrations.get(deleted.account, deleted.id) is None:
            self._leftovers.retire(deleted.secret)
