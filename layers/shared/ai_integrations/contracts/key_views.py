"""Response bodies about keys. Fields that are None are left out."""

from collections.abc import Iterable
from typing import Annotated, NotRequired

from pydantic import Field
from typing_extensions import TypedDict

from ai_integrations.contracts import ids
from ai_integrations.contracts.enum_values import WireFormat
from ai_integrations.contracts.fields import ProviderName
from ai_integrations.contracts.views import Pagination, Timestamp, timestamp
from ai_integrations.domain.key_facts import KeyFacts, KeyKind
from ai_integrations.domain.mappings import without_none
from ai_integrations.domain.uses import RETENTION, ConsumersOnDay


class KeyView(TypedDict):
    """What is known about the key of an integration, or about what it has instead."""

    integration_id: str
    integration_name: str
    provider: ProviderName
    kind: Annotated[
        str, Field(description="Where the credentials come from.", json_schema_extra={"enum": list(KeyKind)})
    ]
    changed_at: Annotated[
        Timestamp, Field(description="When the credentials were last changed. Other changes do not count.")
    ]
    changed_by_user_id: str
    age_days: NotRequired[Annotated[int | None, Field(description="Whole days since then, for stored keys only.")]]
    max_age_days: NotRequired[Annotated[int | None, Field(description="The limit for stored keys, if there is one.")]]
    is_overdue: Annotated[bool, Field(description="Whether the age has reached the limit.")]
    previous_key_usable_until: NotRequired[
        Annotated[Timestamp | None, Field(description="When the grace period ends. Absent outside a grace period.")]
    ]
    last_used_at: NotRequired[
        Annotated[Timestamp | None, Field(description="When a consumer last resolved it, precise to the hour.")]
    ]
    consumer_count: Annotated[
        int, Field(description=f"How many consumers resolved the integration within {RETENTION.days} days.")
    ]


class DayOfUse(TypedDict):
    """How many consumers used an integration on a day, in UTC."""

    date: Annotated[str, Field(json_schema_extra={"format": "date"})]
    consumers: int


class KeyDetailsView(KeyView):
    """What is known about the key of an integration, with its use on each of the last 30 days, oldest first."""

    uses_by_day: list[DayOfUse]


class KeyList(TypedDict):
    """A page of keys, the newest integration first. It may be short or even empty although another page follows."""

    keys: list[KeyView]
    pagination: Pagination


def key_view(facts: KeyFacts, wire_format: WireFormat) -> KeyView:
    """Render the facts of a key in a wire format."""
    integration, usage = facts.integration, facts.usage
    changed, usable_until = integration.last_credentials_set, facts.previous_key_usable_until
    view: KeyView = {
        "integration_id": ids.encode(integration.id),
        "integration_name": integration.name,
        "provider": wire_format.value_of(integration.provider),
        "kind": facts.kind,
        "changed_at": timestamp(changed.at),
        "changed_by_user_id": ids.encode_user(changed.by),
        "age_days": None if facts.age is None else facts.age.days,
        "max_age_days": (facts.kind is KeyKind.STORED and facts.max_age_days) or None,
        "is_overdue": facts.is_overdue,
        "previous_key_usable_until": timestamp(usable_until) if usable_until else None,
        "last_used_at": timestamp(usage.last_used_at) if usage.last_used_at else None,
        "consumer_count": usage.consumers,
    }
    return without_none(view)


def key_details_view(facts: KeyFacts, uses_by_day: Iterable[ConsumersOnDay], wire_format: WireFormat) -> KeyDetailsView:
    """Render the facts of a key with its use by day."""
    days: list[DayOfUse] = [{"date": each.day.isoformat(), "consumers": each.consumers} for each in uses_by_day]
    return {**key_view(facts, wire_format), "uses_by_day": days}
