"""Response bodies, in the caller's wire format.

They are typed dictionaries: mypy checks their fields, the API document is generated from them, and no response pays for
validation at run time. Fields that are None are left out.
"""

from datetime import UTC, datetime
from typing import Annotated, NotRequired, cast

from pydantic import Field
from typing_extensions import TypedDict  # pydantic supports that of typing from Python 3.12 on

from ai_integrations.contracts import ids
from ai_integrations.contracts.enum_values import WireFormat
from ai_integrations.contracts.fields import AuthTypeName, ProviderName
from ai_integrations.domain.mappings import without_none
from ai_integrations.domain.model import Integration, Organization, Scoping, Space
from ai_integrations.domain.providers import PROVIDERS

Timestamp = Annotated[str, Field(json_schema_extra={"format": "date-time"})]


def timestamp(moment: datetime) -> str:
    """Format a time as RFC 3339 in UTC, with milliseconds."""
    return moment.astimezone(UTC).replace(tzinfo=None).isoformat(timespec="milliseconds") + "Z"


class ScopingView(TypedDict):
    """One visibility rule. Without ids, the integration is visible in the whole account."""

    organization_id: NotRequired[str | None]
    space_id: NotRequired[str | None]


def scoping_view(scoping: Scoping) -> ScopingView:
    """Render a visibility rule."""
    view: ScopingView = {"organization_id": scoping.organization_id, "space_id": scoping.space_id}
    return without_none(view)


# Old clients reject unknown fields, so this view must not get new ones.
class AiIntegration(TypedDict):
    """An integration: how to use an external LLM provider. Unset fields are left out."""

    id: str
    name: str
    provider: ProviderName
    has_api_key: Annotated[
        bool, Field(description="Whether the integration has a key. The key itself is never returned.")
    ]
    base_url: NotRequired[str | None]
    model_names: NotRequired[list[str] | None]
    headers: NotRequired[dict[str, str] | None]
    enable_default_models: bool
    function_calling_enabled: bool
    auth_type: AuthTypeName
    provider_metadata: NotRequired[dict[str, str] | None]
    scopings: Annotated[
        list[ScopingView], Field(description="Who sees the integration. Account-wide is one rule without ids.")
    ]
    created_at: Timestamp
    updated_at: Timestamp
    created_by_user_id: str


def integration_view(integration: Integration, wire_format: WireFormat) -> AiIntegration:
    """Render an integration in a wire format."""
    view: AiIntegration = {
        "id": ids.encode(integration.id),
        "name": integration.name,
        "provider": wire_format.value_of(integration.provider),
        "has_api_key": integration.secret is not None,
        "base_url": integration.base_url,
        "model_names": None if integration.model_names is None else list(integration.model_names),
        "headers": None if integration.headers is None else dict(integration.headers),
        "enable_default_models": integration.enable_default_models,
        "function_calling_enabled": integration.function_calling_enabled,
        "auth_type": wire_format.value_of(integration.auth_type),
        "provider_metadata": _metadata_view(integration, wire_format),
        "scopings": [scoping_view(each) for each in integration.scopings],
        "created_at": timestamp(integration.created_at),
        "updated_at": timestamp(integration.updated_at),
        "created_by_user_id": ids.encode_user(integration.created_by),
    }
    return without_none(view)


class KeyRotation(TypedDict):
    """The readable versions of a key. The ETag contains the version of the integration itself."""

    key_version: str
    former_key_version: NotRequired[str | None]
    former_key_usable_until: NotRequired[Timestamp | None]


def rotation_view(integration: Integration) -> KeyRotation:
    """Render the key versions of an integration."""
    previous = integration.previous_key
    view: KeyRotation = {
        "key_version": (integration.secret and integration.secret.version) or "",
        "former_key_version": previous.secret.version if previous else None,
        "former_key_usable_until": timestamp(previous.usable_until) if previous else None,
    }
    return without_none(view)


class Pagination(TypedDict):
    """Whether another page follows, and its cursor."""

    has_more: bool
    next_cursor: NotRequired[Annotated[str | None, Field(description="Present if and only if has_more is true.")]]


def pagination(next_cursor: str | None) -> Pagination:
    """Render the cursor of the next page, if there is one."""
    view: Pagination = {"has_more": next_cursor is not None, "next_cursor": next_cursor}
    return without_none(view)


class AiIntegrationList(TypedDict):
    """A page of integrations, newest first. It may be short or even empty although another page follows."""

    ai_integrations: list[AiIntegration]
    pagination: Pagination


# Old clients reject unknown fields and a missing description.
class OrganizationView(TypedDict):
    """An organization of the account."""

    id: str
    name: str
    description: Annotated[str, Field(description="Always empty. Official clients require it.")]
    created_at: Timestamp


def organization_view(organization: Organization) -> OrganizationView:
    """Render an organization."""
    return {
        "id": organization.id,
        "name": organization.name,
        "description": "",
        "created_at": timestamp(organization.created_at),
    }


class OrganizationList(TypedDict):
    """A page of organizations, ordered by id."""

    organizations: list[OrganizationView]
    pagination: Pagination


# Old clients reject unknown fields and a missing description.
class SpaceView(TypedDict):
    """A space of the account."""

    id: str
    organization_id: NotRequired[
        Annotated[
            str | None,
            Field(
                description="Present only for clients that know the field, if the space has a known organization.",
                json_schema_extra={"x-release-dependent": True},
            ),
        ]
    ]
    name: str
    description: Annotated[str, Field(description="Empty if the space has none.")]
    created_at: Timestamp
    is_private: NotRequired[
        Annotated[
            bool | None,
            Field(
                description="Present only for clients that require it. Always true: "
                "only members of the space and admins see it."
            ),
        ]
    ]


def space_view(space: Space, *, private: bool | None = None, with_organization: bool = False) -> SpaceView:
    """Render a space. It must be registered, so that it has a name and a creation time."""
    name, created_at = cast("tuple[str, datetime]", (space.name, space.created_at))
    view: SpaceView = {
        "id": space.id,
        "organization_id": space.organization_id if with_organization else None,
        "name": name,
        "description": space.description or "",
        "created_at": timestamp(created_at),
        "is_private": private,
    }
    return without_none(view)


class SpaceList(TypedDict):
    """A page of spaces, ordered by id."""

    spaces: list[SpaceView]
    pagination: Pagination


def _metadata_view(integration: Integration, wire_format: WireFormat) -> dict[str, str] | None:
    kind = PROVIDERS[integration.provider].metadata
    if kind is None or integration.provider_metadata is None:
        return None
    return {**integration.provider_metadata, "kind": wire_format.value_of(kind.name)}
