"""Events that the service publishes. None contains a key or a header value.

Delivery is at least once; `event_id` is the same each time. The change events of one integration keep their order.
"""

from datetime import datetime
from typing import Any, ClassVar, Self

from pydantic import Field

from ai_integrations.contracts import ids
from ai_integrations.contracts.views import ScopingView, Timestamp, scoping_view, timestamp
from ai_integrations.contracts.wire_model import WireModel
from ai_integrations.domain.connection_health import CheckStatus, Health
from ai_integrations.domain.consumers import Consumer
from ai_integrations.domain.model import Integration
from ai_integrations.domain.reminders import Reminder

SOURCE = "ai-integrations"


class Event(WireModel):
    """The detail of an event. The class defines the detail type."""

    detail_type: ClassVar[str]

    event_id: str = Field(description="Unique per event, and the same in each delivery of it.")


class ChangeEvent(Event):
    """An integration has changed."""

    account: str

    id: str
    name: str
    version: int = Field(
        description="The version that the change created. A deletion creates none and repeats the last one."
    )
    actor: str = Field(description="The id of the user who made the change.")
    scopings: list[ScopingView]
    occurred_at: Timestamp

    @classmethod
    def common_fields(cls, integration: Integration, actor: str, occurred_at: datetime) -> dict[str, Any]:
        """Build the fields that all change events share."""
        kind = cls.detail_type.removeprefix("AI Integration ").replace(" ", "-").lower()
        return {
            "event_id": f"{integration.id}.{integration.version}.{kind}",
            "account": integration.account,
            "id": ids.encode(integration.id),
            "name": integration.name,
            "version": integration.version,
            "actor": ids.encode_user(actor),
            "scopings": [scoping_view(each) for each in integration.scopings],
            "occurred_at": timestamp(occurred_at),
        }


class Created(ChangeEvent):
    """An integration has been registered."""

    detail_type = "AI Integration Created"


class Updated(ChangeEvent):
    """Fields of an integration have changed. `api_key` is listed if a key was added or removed."""

    detail_type = "AI Integration Updated"

    changed_fields: list[str]


class KeyRotated(ChangeEvent):
    """The key of an integration was replaced by another one."""

    detail_type = "AI Integration Key Rotated"


class Deleted(ChangeEvent):
    """An integration has been deleted. It can be restored until `restorable_until`."""

    detail_type = "AI Integration Deleted"

    restorable_until: Timestamp


class Restored(ChangeEvent):
    """A deleted integration has been restored."""

    detail_type = "AI Integration Restored"


CHANGE_EVENTS: tuple[type[ChangeEvent], ...] = (Created, Updated, KeyRotated, Deleted, Restored)


class ConsumerEvent(Event):
    """The grant of a consumer has changed."""

    account: str
    id: str
    version: int = Field(
        description="The version that the change created. A revocation creates none and repeats the last one."
    )
    principal_arn: str
    actor: str = Field(description="The id of the user who made the change.")
    occurred_at: Timestamp

    @classmethod
    def common_fields(cls, consumer: Consumer, actor: str, occurred_at: datetime) -> dict[str, Any]:
        """Build the fields that all events of consumers share."""
        kind = cls.detail_type.removeprefix("AI Integration ").replace(" ", "-").lower()
        return {
            "event_id": f"{consumer.id}.{consumer.version}.{kind}",
            "account": consumer.account,
            "id": consumer.id,
            "version": consumer.version,
            "principal_arn": consumer.principal_arn,
            "actor": ids.encode_user(actor),
            "occurred_at": timestamp(occurred_at),
        }


class ConsumerGranted(ConsumerEvent):
    """A principal may resolve integrations of the account."""

    detail_type = "AI Integration Consumer Granted"


class ConsumerChanged(ConsumerEvent):
    """What a principal may resolve, its name or its expiry has changed."""

    detail_type = "AI Integration Consumer Changed"

    changed_fields: list[str]


class ConsumerRevoked(ConsumerEvent):
    """A principal may no longer resolve integrations of the account."""

    detail_type = "AI Integration Consumer Revoked"


CONSUMER_EVENTS: tuple[type[ConsumerEvent], ...] = (ConsumerGranted, ConsumerChanged, ConsumerRevoked)


class HealthChanged(Event):
    """The status of an integration's connection test differs from that of the previous test."""

    detail_type = "AI Integration Health Changed"

    account: str
    id: str
    status: str = Field(description="passed, failed or not_proved.")
    previous_status: str = Field(description="The status of the previous test, or unknown if there was none.")
    failed_rung: str | None = None
    checked_at: Timestamp

    @classmethod
    def from_health(cls, health: Health, previous_status: str, number: int) -> Self:
        """Build the event for a test. `number` counts the tests of this integration."""
        return cls(
            event_id=f"{health.id}.{number}.health-changed",
            account=health.account,
            id=ids.encode(health.id),
            status=health.status,
            previous_status=previous_status,
            failed_rung=next((each.name for each in health.rungs if each.status is CheckStatus.FAILED), None),
            checked_at=timestamp(health.checked_at),
        )


