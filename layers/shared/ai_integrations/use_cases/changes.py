"""Committed changes of integrations, parsed from the table's stream, and the events to publish for them."""

from collections.abc import Iterator
from dataclasses import fields
from typing import NamedTuple

from ai_integrations.contracts.published_events import (
    ChangeEvent,
    Created,
    Deleted,
    HealthChanged,
    KeyRotated,
    Restored,
    Updated,
)
from ai_integrations.contracts.views import timestamp
from ai_integrations.domain.connection_health import UNKNOWN, Health
from ai_integrations.domain.model import Integration, SecretVersion, Settings, Tombstone


class Difference(NamedTuple):
    """What differs between two versions of an integration.

    `fields` are the names of the changed settings, and `api_key` if a key was added or removed. `replaces_key` is true
    if one key was replaced by another.
    """

    fields: list[str]
    replaces_key: bool

    @property
    def all_fields(self) -> list[str]:
        """The names of everything that changed: `api_key` is among them also if the key was replaced."""
        return sorted([*self.fields, "api_key"]) if self.replaces_key else self.fields


class Change(NamedTuple):
    """One committed write of an integration: its state before and after, or its tombstone."""

    before: Integration | None = None
    after: Integration | None = None
    tombstone: Tombstone | None = None

    @property
    def is_restore(self) -> bool:
        """Check whether a deleted integration was restored: a new integration has version 1."""
        return self.before is None and self.after is not None and self.after.version > 1

    @property
    def released(self) -> set[SecretVersion]:
        """List the secret versions that the integration referenced before and no longer references."""
        return _referenced(self.before) - _referenced(self.after)

    def events(self) -> Iterator[ChangeEvent]:
        """Yield the events to publish for this write."""
        if self.tombstone is not None:
            tombstone = self.tombstone
            parts = Deleted.common_fields(tombstone.integration, tombstone.deleted_by, tombstone.deleted_at)
            yield Deleted(**parts, restorable_until=timestamp(tombstone.expires_at))
        elif self.after is not None and self.before is None:
            kind = Restored if self.is_restore else Created
            yield kind(**kind.common_fields(self.after, self.after.updated_by, self.after.updated_at))
        elif self.after is not None and self.before is not None:
            yield from _update_events(self.after, difference_between(self.before, self.after))


def difference_between(before: Integration, after: Integration) -> Difference:
    """Compare two versions of an integration."""
    changed = [each.name for each in fields(Settings) if getattr(before, each.name) != getattr(after, each.name)]
    if (before.secret is None) != (after.secret is None):
        changed.append("api_key")
    if before.federation != after.federation:
        changed.append("federation")
    replaces_key = bool(before.secret and after.secret and before.secret != after.secret)
    return Difference(fields=sorted(changed), replaces_key=replaces_key)


class GraceEnded(NamedTuple):
    """The grace period of an integration's previous key has ended."""

    account: str
    ulid: str


class HealthRecorded(NamedTuple):
    """A connection test was recorded. `number` counts the tests of this integration, from 1."""

    health: Health
    previous: Health | None
    number: int

    def events(self) -> Iterator[HealthChanged]:
        """Yield an event if the status differs from that of the previous test."""
        previous_status = self.previous.status.value if self.previous else UNKNOWN
        if self.health.status != previous_status:
            yield HealthChanged.from_health(self.health, previous_status, self.number)


def _referenced(integration: Integration | None) -> set[SecretVersion]:
    if integration is None:
        return set()
    previous = integration.previous_key and integration.previous_key.secret
    return {secret for secret in (integration.secret, previous) if secret}


def _update_events(after: Integration, difference: Difference) -> Iterator[ChangeEvent]:
    if difference.fields:
        parts = Updated.common_fields(after, after.updated_by, after.updated_at)
        yield Updated(**parts, changed_fields=difference.fields)
    if difference.replaces_key:
        yield KeyRotated(**KeyRotated.common_fields(after, after.updated_by, after.updated_at))
