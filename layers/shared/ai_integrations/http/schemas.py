"""The bodies of requests and answers: their form, and the rules that one field alone can break."""

import json
import re
import unicodedata
from dataclasses import replace
from datetime import UTC, datetime
from typing import Annotated, Any, Self

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    GetPydanticSchema,
    PlainSerializer,
    SecretStr,
    StringConstraints,
    WithJsonSchema,
    model_validator,
)
from pydantic_core import PydanticCustomError, core_schema

from ai_integrations.destinations import MAX_URL_LENGTH
from ai_integrations.http import ids
from ai_integrations.http.spelling import (
    AUTH_TYPE_WORDS,
    KIND_WORDS,
    PROVIDER_WORDS,
    Spelling,
    canonical,
    canonical_change,
)
from ai_integrations.model import (
    ACCOUNT_WIDE,
    AuthType,
    Integration,
    KeepKey,
    Scoping,
    SecretReference,
    Settings,
    Space,
)
from ai_integrations.ports import KeyChange
from ai_integrations.providers import PROVIDERS

MAX_HEADERS_BYTES = 8175
MAX_MODEL_NAMES_BYTES = 131_072  # with the other limits it keeps an item below DynamoDB's 400 KB
MAX_ID_BYTES = 1000  # with its prefix it is a sort key, which holds 1,024 bytes
MAX_KEY_BYTES = 65_536  # what one secret of Secrets Manager holds

_HEADER_NAME = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_HEADER_VALUE = re.compile(r"([\x21-\x7e]([\t\x20-\x7e]*[\x21-\x7e])?)?")
# What user interfaces show in place of a key: runs of stars or bullets, an ellipsis with characters behind it.
_MASKED = re.compile(r"[*\u2022\u25cf]{2}|(\.{3}|\u2026)(?=.)|^(\.{3}|\u2026)$")


def _broken(rule: str, detail: str) -> PydanticCustomError:
    return PydanticCustomError(rule, detail)


def _without_control_characters(text: str) -> str:
    if any(unicodedata.category(character) in {"Cc", "Cs", "Zl", "Zp"} for character in text):
        raise _broken("control_characters", "The text must not have control characters.")
    return text


def _usable_key(key: SecretStr) -> SecretStr:
    text = key.get_secret_value()
    if not text or text != text.strip():
        raise _broken("blank_key", "The key must not be empty, nor begin or end with white space.")
    if len(text.encode()) > MAX_KEY_BYTES:
        raise _broken("long_key", f"The key must have at most {MAX_KEY_BYTES} bytes.")
    if _MASKED.search(text):
        raise _broken("masked_key", "This is a masked key as it is shown to people. Send the key itself.")
    return key


def _fit_for_a_key(opaque_id: str) -> str:
    if len(opaque_id.encode()) > MAX_ID_BYTES:
        raise _broken("id_size", f"The id must have at most {MAX_ID_BYTES} bytes.")
    return opaque_id


def _whole(number: object) -> object:
    """Take 60.0 for 60: to JSON Schema both are integers."""
    return int(number) if isinstance(number, float) and number.is_integer() else number


def _json_size(value: object) -> int:
    return len(json.dumps(value, separators=(",", ":"), ensure_ascii=False).encode())


def _valid_model_names(names: list[str]) -> list[str]:
    if len(set(names)) < len(names):
        raise _broken("repeated_item", "The list must not name a model twice.")
    if _json_size(names) > MAX_MODEL_NAMES_BYTES:
        raise _broken("model_names_size", f"The list must have at most {MAX_MODEL_NAMES_BYTES} bytes as JSON.")
    return names


def _valid_headers(headers: dict[str, str]) -> dict[str, str]:
    if not all(map(_HEADER_NAME.fullmatch, headers)):
        raise _broken("header_name", "Every name must be a valid HTTP header name.")
    if len({name.lower() for name in headers}) < len(headers):
        raise _broken("header_repeated", "No name may come twice, whatever its case.")
    if not all(map(_HEADER_VALUE.fullmatch, headers.values())):
        raise _broken("header_value", "Every value must be a valid HTTP header value of plain ASCII characters.")
    if _json_size(headers) > MAX_HEADERS_BYTES:
        raise _broken("header_size", f"The headers must have at most {MAX_HEADERS_BYTES} bytes as JSON.")
    return headers


