"""The bodies of requests: what may be sent, and what it asks of the domain."""

from dataclasses import replace
from typing import Annotated, Any, Self

from pydantic import ConfigDict, Field, model_validator
from pydantic_core import PydanticCustomError

from ai_integrations.contracts.enum_values import WireFormat, canonical, canonical_change
from ai_integrations.contracts.fields import (
    ApiKey,
    AuthTypeName,
    BaseUrl,
    ExternalId,
    Headers,
    KindName,
    MetadataValue,
    ModelNames,
    Name,
    OpaqueId,
    ProviderName,
    SecretArn,
    WholeNumber,
)
from ai_integrations.contracts.wire_model import InputModel
from ai_integrations.domain.model import (
    ACCOUNT_WIDE,
    AuthType,
    ExternalSecretArn,
    Integration,
    KeepKey,
    KeyChange,
    Scoping,
    Settings,
)

_KEY_FIELDS = {"api_key", "api_key_secret_arn"}
_ABSENT: Any = None  # a field that may be left out and may not be null


class ProviderMetadata(InputModel):
    """Provider-specific configuration."""

    kind: KindName | None = None
    role_arn: MetadataValue | None = None
    external_id: ExternalId | None = None
    project_id: MetadataValue | None = None
    location: MetadataValue | None = None
    project_access_label: MetadataValue | None = None

    def values(self) -> dict[str, str]:
        """Return what was given, in the service's own words."""
        given = self.model_dump(exclude_none=True)
        return given | {"kind": canonical(given["kind"])} if "kind" in given else given


class ScopingBody(InputModel):
    """One visibility rule; without ids it is the whole account."""

    organization_id: OpaqueId | None = None
    space_id: OpaqueId | None = None


# Fewer than a transaction has items, since each may teach the directory a space.
Scopings = Annotated[list[ScopingBody], Field(max_length=50)]


class IntegrationBody(InputModel):
    """What every description of an integration has; a field that was not sent is not in `model_fields_set`."""

    api_key_secret_arn: SecretArn | None = None
    base_url: BaseUrl | None = None
    headers: Headers | None = None
    provider_metadata: ProviderMetadata | None = None

    def key_change(self) -> KeyChange:
        """Return what the body says of the key."""
        if self.api_key_secret_arn is not None:
            return ExternalSecretArn(arn=self.api_key_secret_arn)
        return None if "api_key_secret_arn" in self.model_fields_set else KeepKey.KEEP

    def enum_values(self) -> list[str]:
        """Return the words of the body that are spelled one way or the other."""
        kind = self.provider_metadata.kind if self.provider_metadata else None
        words = (getattr(self, "provider", None), getattr(self, "auth_type", None), kind)
        return [word for word in words if word]


class KeyedBody(IntegrationBody):
    """A description that may hold the key itself: those that come by HTTPS alone."""

    api_key: ApiKey | None = None

    @model_validator(mode="after")
    def _names_one_key(self) -> Self:
        if self.api_key is not None and self.api_key_secret_arn is not None:
            raise PydanticCustomError("two_keys", "Give either the key or where it lies.")
        return self

    def key_change(self) -> KeyChange:
        """Return what the body says of the key."""
        if self.api_key is not None:
            return self.api_key
        said = super().key_change()
        return None if said is KeepKey.KEEP and "api_key" in self.model_fields_set else said


class NewIntegration(IntegrationBody):
    """A new integration; null in an optional field counts as absent."""

    name: Name
    provider: ProviderName
    model_names: ModelNames | None = None
    enable_default_models: bool | None = Field(default=None, description="False unless given.")
    function_calling_enabled: bool | None = Field(default=None, description="True unless given.")
    auth_type: AuthTypeName | None = Field(default=None, description="`default` unless given.")
    scopings: Scopings | None = Field(default=None, description="Omitted or empty: account-wide.")

    def settings(self) -> Settings:
        """Return what the caller chooses, in the service's own words."""
        given = {name for name, value in self if value is not None} - _KEY_FIELDS
        return Settings(**{name: _to_domain(name, getattr(self, name)) for name in given})


class CreateBody(KeyedBody, NewIntegration):
    """A new integration, perhaps with its key; null in an optional field counts as absent."""


class IntegrationChange(IntegrationBody):
    """A change: what is absent stays, null clears, a list or a map replaces the one before."""

    model_config = ConfigDict(json_schema_extra={"minProperties": 1})

    name: Name = _ABSENT
    provider: ProviderName = _ABSENT
    model_names: ModelNames = _ABSENT
    enable_default_models: bool = _ABSENT
    function_calling_enabled: bool = _ABSENT
    auth_type: AuthTypeName = _ABSENT
    scopings: Scopings = _ABSENT

    @model_validator(mode="after")
    def _says_something(self) -> Self:
        if not self.model_fields_set:
            raise PydanticCustomError("missing", "The change must have at least one field.")
        return self

    def apply(self, current: Integration, wire_format: WireFormat = WireFormat.LEGACY) -> Integration:
        """Return the integration with everything changed that was sent, but for its key.

        `wire_format` is that of the answers to whoever sent it: what only echoes them changes nothing.
        """
        sent = self.model_fields_set - _KEY_FIELDS
        changes = {name: _to_domain(name, getattr(self, name)) for name in sent}
        if "provider" in sent:
            changes["provider"] = canonical_change(self.provider, current.provider, wire_format)
        return replace(current, **changes)


class PatchBody(KeyedBody, IntegrationChange):
    """A change, perhaps of the key: what is absent stays, null clears, a list or a map replaces the one before."""


class RotateBody(InputModel):
    """Another key for an integration that has one."""

    api_key: ApiKey
    grace_seconds: WholeNumber = Field(
        default=86_400, ge=0, le=604_800, description="How long the key before it can still be had, by its version."
    )
    verify: bool = Field(
        default=False,
        description="Whether the provider must be seen to take the key first; 422 if it is not, and nothing changes.",
    )


def _to_domain(field: str, value: Any) -> Any:  # noqa: ANN401 - one field of any kind
    match field:
        case "provider":
            return canonical(value)
        case "auth_type":
            return AuthType(canonical(value))
        case "model_names":
            return tuple(value)
        case "provider_metadata" if value is not None:
            return value.values()
        case "scopings":
            return tuple(Scoping(**vars(each)) for each in value) or (ACCOUNT_WIDE,)
    return value
