"""Process the table's stream (the transactional outbox): clean up secrets, write the audit log, publish events."""

from collections.abc import Callable
from datetime import datetime
from typing import TYPE_CHECKING

from ai_integrations.domain.audit_log import AuditEntry
from ai_integrations.domain.model import Integration
from ai_integrations.domain.refusals import Refusal
from ai_integrations.use_cases.audit_entries import entry_of_change, entry_of_consumer_change, entry_of_refusal
from ai_integrations.use_cases.changes import Change, GraceEnded, HealthRecorded
from ai_integrations.use_cases.consumer_changes import ConsumerChange

if TYPE_CHECKING:
    from ai_integrations.use_cases.ports import AuditEntryRecorder, EventPublisher, IntegrationReader, SecretCleanup

StreamRecord = Change | GraceEnded | HealthRecorded | ConsumerChange | Refusal


class ChangePublisher:
    """Processes the records of the stream. Every step is idempotent, also after later changes were processed."""

    def __init__(
        self,
        *,
        cleanup: "SecretCleanup",
        integrations: "IntegrationReader",
        bus: "EventPublisher",
        audit_log: "AuditEntryRecorder | None",
        clock: Callable[[], datetime],
    ) -> None:
        """Without an audit log, nothing is recorded."""
        self._cleanup = cleanup
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
            self._schedule_deletion_of_deleted(change.tombstone.integration)
            return
        old = change.before.secret if change.before else None
        new = change.after.secret if change.after else None
        is_same_secret = old is not None and new is not None and new.arn == old.arn
        if old is not None and not is_same_secret:
            self._cleanup.schedule_deletion(old)
        if new is not None and change.is_restore:
            self._cleanup.cancel_deletion(new)
        elif change.after is not None and new is not None and old is not None and new != old:
            current = self._integrations.get(change.after.account, change.after.id)
            # Not `new`: a later change may have replaced it.
            if current is not None and current.secret is not None:
                self._cleanup.promote_version(current.secret, change.released)

    def _end_grace(self, integration: Integration | None) -> None:
        if integration is None or integration.secret is None:
            return
        previous = integration.previous_key
        if previous is not None and previous.usable_until <= self._clock():
            self._cleanup.promote_version(integration.secret, {previous.secret})

    def _schedule_deletion_of_deleted(self, deleted: Integration) -> None:
        """Schedule deletion of a deleted integration's secret, unless the integration was restored meanwhile."""
        if deleted.secret is not None and self._integrations.get(deleted.account, deleted.id) is None:
            self._cleanup.schedule_deletion(deleted.secret)