def timestamp(moment: datetime) -> str:
    """Return a time as the wire shows it: RFC 3339, UTC, milliseconds."""
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


_PlainText = AfterValidator(_without_control_characters)
Name = Annotated[
    str,
    StringConstraints(strip_whitespace=True, min_length=1, max_length=256),
    _PlainText,
    Field(description="Unique in the account, whatever its case."),
]
ModelName = Annotated[str, StringConstraints(min_length=1, max_length=256), _PlainText]
MetadataValue = Annotated[str, StringConstraints(min_length=1, max_length=512), _PlainText]
OpaqueId = Annotated[str, StringConstraints(min_length=1, max_length=256), _PlainText, AfterValidator(_fit_for_a_key)]
ProviderWord = Annotated[str, GetPydanticSchema(lambda _type, _handler: core_schema.literal_schema(PROVIDER_WORDS))]
AuthTypeWord = Annotated[str, GetPydanticSchema(lambda _type, _handler: core_schema.literal_schema(AUTH_TYPE_WORDS))]
KindWord = Annotated[str, GetPydanticSchema(lambda _type, _handler: core_schema.literal_schema(KIND_WORDS))]
ApiKey = Annotated[
    SecretStr,
    AfterValidator(_usable_key),
    Field(description="The provider's API key: write-only, never returned. A masked key is refused."),
]
SecretArn = Annotated[
    str,
    StringConstraints(
        min_length=20, max_length=2048, pattern=r"^arn:[^:\s]+:secretsmanager:[^:\s]+:\d{12}:secret:\S+$"
    ),
    Field(
        description="In place of a key: a secret of Secrets Manager whose tag ai-integrations:account is the account."
    ),
]
Headers = Annotated[
    dict[str, str],
    AfterValidator(_valid_headers),
    Field(
        description=f"Sent with every request to the provider; at most {MAX_HEADERS_BYTES} bytes as JSON.",
        json_schema_extra={
            "propertyNames": {"pattern": f"^{_HEADER_NAME.pattern}$"},
            "additionalProperties": {"type": "string", "pattern": f"^{_HEADER_VALUE.pattern}$"},
        },
    ),
]
ModelNames = Annotated[
    list[ModelName],
    AfterValidator(_valid_model_names),
    Field(
        description="The models to offer, beside the provider's own if those are enabled.",
        json_schema_extra={"uniqueItems": True},
    ),
]
BaseUrl = Annotated[
    str,
    Field(
        description="Where the provider is reached instead of its default: https, and a public host.",
        json_schema_extra={"format": "uri", "maxLength": MAX_URL_LENGTH},
    ),
]
Timestamp = Annotated[
    datetime, PlainSerializer(timestamp), WithJsonSchema({"type": "string", "format": "date-time"}, "serialization")
]


class View(BaseModel):
    """What a caller is shown.

    Like all models here it is built when it is first used: a cold start pays for those that its request needs.
    """

    model_config = ConfigDict(defer_build=True)


class Body(BaseModel):
    """What a caller sends: nothing unknown, nothing converted, and never repeated in an error."""

    model_config = ConfigDict(defer_build=True, extra="forbid", strict=True, hide_input_in_errors=True)


class ProviderMetadata(Body):
    """Provider-specific configuration."""

    kind: KindWord | None = None
    role_arn: MetadataValue | None = None
    external_id: MetadataValue | None = None
    project_id: MetadataValue | None = None
    location: MetadataValue | None = None
    project_access_label: MetadataValue | None = None

    def values(self) -> dict[str, str]:
        """Return what was given, in the service's own words."""
        given = self.model_dump(exclude_none=True)
        return given | {"kind": canonical(given["kind"])} if "kind" in given else given


class ScopingBody(Body):
    """One visibility rule; without ids it is the whole account."""

    organization_id: OpaqueId | None = None
    space_id: OpaqueId | None = None


# Fewer than a transaction has items, since each may teach the directory a space.
Scopings = Annotated[list[ScopingBody], Field(max_length=50)]