class KeyReminder(Event):
    """A stored key has reached a limit. One reminder is published in each week from then on."""

    account: str
    id: str
    name: str
    provider: str
    version: int = Field(description="The current version of the integration.")
    scopings: list[ScopingView]
    key_set_at: Timestamp
    limit_days: int
    reminder: int = Field(description="How many reminders of this type the key has had, including this one.")
    occurred_at: Timestamp

    @classmethod
    def common_fields(cls, reminder: Reminder, occurred_at: datetime) -> dict[str, Any]:
        """Build the fields that all reminders share. The id is that of the week since the key reached the limit."""
        finding, integration = reminder.finding, reminder.finding.integration
        return {
            "event_id": f"{integration.id}.{finding.week:%Y%m%dT%H%M%S}.key-{finding.reason.value}",
            "account": integration.account,
            "id": ids.encode(integration.id),
            "name": integration.name,
            "provider": integration.provider,
            "version": integration.version,
            "scopings": [scoping_view(each) for each in integration.scopings],
            "key_set_at": timestamp(integration.last_credentials_set.at),
            "limit_days": finding.limit_days,
            "reminder": reminder.number,
            "occurred_at": timestamp(occurred_at),
        }


class KeyDue(KeyReminder):
    """A stored key is due for rotation."""

    detail_type = "AI Integration Key Due"

    age_days: int

    @classmethod
    def of(cls, reminder: Reminder, occurred_at: datetime) -> Self:
        """Build the event for a reminder."""
        return cls(**cls.common_fields(reminder, occurred_at), age_days=reminder.finding.days)


class KeyUnused(KeyReminder):
    """A stored key has not been used for a number of days."""

    detail_type = "AI Integration Key Unused"

    unused_for_days: int = Field(description="Days since the last use, or without any since the key was set.")
    last_used_at: Timestamp | None = Field(
        default=None, description="When a program last resolved it, precise to the hour. Absent if unknown."
    )

    @classmethod
    def of(cls, reminder: Reminder, occurred_at: datetime) -> Self:
        """Build the event for a reminder."""
        last = reminder.finding.last_used_at
        return cls(
            **cls.common_fields(reminder, occurred_at),
            unused_for_days=reminder.finding.days,
            last_used_at=timestamp(last) if last else None,
        )


KEY_REMINDERS: tuple[type[KeyReminder], ...] = (KeyDue, KeyUnused)


class Outcome(Event):
    """The outcome of a request by event. `request_id` is the one that the sender chose."""

    account: str | None = Field(default=None, description="Absent, like request_id, if the request had no valid one.")
    request_id: str | None = None


class Succeeded(Outcome):
    """A request has been carried out."""

    id: str
    version: int


class CreateSucceeded(Succeeded):
    """The requested integration has been created."""

    detail_type = "AI Integration Create Succeeded"


class UpdateSucceeded(Succeeded):
    """The requested change has been made."""

    detail_type = "AI Integration Update Succeeded"


class DeleteSucceeded(Succeeded):
    """The integration has been deleted as requested."""

    detail_type = "AI Integration Delete Succeeded"


class Failed(Outcome):
    """A request has been rejected and is not retried. The problem document (RFC 9457) states the reason."""

    problem: dict[str, Any]


class CreateFailed(Failed):
    """No integration has been created."""

    detail_type = "AI Integration Create Failed"


class UpdateFailed(Failed):
    """Nothing has been changed."""

    detail_type = "AI Integration Update Failed"


class DeleteFailed(Failed):
    """Nothing has been deleted."""

    detail_type = "AI Integration Delete Failed"


OUTCOMES: tuple[type[Outcome], ...] = (
    CreateSucceeded,
    UpdateSucceeded,
    DeleteSucceeded,
    CreateFailed,
    UpdateFailed,
    DeleteFailed,
)


class SweepRan(Event):
    """The sweep has searched a part of the stack for orphaned secrets and lost keys. Lists have at most 50 entries.

    `keys_due` and `keys_unused` are the numbers of stored keys that reached a limit. They are 0 if the limit is off.
    """

    detail_type = "AI Integration Sweep Ran"

    dry_run: bool
    round_complete: bool
    stopped: bool = Field(description="Whether the sweep removes nothing until an operator confirms removals.")
    secrets: int
    integrations: int
    removals: int = Field(description="Orphaned secrets and versions that this run removed.")
    removals_left: int = Field(description="Orphaned secrets and versions that this run found and did not remove.")
    keys_due: int
    keys_unused: int
    secrets_without_integration_count: int
    versions_without_integration_count: int
    integrations_without_secret_count: int
    failed_removals_count: int
    failed_checks_count: int
    secrets_without_integration: list[str] = Field(
        description="ARNs of orphaned secrets. Their deletion is scheduled with the recovery window."
    )
    versions_without_integration: list[str] = Field(
        description="ARN and version of orphaned secret versions. They are released at once."
    )
    integrations_without_secret: list[str] = Field(description="Integrations whose secret is missing, as account/ULID.")
    failed_removals: list[str] = Field(
        description="ARNs, with the version if only that was orphaned, that this run could not remove."
    )
    failed_checks: list[str] = Field(
        description="Integrations that this run could not check, restore or remind of, as account/ULID."
    )
