"""A resolved integration: immutable, and without its secrets when it is printed."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from types import MappingProxyType
from typing import Any, NoReturn, Self


class Secret:
    """Text that only `reveal` returns. Printing or formatting it shows asterisks, and it cannot be pickled."""

    __slots__ = ("_text",)

    def __init__(self, text: str) -> None:
        self._text = text

    def reveal(self) -> str:
        """Reveal the secret text."""
        return self._text

    def __repr__(self) -> str:
        return "Secret('**********')"

    def __str__(self) -> str:
        return "**********"

    def __format__(self, spec: str) -> str:
        return format(str(self), spec)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Secret) and self._text == other._text

    def __hash__(self) -> int:
        return hash(self._text)

    def __copy__(self) -> Self:
        return self

    def __deepcopy__(self, _memo: object) -> Self:
        return self

    def __reduce__(self) -> NoReturn:
        raise TypeError("A Secret cannot be pickled. Resolve the integration in the process that needs it.")


@dataclass(frozen=True, kw_only=True, slots=True)
class AwsCredentials:
    """Temporary credentials of a Bedrock integration's role."""

    access_key_id: str = field(repr=False)
    secret_access_key: Secret
    session_token: Secret


def _empty_mapping() -> Mapping[str, str]:
    return MappingProxyType({})


@dataclass(frozen=True, kw_only=True, slots=True)
class AccessToken:
    """An access token of an integration without a key, sent as `Authorization: Bearer` together with `headers`."""

    value: Secret
    token_type: str
    headers: Mapping[str, str] = field(default_factory=_empty_mapping)


@dataclass(frozen=True, kw_only=True, slots=True)
class Endpoints:
    """Where the APIs of an integration's provider start: absolute URLs without a trailing slash.

    `root` has no version suffix, `api` has that of the provider's own API, and `openai` is the base URL of its
    OpenAI-compatible API, if it has one.
    """

    root: str
    api: str
    openai: str | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class ResolvedIntegration:
    """An integration and its credentials.

    `provider` is a value such as OPEN_AI or AWS_BEDROCK; `auth_type` is DEFAULT, PROXY_WITH_HEADERS or BEARER_TOKEN.
    `version` is that of the integration and rises with each change; `key_version` is that of the key. An
    integration without a key may have `aws_credentials` or an `access_token`, and `expires_at` is when these expire.
    `endpoints` is what `base_url` means. It is None if neither the integration nor its provider has an address.

    `repr` omits what may be secret: `headers`, `provider_metadata` with its external ID, and `base_url`, which may
    have a query.
    """

    id: str
    name: str
    provider: str
    version: int
    auth_type: str
    base_url: str | None = field(default=None, repr=False)
    endpoints: Endpoints | None = None
    headers: Mapping[str, str] = field(default_factory=_empty_mapping, repr=False)
    model_names: tuple[str, ...] = ()
    enable_default_models: bool = False
    function_calling_enabled: bool = True
    provider_metadata: Mapping[str, str] = field(default_factory=_empty_mapping, repr=False)
    api_key: Secret | None = None
    key_version: str | None = None
    aws_credentials: AwsCredentials | None = None
    access_token: AccessToken | None = None
    expires_at: datetime | None = None


def parse_response(response: Mapping[str, Any]) -> ResolvedIntegration:
    """Parse the service's response; ignore unknown fields. Raise KeyError, TypeError or ValueError if malformed."""
    credentials, token = response.get("aws_credentials"), response.get("access_token")
    endpoints, expires_at = response.get("endpoints"), response.get("expires_at")
    return ResolvedIntegration(
        id=response["id"],
        name=response["name"],
        provider=response["provider"],
        version=int(response["version"]),
        auth_type=response["auth_type"],
        base_url=response.get("base_url"),
        endpoints=_endpoints(endpoints) if endpoints else None,
        headers=MappingProxyType(dict(response.get("headers") or {})),
        model_names=tuple(response.get("model_names") or ()),
        enable_default_models=bool(response["enable_default_models"]),
        function_calling_enabled=bool(response["function_calling_enabled"]),
        provider_metadata=MappingProxyType(dict(response.get("provider_metadata") or {})),
        api_key=Secret(response["api_key"]) if response.get("api_key") else None,
        key_version=response.get("key_version"),
        aws_credentials=_credentials(credentials) if credentials else None,
        access_token=_access_token(token) if token else None,
        expires_at=datetime.fromisoformat(expires_at) if expires_at else None,
    )


def _endpoints(response: Mapping[str, str]) -> Endpoints:
    return Endpoints(root=response["root"], api=response["api"], openai=response.get("openai"))


def _credentials(response: Mapping[str, str]) -> AwsCredentials:
    return AwsCredentials(
        access_key_id=response["access_key_id"],
        secret_access_key=Secret(response["secret_access_key"]),
        session_token=Secret(response["session_token"]),
    )


def _access_token(response: Mapping[str, Any]) -> AccessToken:
    return AccessToken(
        value=Secret(response["value"]),
        token_type=response["token_type"],
        headers=MappingProxyType(dict(response.get("headers") or {})),
    )
