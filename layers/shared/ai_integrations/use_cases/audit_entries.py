"""Derive the entries of the audit log from the records of the table's stream: one for each change and each refusal."""

from collections.abc import Iterable
from datetime import UTC, datetime
from hashlib import sha256

from ai_integrations.domain.audit_log import AuditEntry, Operation, Outcome
from ai_integrations.domain.consumers import Consumer
from ai_integrations.domain.model import Integration
from ai_integrations.domain.refusals import Refusal
from ai_integrations.use_cases.changes import Change, difference_between
from ai_integrations.use_cases.consumer_changes import ConsumerChange

_REMOVALS = frozenset({Operation.DELETE_INTEGRATION, Operation.REVOKE_CONSUMER})


def entry_of_change(change: Change) -> AuditEntry | None:
    """Derive the entry of a write, or None if it left neither a new version of an integration nor a tombstone.

    An entry of the same version would replace that of the change which led to this version.
    """
    if change.tombstone is not None:
        deleted, at, actor, _ = change.tombstone
        return _entry(Operation.DELETE_INTEGRATION, deleted, at, actor)
    if change.after is None:
        return None
    if change.before is None:
        operation = Operation.RESTORE_INTEGRATION if change.is_restore else Operation.CREATE_INTEGRATION
        return _entry(operation, change.after, change.after.updated_at, change.after.updated_by)
    if change.before.version == change.after.version:
        return None
    difference = difference_between(change.before, change.after)
    operation = _update(change.before, change.after)
    return _entry(operation, change.after, change.after.updated_at, change.after.updated_by, difference.all_fields)


def entry_of_consumer_change(change: ConsumerChange) -> AuditEntry | None:
    """Derive the entry of a write, or None if it left neither a consumer nor a revocation."""
    if change.revocation is not None:
        return _entry(Operation.REVOKE_CONSUMER, *change.revocation)
    if change.after is None:
        return None
    operation = Operation.CREATE_CONSUMER if change.before is None else Operation.UPDATE_CONSUMER
    return _entry(operation, change.after, change.after.updated_at, change.after.updated_by, change.changed_fields)


def entry_of_refusal(refusal: Refusal) -> AuditEntry:
    """Derive the entry of a refused resolve."""
    digest = sha256(f"{refusal.consumer.identity} {refusal.reason}".encode()).hexdigest()
    return AuditEntry(
        id=_id(refusal.refused_at, refusal.integration_id or "", digest),
        account=refusal.account,
        actor=refusal.consumer.name,
        at=refusal.refused_at,
        operation=Operation.RESOLVE,
        resource_id=refusal.integration_id,
        outcome=Outcome.DENIED,
        reason=refusal.reason,
    )


def _update(before: Integration, after: Integration) -> Operation:
    """Determine which operation changed an integration.

    A rotation without a grace period writes the same as an update that sets a key: it counts as an update.
    """
    if after.previous_key is not None and after.previous_key.secret == before.secret:
        return Operation.ROTATE_KEY
    if before.previous_key is not None and before.previous_key.secret == after.secret:
        return Operation.ROLL_KEY_BACK
    return Operation.UPDATE_INTEGRATION


def _entry(
    operation: Operation,
    resource: Integration | Consumer,
    at: datetime,
    actor: str,
    changed_fields: Iterable[str] = (),
) -> AuditEntry:
    order = f"{resource.version:010}"
    return AuditEntry(
        # A removal keeps the version of the last change, and sorts between this change and a restore.
        id=_id(at, resource.id, f"{order}#removed" if operation in _REMOVALS else order),
        account=resource.account,
        actor=actor,
        at=at,
        operation=operation,
        resource_id=resource.id,
        version=resource.version,
        changed_fields=tuple(changed_fields),
    )


def _id(at: datetime, ulid: str, order: str) -> str:
    return f"{at.astimezone(UTC).isoformat(timespec='milliseconds')}#{ulid}#{order}"
