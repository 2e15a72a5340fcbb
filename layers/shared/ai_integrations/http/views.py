"""The bodies of answers: what callers are shown, in the spelling that they read."""

from datetime import UTC, datetime
from typing import Annotated, Self

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from ai_integrations.http import ids
from ai_integrations.http.fields import AuthTypeWord, ProviderWord
from ai_integrations.http.spelling import Spelling
from ai_integrations.model import Integration, Space
from ai_integrations.providers import PROVIDERS


def timestamp(moment: datetime) -> str:
    """Return a time as the wire shows it: RFC 3339, UTC, milliseconds."""
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


Timestamp = Annotated[str, BeforeValidator(timestamp), Field(json_schema_extra={"format": "date-time"})]


class View(BaseModel):
    """What a caller is shown.

    Like a body it is built when it is first used: a cold start pays for those that its request needs.
    """

    model_config = ConfigDict(defer_build=True)


class ScopingView(View):
    """One visibility rule; without ids it is the whole account."""

    organization_id: str | None = None
    space_id: str | None = None


# Old clients reject a field that they do not know: the answers get no others.
class AiIntegration(View):
    """How an external LLM provider is reached. What is unset is left out."""

    id: str
    name: str
    provider: ProviderWord
    has_api_key: bool = Field(description="Whether a key is stored; the key itself is never shown.")
    base_url: str | None = None
    model_names: list[str] | None = None
    headers: dict[str, str] | None = None
    enable_default_models: bool
    function_calling_enabled: bool
    auth_type: AuthTypeWord
    provider_metadata: dict[str, str] | None = None
    scopings: list[ScopingView] = Field(description="Who sees it; account-wide is one rule without ids.")
    created_at: Timestamp
    updated_at: Timestamp
    created_by_user_id: str

    @classmethod
    def of(cls, integration: Integration, spelling: Spelling) -> Self:
        """Show an integration in the given spelling."""
        return cls(
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
            scopings=[ScopingView(**each._asdict()) for each in integration.scopings],
            created_at=integration.created_at,
            updated_at=integration.updated_at,
            created_by_user_id=ids.public_user(integration.created_by),
        )


class KeyRotation(View):
    """Which versions of a key can be had; the integration itself has the version that the ETag says."""

    key_version: str
    former_key_version: str | None = None
    former_key_usable_until: Timestamp | None = None

    @classmethod
    def of(cls, integration: Integration) -> Self:
        """Show the keys of an integration."""
        former = integration.former_key
        return cls(
            key_version=(integration.secret and integration.secret.version) or "",
            former_key_version=former and former.secret.version,
            former_key_usable_until=former and former.usable_until,
        )


class Pagination(View):
    """Whether more follows, and how to ask for it."""

    has_more: bool
    next_cursor: str | None = Field(default=None, description="Given when, and only when, has_more is true.")

    @classmethod
    def of(cls, next_cursor: str | None) -> Self:
        """Show where the next page begins, if there is one."""
        return cls(has_more=next_cursor is not None, next_cursor=next_cursor)


class AiIntegrationList(View):
    """A page of integrations, the newest first. It may be short, even empty, and more may follow all the same."""

    ai_integrations: list[AiIntegration]
    pagination: Pagination


# Old clients reject a missing description as well as a field that they do not know.
class SpaceView(View):
    """A space of the account."""

    id: str
    name: str
    description: str = Field(description="Empty unless given.")
    created_at: Timestamp
    is_private: bool | None = Field(
        default=None,
        description="Shown to clients alone that insist on it, and true: those who belong to it and admins see it.",
    )

    @classmethod
    def of(cls, space: Space, *, private: bool | None = None) -> Self:
        """Show a space of the directory."""
        return cls.model_validate({**space._asdict(), "description": space.description or "", "is_private": private})


class SpaceList(View):
    """A page of spaces, in the order of their ids."""

    spaces: list[SpaceView]
    pagination: Pagination


def _metadata_view(integration: Integration, spelling: Spelling) -> dict[str, str] | None:
    kind = PROVIDERS[integration.provider].metadata
    if kind is None or integration.provider_metadata is None:
        return None
    return {**integration.provider_metadata, "kind": spelling.spell(kind.word)}
