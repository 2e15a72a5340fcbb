"""The response bodies of deleted integrations."""

from typing import Annotated

from pydantic import Field
from typing_extensions import TypedDict  # pydantic supports that of typing from Python 3.12 on

from ai_integrations.contracts import ids
from ai_integrations.contracts.enum_values import WireFormat
from ai_integrations.contracts.fields import ProviderName
from ai_integrations.contracts.views import Pagination, ScopingView, Timestamp, scoping_view, timestamp
from ai_integrations.domain.model import Tombstone


class DeletedAiIntegration(TypedDict):
    """A deleted integration that can be restored."""

    id: str
    name: Annotated[str, Field(description="A restore needs it: another integration may have taken it.")]
    provider: ProviderName
    scopings: Annotated[list[ScopingView], Field(description="Who saw the integration, and sees it in this list.")]
    has_api_key: Annotated[bool, Field(description="Whether the integration has a key, which a restore restores too.")]
    deleted_at: Timestamp
    deleted_by_user_id: str
    restorable_until: Annotated[Timestamp, Field(description="The end of the recovery window.")]


class DeletedAiIntegrationList(TypedDict):
    """A page of deleted integrations. It may be short or even empty although another page follows."""

    deleted_ai_integrations: list[DeletedAiIntegration]
    pagination: Pagination


def deleted_view(tombstone: Tombstone, wire_format: WireFormat) -> DeletedAiIntegration:
    """Render a deleted integration in a wire format."""
    integration = tombstone.integration
    return {
        "id": ids.encode(integration.id),
        "name": integration.name,
        "provider": wire_format.value_of(integration.provider),
        "scopings": [scoping_view(each) for each in integration.scopings],
        "has_api_key": integration.secret is not None,
        "deleted_at": timestamp(tombstone.deleted_at),
        "deleted_by_user_id": ids.encode_user(tombstone.deleted_by),
        "restorable_until": timestamp(tombstone.expires_at),
    }