class IntegrationBody(Body):
    """What every description of an integration has; a field that was not sent is not in `model_fields_set`."""

    api_key_secret_arn: SecretArn | None = None
    base_url: BaseUrl | None = None
    headers: Headers | None = None
    provider_metadata: ProviderMetadata | None = None

    def key(self) -> KeyChange:
        """Return what the body says of the key."""
        if self.api_key_secret_arn is not None:
            return SecretReference(arn=self.api_key_secret_arn)
        return None if "api_key_secret_arn" in self.model_fields_set else KeepKey.KEEP

    def words(self) -> list[str]:
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
            raise _broken("two_keys", "Give either the key or where it lies.")
        return self

    def key(self) -> KeyChange:
        """Return what the body says of the key."""
        if self.api_key is not None:
            return self.api_key
        said = super().key()
        return None if said is KeepKey.KEEP and "api_key" in self.model_fields_set else said


class NewIntegration(IntegrationBody):
    """A new integration; null in an optional field counts as absent."""

    name: Name
    provider: ProviderWord
    model_names: ModelNames | None = None
    enable_default_models: bool | None = Field(default=None, description="False unless given.")
    function_calling_enabled: bool | None = Field(default=None, description="True unless given.")
    auth_type: AuthTypeWord | None = Field(default=None, description="`default` unless given.")
    scopings: Scopings | None = Field(default=None, description="Omitted or empty: account-wide.")

    def settings(self) -> Settings:
        """Return what the caller chooses, in the service's own words."""
        given = {name for name, value in self if value is not None} - _KEY_FIELDS
        return Settings(**{name: _to_domain(name, getattr(self, name)) for name in given})


class CreateBody(KeyedBody, NewIntegration):
    """A new integration, perhaps with its key; null in an optional field counts as absent."""


_KEY_FIELDS = {"api_key", "api_key_secret_arn"}
_ABSENT: Any = None  # a field that may be left out and may not be null


class IntegrationChange(IntegrationBody):
    """A change: what is absent stays, null clears, a list or a map replaces the one before."""

    model_config = ConfigDict(json_schema_extra={"minProperties": 1})

    name: Name = _ABSENT
    provider: ProviderWord = _ABSENT
    model_names: ModelNames = _ABSENT
    enable_default_models: bool = _ABSENT
    function_calling_enabled: bool = _ABSENT
    auth_type: AuthTypeWord = _ABSENT
    scopings: Scopings = _ABSENT

    @model_validator(mode="after")
    def _says_something(self) -> Self:
        if not self.model_fields_set:
            raise PydanticCustomError("missing", "The change must have at least one field.")
        return self

    def apply(self, current: Integration, spelling: Spelling = Spelling.FOUNDING) -> Integration:
        """Return the integration with everything changed that was sent, but for its key.

        `spelling` is that of the answers to whoever sent it: what only echoes them changes nothing.
        """
        sent = self.model_fields_set - _KEY_FIELDS
        changes = {name: _to_domain(name, getattr(self, name)) for name in sent}
        if "provider" in sent:
            changes["provider"] = canonical_change(self.provider, current.provider, spelling)
        return replace(current, **changes)


class PatchBody(KeyedBody, IntegrationChange):
    """A change, perhaps of the key: what is absent stays, null clears, a list or a map replaces the one before."""


class RotateBody(Body):
    """Another key for an integration that has one."""

    api_key: ApiKey
    grace_seconds: Annotated[int, BeforeValidator(_whole)] = Field(
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
            scopings=[ScopingView(**vars(each)) for each in integration.scopings],
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
        return cls.model_validate({**vars(space), "description": space.description or "", "is_private": private})


class SpaceList(View):
    """A page of spaces, in the order of their ids."""

    spaces: list[SpaceView]
    pagination: Pagination


def _metadata_view(integration: Integration, spelling: Spelling) -> dict[str, str] | None:
    kind = PROVIDERS[integration.provider].metadata
    if kind is None or integration.provider_metadata is None:
        return None
    return {**integration.provider_metadata, "kind": spelling.spell(kind.word)}
