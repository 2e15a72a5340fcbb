"""What the service says on the bus. None of it holds a key or a header value.

Consumers may get an event more than once and tell by `event_id`, which is the same each time; those of one integration
come in order.
"""

from datetime import datetime
from typing import Any, ClassVar, Self

from pydantic import Field

from ai_integrations.contracts import ids
from ai_integrations.contracts.views import ScopingView, Timestamp, scoping_view, timestamp
from ai_integrations.contracts.wire_model import WireModel
from ai_integrations.domain.connection_health import CheckStatus, Health
from ai_integrations.domain.model import Integration

SOURCE = "ai-integrations"


class Event(WireModel):
    """The detail of an event; its class says the detail type."""

    detail_type: ClassVar[str]

    event_id: str = Field(description="The same in each delivery of this event, and in no other event.")


class ChangeEvent(Event):
    """An integration has changed."""

    account: str

    id: str
    name: str
    version: int = Field(description="The version that the change made; a deletion makes none and has the last one.")
    actor: str = Field(description="The id of the user who made the change.")
    scopings: list[ScopingView]
    occurred_at: Timestamp

    @classmethod
    def common_fields(cls, integration: Integration, actor: str, occurred_at: datetime) -> dict[str, Any]:
        """Return what every change event says."""
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
    """Fields of an integration have changed; `api_key` is named when there is a key now, or none any more."""

    detail_type = "AI Integration Updated"

    changed_fields: list[str]


class KeyRotated(ChangeEvent):
    """An integration uses another key now."""

    detail_type = "AI Integration Key Rotated"


class Deleted(ChangeEvent):
    """An integration has been deleted; it can be restored until `restorable_until`."""

    detail_type = "AI Integration Deleted"

    restorable_until: Timestamp


class Restored(ChangeEvent):
    """A deleted integration is back."""

    detail_type = "AI Integration Restored"


CHANGE_EVENTS: tuple[type[ChangeEvent], ...] = (Created, Updated, KeyRotated, Deleted, Restored)


class HealthChanged(Event):
    """A test has found the connection of an integration to be otherwise than the test before it."""

    detail_type = "AI Integration Health Changed"

    account: str
    id: str
    status: str = Field(description="passed, failed or not_proved.")
    previous_status: str = Field(description="As before, or unknown where no test came before.")
    failed_rung: str | None = None
    checked_at: Timestamp

    @classmethod
    def from_health(cls, health: Health, previous_status: str, number: int) -> Self:
        """Tell of a test; `number` is how many there have been of this integration."""
        return cls(
            event_id=f"{health.id}.{number}.health-changed",
            account=health.account,
            id=ids.encode(health.id),
            status=health.status,
            previous_status=previous_status,
            failed_rung=next((each.name for each in health.rungs if each.status is CheckStatus.FAILED), None),
            checked_at=timestamp(health.checked_at),
        )


class Outcome(Event):
    """What became of a request that came by event; `request_id` is the one that the request chose."""

    account: str | None = Field(default=None, description="Absent, like request_id, where the request had none.")
    request_id: str | None = None


class Succeeded(Outcome):
    """A request has been carried out."""

    id: str
    version: int


class CreateSucceeded(Succeeded):
    """An integration has been created as asked."""

    detail_type = "AI Integration Create Succeeded"


class UpdateSucceeded(Succeeded):
    """An integration has been changed as asked."""

    detail_type = "AI Integration Update Succeeded"


class DeleteSucceeded(Succeeded):
    """An integration has been deleted as asked."""

    detail_type = "AI Integration Delete Succeeded"


class Failed(Outcome):
    """A request has been refused, and will not be tried again: the problem document (RFC 9457) says why."""

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
    """A part of the stack has been looked over for what failures left behind."""

    detail_type = "AI Integration Sweep Ran"

    dry_run: bool
    round_complete: bool
    secrets: int
    integrations: int
    secrets_without_integration: list[str] = Field(description="ARNs; deleted at the end of the recovery window.")
    versions_without_integration: list[str] = Field(description="An ARN and a version of it, let go of at once.")
    integrations_without_secret: list[str] = Field(description="As account/ULID: their key is lost.")
