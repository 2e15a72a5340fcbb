"""The audit log: who changed which integration or consumer, and who was refused."""

from datetime import datetime
from enum import StrEnum
from typing import NamedTuple


class ResourceType(StrEnum):
    """What an entry is about."""

    INTEGRATION = "ai_integration"
    CONSUMER = "consumer"


class OperationType(StrEnum):
    """The kinds of operations that official clients know. No entry is a subscription."""

    QUERY = "QUERY"
    MUTATION = "MUTATION"
    SUBSCRIPTION = "SUBSCRIPTION"


class Operation(StrEnum):
    """What was done. The values are the ids of the operations in the API description."""

    CREATE_INTEGRATION = "createAiIntegration"
    UPDATE_INTEGRATION = "updateAiIntegration"
    ROTATE_KEY = "rotateKey"
    ROLL_KEY_BACK = "rollKeyBack"
    DELETE_INTEGRATION = "deleteAiIntegration"
    RESTORE_INTEGRATION = "restoreAiIntegration"
    CREATE_CONSUMER = "createConsumer"
    UPDATE_CONSUMER = "updateConsumer"
    REVOKE_CONSUMER = "revokeConsumer"
    RESOLVE = "resolveAiIntegration"

    @property
    def type(self) -> OperationType:
        """The kind of the operation."""
        return OperationType.QUERY if self is Operation.RESOLVE else OperationType.MUTATION

    @property
    def resource_type(self) -> ResourceType:
        """What the operation is about."""
        return ResourceType.CONSUMER if self.endswith("Consumer") else ResourceType.INTEGRATION


class Outcome(StrEnum):
    """What became of the operation."""

    COMMITTED = "committed"
    DENIED = "denied"


class AuditEntry(NamedTuple):
    """One entry. It contains names of fields, but no values.

    `id` follows from what the entry records, so that recording it again changes nothing. Ids sort by time, and at the
    same time by resource and version. `resource_id` is a ULID, or None if a refused request named no valid one.
    """

    id: str
    account: str
    actor: str
    at: datetime
    operation: Operation
    resource_id: str | None
    version: int | None = None
    changed_fields: tuple[str, ...] = ()
    outcome: Outcome = Outcome.COMMITTED
    reason: str | None = None


class AuditSlice(NamedTuple):
    """Part of an account's entries, newest first. `more` is true if older ones follow."""

    entries: tuple[AuditEntry, ...]
    more: bool
