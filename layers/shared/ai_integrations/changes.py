"""From what the table's stream says to the events that it means."""

from collections.abc import Iterator, Mapping
from dataclasses import fields
from typing import Any, NamedTuple

from ai_integrations import items
from ai_integrations.dynamodb import from_wire
from ai_integrations.events import ChangeEvent, Created, Deleted, HealthChanged, KeyRotated, Restored, Updated
from ai_integrations.health import UNKNOWN
from ai_integrations.health_store import health_of
from ai_integrations.http.views import timestamp
from ai_integrations.model import Integration, Secret, Settings, Tombstone


class Change(NamedTuple):
    """One committed write of an integration: how it was and how it is, or what is left of it."""

    before: Integration | None = None
    after: Integration | None = None
    tombstone: Tombstone | None = None

    @property
    def is_restoration(self) -> bool:
        """Tell whether a deleted integration has been brought back: a new one has the first version."""
        return self.before is None and self.after is not None and self.after.version > 1

    @property
    def let_go(self) -> set[Secret]:
        """Return what the integration named before and does not any more."""
        return _named(self.before) - _named(self.after)

    def events(self) -> Iterator[ChangeEvent]:
        """Yield the events that the write means."""
        if self.tombstone is not None:
            stone = self.tombstone
            parts = Deleted.parts(stone.integration, stone.deleted_by, stone.deleted_at)
            yield Deleted(**parts, restorable_until=timestamp(stone.expires_at))
        elif self.after is not None and self.before is None:
            kind = Restored if self.is_restoration else Created
            yield kind(**kind.parts(self.after, self.after.updated_by, self.after.updated_at))
        elif self.after is not None and self.before is not None:
            yield from _difference(self.before, self.after)


def change_of(record: Mapping[str, Any]) -> Change:
    """Read one record of the stream (NEW_AND_OLD_IMAGES); one that is not about an integration means no change."""
    images = record["dynamodb"]
    new, old = (from_wire(images.get(name, {})) for name in ("NewImage", "OldImage"))
    match new.get("sk", "").partition("#")[0]:
        case "DELETED":
            return Change(tombstone=items.tombstone_of(new))
        case "INTEGRATION":
            return Change(before=items.integration_of(old) if old else None, after=items.integration_of(new))
    return Change()


def grace_ended(record: Mapping[str, Any]) -> tuple[str, str] | None:
    """Return account and ULID of an integration whose former key has had its time, if that is what a record says."""
    old = from_wire(record["dynamodb"].get("OldImage", {}))
    is_end = record["eventName"] == "REMOVE" and old.get("sk", "").startswith("GRACE#")
    return (old["account"], old["id"]) if is_end else None


def is_of_health(record: Mapping[str, Any]) -> bool:
    """Tell whether a record says that a connection has been tested."""
    return bool(record["dynamodb"]["Keys"]["sk"]["S"].startswith("HEALTH#"))


def health_events(record: Mapping[str, Any]) -> Iterator[HealthChanged]:
    """Yield the event of a test whose outcome is another than that of the test before it."""
    images = record["dynamodb"]
    new, old = (from_wire(images.get(name, {})) for name in ("NewImage", "OldImage"))
    previous = health_of(old).status.value if old else UNKNOWN
    if new and health_of(new).status != previous:
        yield HealthChanged.of(health_of(new), previous, int(new["checks"]))


def _named(integration: Integration | None) -> set[Secret]:
    if integration is None:
        return set()
    former = integration.former_key and integration.former_key.secret
    return {secret for secret in (integration.secret, former) if secret}


def _difference(before: Integration, after: Integration) -> Iterator[ChangeEvent]:
    changed = [each.name for each in fields(Settings) if getattr(before, each.name) != getattr(after, each.name)]
    if (before.secret is None) != (after.secret is None):
        changed.append("api_key")
    if changed:
        parts = Updated.parts(after, after.updated_by, after.updated_at)
        yield Updated(**parts, changed_fields=sorted(changed))
    if before.secret and after.secret and before.secret != after.secret:
        yield KeyRotated(**KeyRotated.parts(after, after.updated_by, after.updated_at))
