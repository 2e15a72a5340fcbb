"""Committed changes of consumers, parsed from the table's stream, and the events to publish for them."""

from collections.abc import Iterator
from typing import NamedTuple

from ai_integrations.contracts.consumer_views import consumer_view
from ai_integrations.contracts.published_events import (
    ConsumerChanged,
    ConsumerEvent,
    ConsumerGranted,
    ConsumerRevoked,
)
from ai_integrations.domain.consumers import Consumer, Revocation

_CHANGEABLE = ("all_integrations", "expires_at", "integration_ids", "memberships", "name")


class ConsumerChange(NamedTuple):
    """One committed write of a consumer: its state before and after, or its revocation."""

    before: Consumer | None = None
    after: Consumer | None = None
    revocation: Revocation | None = None

    @property
    def changed_fields(self) -> list[str]:
        """List the names of the fields that differ before and after."""
        if self.before is None or self.after is None:
            return []
        before, after = consumer_view(self.before), consumer_view(self.after)
        return [name for name in _CHANGEABLE if before.get(name) != after.get(name)]

    def events(self) -> Iterator[ConsumerEvent]:
        """Yield the event to publish for this write."""
        if self.revocation is not None:
            consumer, revoked_at, revoked_by = self.revocation
            yield ConsumerRevoked(**ConsumerRevoked.common_fields(consumer, revoked_by, revoked_at))
        elif self.after is not None and self.before is None:
            parts = ConsumerGranted.common_fields(self.after, self.after.updated_by, self.after.updated_at)
            yield ConsumerGranted(**parts)
        elif self.after is not None:
            parts = ConsumerChanged.common_fields(self.after, self.after.updated_by, self.after.updated_at)
            yield ConsumerChanged(**parts, changed_fields=self.changed_fields)
