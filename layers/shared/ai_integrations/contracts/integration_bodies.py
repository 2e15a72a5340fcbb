"""Request bodies of integrations, and their conversion to domain values."""

from dataclasses import replace
from typing import Annotated, Any, Self, TypeVar, get_args

from pydantic import ConfigDict, Field, GetPydanticSchema, model_validator
from pydantic_core import PydanticCustomError

from ai_integrations.contracts.enum_values import WireFormat, canonical, canonical_change
from ai_integrations.contracts.fields import (
    ApiKey,
    AuthTypeName,
    BaseUrl,
    ExternalId,
    FederationSettings,
    Headers,
    KindName,
    MetadataValue,
    ModelNames,
    Name,
    OpaqueId,
    ProviderName,
    RoleArn,
    SecretArn,
    WholeNumber,
)
from ai_integrations.contracts.wire_model import InputModel
from ai_integrations.domain.errors import FieldError, RuleViolationError
from ai_integrations.domain.model import (
    ACCOUNT_WIDE,
    AuthType,
    CredentialChange,
    ExternalSecretArn,
    Federation,
    Integration,
    Removal,
    Scoping,
    Settings,
)

# What null in a field of the credentials removes.
REMOVALS = {"api_key": Removal.KEY, "api_key_secret_arn": Removal.KEY, "federation": Removal.FEDERATION}

FieldT = TypeVar("FieldT")
# A field that may be absent, which reads as None, but not null: null is validated as FieldT and rejected.
NotNull = Annotated[FieldT | None, GetPydanticSchema(lambda optional, handler: handler(get_args(optional)[0]))]


class ProviderMetadata(InputModel):
    """Provider-specific configuration."""

    kind: KindName | None = None
    role_arn: RoleArn | None = None
    external_id: ExternalId | None = None
    project_id: MetadataValue | None = None
    location: MetadataValue | None = None
    project_access_label: MetadataValue | None = None

    def values(self) -> dict[str, str]:
        """List the fields that were sent, with the current value of `kind`."""
        sent = self.model_dump(exclude_none=True)
        return sent | {"kind": canonical(sent["kind"])} if "kind" in sent else sent


class ScopingBody(InputModel):
    """One visibility rule. Without ids, the integration is visible in the whole account."""

    organization_id: OpaqueId | None = None
    space_id: OpaqueId | None = None


# Below the limit of a transaction (100 items): each scoping can add a space to the directory.
Scopings = Annotated[list[ScopingBody], Field(max_length=50)]


class IntegrationBody(InputModel):
    """Base class of all bodies. `model_fields_set` contains the fields that were sent."""

    api_key_secret_arn: SecretArn | None = None
    federation: FederationSettings | None = None
    base_url: BaseUrl | None = None
    headers: Headers | None = None
    provider_metadata: ProviderMetadata | None = None

    def credential_change(self) -> CredentialChange:
        """Determine what the request does with the credentials; RuleViolationError if it sets two kinds of them."""
        if sum(getattr(self, name, None) is not None for name in REMOVALS) > 1:
            text = "Send only one of api_key, api_key_secret_arn and federation."
            raise RuleViolationError(FieldError("", text))
        if self.federation is not None:
            fields = dict(self.federation)
            return Federation(parameters=fields.pop("parameters", {}), fields=fields)
        if self.api_key_secret_arn is not None:
            return ExternalSecretArn(arn=self.api_key_secret_arn)
        removed = Removal.NOTHING
        for field in REMOVALS.keys() & self.model_fields_set:
            removed |= REMOVALS[field]
        return removed

    def enum_values(self) -> list[str]:
        """List the enum values that were sent, which may be in either wire format."""
        kind = self.provider_metadata.kind if self.provider_metadata else None
        values = (getattr(self, "provider", None), getattr(self, "auth_type", None), kind)
        return [value for value in values if value]


class KeyedBody(IntegrationBody):
    """Base class of bodies that may contain the key itself, which is allowed over HTTPS only."""

    api_key: ApiKey | None = None

    def credential_change(self) -> CredentialChange:
        """Determine what the request does with the credentials; RuleViolationError if it sets two kinds of them."""
        change = super().credential_change()
        return change if self.api_key is None else self.api_key


class NewIntegration(IntegrationBody):
    """A new integration. A null value in an optional field counts as absent."""

    name: Name
    provider: ProviderName
    model_names: ModelNames | None = None
    enable_default_models: bool | None = Field(default=None, description="Default: false.")
    function_calling_enabled: bool | None = Field(default=None, description="Default: true.")
    auth_type: AuthTypeName | None = Field(default=None, description="Default: `default`.")
    scopings: Scopings | None = Field(default=None, description="Omitted or empty: account-wide.")

    def settings(self) -> Settings:
        """Convert the body to the domain's settings, without the credentials."""
        sent = {name for name, value in self if value is not None} - REMOVALS.keys()
        return Settings(**{name: _to_domain(name, getattr(self, name)) for name in sent})


class CreateBody(KeyedBody, NewIntegration):
    """A new integration, optionally with its key. A null value in an optional field counts as absent."""


class IntegrationChange(IntegrationBody):
    """A partial update: absent fields stay, null removes a value, a list or map replaces the old one."""

    model_config = ConfigDict(json_schema_extra={"minProperties": 1})

    name: NotNull[Name] = None
    provider: NotNull[ProviderName] = None
    model_names: NotNull[ModelNames] = None
    enable_default_models: NotNull[bool] = None
    function_calling_enabled: NotNull[bool] = None
    auth_type: NotNull[AuthTypeName] = None
    scopings: NotNull[Scopings] = None

    @model_validator(mode="after")
    def _is_not_empty(self) -> Self:
        if not self.model_fields_set:
            raise PydanticCustomError("missing", "The change must have at least one field.")
        return self

    def apply(self, current: Integration, wire_format: WireFormat = WireFormat.LEGACY) -> Integration:
        """Apply the fields that were sent, except the credentials.

        `wire_format` is that of the client's responses: a value that a response showed changes nothing.
        """
        sent = self.model_fields_set - REMOVALS.keys()
        changes = {name: _to_domain(name, getattr(self, name)) for name in sent}
        if self.provider is not None:
            changes["provider"] = canonical_change(self.provider, current.provider, wire_format)
        return replace(current, **changes)


class PatchBody(KeyedBody, IntegrationChange):
    """A partial update, key included: absent fields stay, null removes a value, a list or map replaces the old one."""


class RotateBody(InputModel):
    """A new key for an integration that has one."""

    api_key: ApiKey
    grace_seconds: WholeNumber = Field(
        default=86_400, ge=0, le=604_800, description="How long the previous key can still be read by its version."
    )
    verify: bool = Field(
        default=False,
        description="Test the new key with the provider first. Unless it is accepted: 422, and nothing changes.",
    )


def _to_domain(field: str, value: Any) -> Any:  # noqa: ANN401 - a field of any type
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
