"""Process the table's stream (the transactional outbox): clean up secrets, write the audit log, publish events.

Uses of deleted and restored integrations get their new expiry with the cleanup.
"""

from collections.abc import Callable, Collection
from datetime import datetime
from typing import TYPE_CHECKING

from ai_integrations.domain.audit_log import AuditEntry
from ai_integrations.domain.model import Integration, SecretVersion, Tombstone
from ai_integrations.domain.refusals import Refusal
from ai_integrations.use_cases.audit_entries import entry_of_change, entry_of_consumer_change, entry_of_refusal
from ai_integrations.use_cases.changes import Change, GraceEnded, HealthRecorded
from ai_integrations.use_cases.consumer_changes import ConsumerChange

if TYPE_CHECKING:
    from ai_integrations.use_cases.ports import (
        AuditEntryRecorder,
        EventPublisher,
        IntegrationReader,
        SecretCleanup,
        UseExpiry,
    )

StreamRecord = Change | GraceEnded | HealthRecorded | ConsumerChange | Refusal


class ChangePublisher:
    """Processes the records of the stream. Every step is idempotent, also after later changes were processed."""

    def __init__(  # noqa: PLR0913 - each is an independent collaborator
        self,
        *,
        cleanup: "SecretCleanup",
        uses: "UseExpiry",
        integrations: "IntegrationReader",
        bus: "EventPublisher",
        audit_log: "AuditEntryRecorder | None",
        clock: Callable[[], datetime],
    ) -> None:
        """Without an audit log, nothing is recorded."""
        self._cleanup = cleanup
        self._uses = uses
        self._integrations = integrations
        self._bus = bus
        self._audit_log = audit_log
        self._clock = clock

    def handle(self, record: StreamRecord) -> None:
        """Process one parsed record of the stream.

        The audit log comes before the event: a receiver of the event finds the entry.
        """
        match record:
            case GraceEnded():
                self._end_grace(self._integrations.get(record.account, record.ulid))
            case HealthRecorded():
                self._bus.publish(*record.events())
            case Refusal():
                self._record(entry_of_refusal(record))
            case ConsumerChange():
                self._record(entry_of_consumer_change(record))
                self._bus.publish(*record.events())
            case Change():
                self._clean_up(record)
                self._record(entry_of_change(record))
                self._bus.publish(*record.events())

    def _record(self, entry: AuditEntry | None) -> None:
        if entry is not None and self._audit_log is not None:
            self._audit_log.record(entry)

    def _clean_up(self, change: Change) -> None:
        if change.tombstone is not None:
            self._clean_up_deleted(change.tombstone)
            return
        self._clean_up_secrets(change)
        if change.is_restore and change.after is not None:
            self._keep_uses_of_restored(change.after)

    def _clean_up_secrets(self, change: Change) -> None:
        old = change.before.secret if change.before else None
        new = change.after.secret if change.after else None
        is_same_secret = old is not None and new is not None and new.arn == old.arn
        if old is not None and not is_same_secret:
            self._cleanup.schedule_deletion(old)
        if change.after is None or new is None or new == old:
            return
        if change.is_restore:
            self._cleanup.cancel_deletion(new)
        if change.is_restore or old is not None:
            # After a restore, because a change of the key processed while the integration was deleted promotes nothing.
            self._promote_version(change.after, change.released)

    def _promote_version(self, changed: Integration, released: Collection[SecretVersion]) -> None:
        """Promote the referenced version, which a later change may have replaced."""
        current = self._integrations.get(changed.account, changed.id)
        if current is not None and current.secret is not None:
            previous = current.previous_key and current.previous_key.secret
            self._cleanup.promote_version(current.secret, released, previous)

    def _end_grace(self, integration: Integration | None) -> None:
        if integration is None or integration.secret is None:
            return
        previous = integration.previous_key
        if previous is not None and previous.usable_until <= self._clock():
            self._cleanup.promote_version(integration.secret, {previous.secret})

    def _clean_up_deleted(self, tombstone: Tombstone) -> None:
        """Let the secret and the uses of a deleted integration expire, unless it was restored meanwhile."""
        deleted = tombstone.integration
        if self._integrations.get(deleted.account, deleted.id) is not None:
            return
        if deleted.secret is not None:
            self._cleanup.schedule_deletion(deleted.secret)
        self._uses.expire(deleted.account, deleted.id, tombstone.expires_at)

    def _keep_uses_of_restored(self, restored: Integration) -> None:
        """Keep the uses of a restored integration, unless it was deleted again meanwhile."""
        if self._integrations.get(restored.account, restored.id) is not None:
            self._uses.keep(restored.account, restored.id)
