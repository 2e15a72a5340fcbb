"""The bodies of answers: what callers are shown, in the spelling that they read.

They are typed dictionaries, which the type checker holds to their fields and the API document is made from; nothing
checks them again when they are shown. What is None is not shown.
"""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Annotated, Any, NotRequired, TypeVar, cast

from pydantic import Field
from typing_extensions import TypedDict  # pydantic takes that of typing from Python 3.12 on

from ai_integrations.contracts import ids
from ai_integrations.contracts.enum_values import WireFormat
from ai_integrations.contracts.fields import AuthTypeName, ProviderName
from ai_integrations.domain.model import Integration, Scoping, Space
from ai_integrations.domain.providers import PROVIDERS

ViewT = TypeVar("ViewT", bound=Mapping[str, object])
Timestamp = Annotated[str, Field(json_schema_extra={"format": "date-time"})]


def timestamp(moment: datetime) -> str:
    """Return a time as the wire shows it: RFC 3339, UTC, milliseconds."""
    return moment.astimezone(UTC).replace(tzinfo=None).isoformat(timespec="milliseconds") + "Z"


def without_none(view: ViewT) -> ViewT:
    """Take out of a view what is None in it."""
    parts: Any = view
    for name in [name for name, part in view.items() if part is None]:
        del parts[name]
    return view


class ScopingView(TypedDict):
    """One visibility rule; without ids it is the whole account."""

    organization_id: NotRequired[str | None]
    space_id: NotRequired[str | None]


def scoping_view(scoping: Scoping) -> ScopingView:
    """Show a visibility rule."""
    view: ScopingView = {"organization_id": scoping.organization_id, "space_id": scoping.space_id}
    return without_none(view)


# Old clients reject a field that they do not know: the answers get no others.
class AiIntegration(TypedDict):
    """How an external LLM provider is reached. What is unset is left out."""

    id: str
    name: str
    provider: ProviderName
    has_api_key: Annotated[bool, Field(description="Whether a key is stored; the key itself is never shown.")]
    base_url: NotRequired[str | None]
    model_names: NotRequired[list[str] | None]
    headers: NotRequired[dict[str, str] | None]
    enable_default_models: bool
    function_calling_enabled: bool
    auth_type: AuthTypeName
    provider_metadata: NotRequired[dict[str, str] | None]
    scopings: Annotated[list[ScopingView], Field(description="Who sees it; account-wide is one rule without ids.")]
    created_at: Timestamp
    updated_at: Timestamp
    created_by_user_id: str


def integration_view(integration: Integration, wire_format: WireFormat) -> AiIntegration:
    """Show an integration in the given wire_format."""
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
    """Which versions of a key can be had; the integration itself has the version that the ETag says."""

    key_version: str
    former_key_version: NotRequired[str | None]
    former_key_usable_until: NotRequired[Timestamp | None]


def rotation_view(integration: Integration) -> KeyRotation:
    """Show the keys of an integration."""
    former = integration.previous_key
    view: KeyRotation = {
        "key_version": (integration.secret and integration.secret.version) or "",
        "former_key_version": former.secret.version if former else None,
        "former_key_usable_until": timestamp(former.usable_until) if former else None,
    }
    return without_none(view)


class Pagination(TypedDict):
    """Whether more follows, and how to ask for it."""

    has_more: bool
    next_cursor: NotRequired[Annotated[str | None, Field(description="Given when, and only when, has_more is true.")]]


def pagination(next_cursor: str | None) -> Pagination:
    """Show where the next page begins, if there is one."""
    view: Pagination = {"has_more": next_cursor is not None, "next_cursor": next_cursor}
    return without_none(view)


class AiIntegrationList(TypedDict):
    """A page of integrations, the newest first. It may be short, even empty, and more may follow all the same."""

    ai_integrations: list[AiIntegration]
    pagination: Pagination


# Old clients reject a missing description as well as a field that they do not know.
class SpaceView(TypedDict):
    """A space of the account."""

    id: str
    name: str
    description: Annotated[str, Field(description="Empty unless given.")]
    created_at: Timestamp
    is_private: NotRequired[
        Annotated[
            bool | None,
            Field(
                description="Shown to clients alone that insist on it, and true: "
                "those who belong to it and admins see it."
            ),
        ]
    ]


def space_view(space: Space, *, private: bool | None = None) -> SpaceView:
    """Show a space that is registered, so that it has a name and a time."""
    name, created_at = cast("tuple[str, datetime]", (space.name, space.created_at))
    view: SpaceView = {
        "id": space.id,
        "name": name,
        "description": space.description or "",
        "created_at": timestamp(created_at),
        "is_private": private,
    }
    return without_none(view)


class SpaceList(TypedDict):
    """A page of spaces, in the order of their ids."""

    spaces: list[SpaceView]
    pagination: Pagination


def _metadata_view(integration: Integration, wire_format: WireFormat) -> dict[str, str] | None:
    kind = PROVIDERS[integration.provider].metadata
    if kind is None or integration.provider_metadata is None:
        return None
    return {**integration.provider_metadata, "kind": wire_format.value_of(kind.name)}
