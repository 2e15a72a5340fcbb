"""Response bodies of consumers. Fields that are None are left out."""

from datetime import datetime
from typing import Annotated, Literal, NotRequired

from pydantic import Field
from typing_extensions import TypedDict

from ai_integrations.contracts import ids
from ai_integrations.contracts.views import Pagination, ScopingView, Timestamp, timestamp
from ai_integrations.domain.consumers import Consumer, Grant
from ai_integrations.domain.mappings import without_none

GrantField = Literal["integration_ids", "memberships", "all_integrations"]


class ConsumerView(TypedDict):
    """An IAM principal, and what it may resolve."""

    id: str
    principal_arn: str
    name: NotRequired[str | None]
    integration_ids: NotRequired[list[str] | None]
    memberships: NotRequired[list[ScopingView] | None]
    all_integrations: NotRequired[Literal[True] | None]
    expires_at: NotRequired[Timestamp | None]
    created_at: Timestamp
    updated_at: Timestamp
    created_by_user_id: str


def consumer_view(consumer: Consumer) -> ConsumerView:
    """Render a consumer."""
    integrations, memberships = consumer.grant
    view: ConsumerView = {
        "id": consumer.id,
        "principal_arn": consumer.principal_arn,
        "name": consumer.name,
        "integration_ids": None if integrations is None else sorted(map(ids.encode, integrations)),
        "memberships": None
        if memberships is None
        else [
            without_none(ScopingView(organization_id=each.organization_id, space_id=each.space_id))
            for each in memberships
        ],
        "all_integrations": True if _grant_field(consumer.grant) == "all_integrations" else None,
        "expires_at": timestamp(consumer.expires_at) if consumer.expires_at else None,
        "created_at": timestamp(consumer.created_at),
        "updated_at": timestamp(consumer.updated_at),
        "created_by_user_id": ids.encode_user(consumer.created_by),
    }
    return without_none(view)


class ConsumerList(TypedDict):
    """A page of consumers, newest first."""

    consumers: list[ConsumerView]
    pagination: Pagination


class ConsumerAccessView(TypedDict):
    """A consumer that may resolve an integration, the part of its grant that allows it, and its last use."""

    consumer: ConsumerView
    granted_by: Annotated[GrantField, Field(description="The field of the consumer that allows it.")]
    last_used_at: NotRequired[
        Annotated[Timestamp | None, Field(description="When it last resolved the integration, precise to the hour.")]
    ]


def access_view(consumer: Consumer, last_used_at: datetime | None) -> ConsumerAccessView:
    """Render a consumer that may resolve an integration."""
    view: ConsumerAccessView = {
        "consumer": consumer_view(consumer),
        "granted_by": _grant_field(consumer.grant),
        "last_used_at": timestamp(last_used_at) if last_used_at else None,
    }
    return without_none(view)


class ConsumerAccessList(TypedDict):
    """A page of the consumers that may resolve an integration, newest first. It may be short or even empty."""

    consumers: list[ConsumerAccessView]
    pagination: Pagination


def _grant_field(grant: Grant) -> GrantField:
    if grant.integrations is not None:
        return "integration_ids"
    return "all_integrations" if grant.memberships is None else "memberships"
