"""The bodies of answers: what callers are shown, in the spelling that they read.

They are typed dictionaries, which the type checker holds to their fields and the API document is made from; nothing
checks them again when they are shown. A field that may be None is left out of an answer where it is.
"""

from datetime import UTC, datetime
from typing import Annotated, Any, cast

from pydantic import Field
from typing_extensions import TypedDict  # pydantic takes that of typing from Python 3.12 on

from ai_integrations.http import ids
from ai_integrations.http.fields import AuthTypeWord, ProviderWord
from ai_integrations.http.spelling import Spelling
from ai_integrations.model import Integration, Scoping, Space
from ai_integrations.providers import PROVIDERS

Timestamp = Annotated[str, Field(json_schema_extra={"format": "date-time"})]


def timestamp(moment: datetime) -> str:
    """Return a time as the wire shows it: RFC 3339, UTC, milliseconds."""
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def given(view: Any) -> Any:  # noqa: ANN401 - a view, or any part of one
    """Return a view without what is None in it."""
    if isinstance(view, dict):
        return {name: given(part) for name, part in view.items() if part is not None}
    return [given(part) for part in view] if isinstance(view, list) else view


class ScopingView(TypedDict):
    """One visibility rule; without ids it is the whole account."""

    organization_id: str | None
    space_id: str | None


def scoping_view(scoping: Scoping) -> ScopingView:
    """Show a visibility rule."""
    return ScopingView(organization_id=scoping.organization_id, space_id=scoping.space_id)


# Old clients reject a field that they do not know: the answers get no others.
class AiIntegration(TypedDict):
    """How an external LLM provider is reached. What is unset is left out."""

    id: str
    name: str
    provider: ProviderWord
    has_api_key: Annotated[bool, Field(description="Whether a key is stored; the key itself is never shown.")]
    base_url: str | None
    model_names: list[str] | None
    headers: dict[str, str] | None
    enable_default_models: bool
    function_calling_enabled: bool
    auth_type: AuthTypeWord
    provider_metadata: dict[str, str] | None
    scopings: Annotated[list[ScopingView], Field(description="Who sees it; account-wide is one rule without ids.")]
    created_at: Timestamp
    updated_at: Timestamp
    created_by_user_id: str


def integration_view(integration: Integration, spelling: Spelling) -> AiIntegration:
    """Show an integration in the given spelling."""
    return AiIntegration(
        id=ids.public(integration.id),
        name=integration.name,
        provider=spelling.spell(integration.provider),
        has_api_key=integration.secret is not None,
        base_url=integration.base_url,
        model_names=None if integration.model_names is None else list(integration.model_names),
        headers=None if integration.headers is None else dict(integration.headers),
        enable_default_models=integration.enable_default_models,
        function_calling_enabled=integration.function_calling_enabled,
        auth_type=spelling.spell(integration.auth_type),
        provider_metadata=_metadata_view(integration, spelling),
        scopings=[scoping_view(each) for each in integration.scopings],
        created_at=timestamp(integration.created_at),
        updated_at=timestamp(integration.updated_at),
        created_by_user_id=ids.public_user(integration.created_by),
    )


class KeyRotation(TypedDict):
    """Which versions of a key can be had; the integration itself has the version that the ETag says."""

    key_version: str
    former_key_version: str | None
    former_key_usable_until: Timestamp | None


def rotation_view(integration: Integration) -> KeyRotation:
    """Show the keys of an integration."""
    former = integration.former_key
    return KeyRotation(
        key_version=(integration.secret and integration.secret.version) or "",
        former_key_version=former.secret.version if former else None,
        former_key_usable_until=timestamp(former.usable_until) if former else None,
    )


class Pagination(TypedDict):
    """Whether more follows, and how to ask for it."""

    has_more: bool
    next_cursor: Annotated[str | None, Field(description="Given when, and only when, has_more is true.")]


def pagination(next_cursor: str | None) -> Pagination:
    """Show where the next page begins, if there is one."""
    return Pagination(has_more=next_cursor is not None, next_cursor=next_cursor)


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
    is_private: Annotated[
        bool | None,
        Field(
            description="Shown to clients alone that insist on it, and true: those who belong to it and admins see it."
        ),
    ]


def space_view(space: Space, *, private: bool | None = None) -> SpaceView:
    """Show a space that is registered, so that it has a name and a time."""
    name, created_at = cast("tuple[str, datetime]", (space.name, space.created_at))
    return SpaceView(
        id=space.id,
        name=name,
        description=space.description or "",
        created_at=timestamp(created_at),
        is_private=private,
    )


class SpaceList(TypedDict):
    """A page of spaces, in the order of their ids."""

    spaces: list[SpaceView]
    pagination: Pagination


def _metadata_view(integration: Integration, spelling: Spelling) -> dict[str, str] | None:
    kind = PROVIDERS[integration.provider].metadata
    if kind is None or integration.provider_metadata is None:
        return None
    return {**integration.provider_metadata, "kind": spelling.spell(kind.word)}
