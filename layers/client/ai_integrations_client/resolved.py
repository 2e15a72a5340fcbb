"""What a program gets: immutable, and silent about its secrets when it is printed."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from types import MappingProxyType
from typing import Any, NoReturn, Self


class Secret:
    """A text that shows itself to `reveal` alone, and that is not written down by accident."""

    __slots__ = ("_text",)

    def __init__(self, text: str) -> None:
        self._text = text

    def reveal(self) -> str:
        """Return the text."""
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
        raise TypeError("a Secret is not to be pickled: resolve the integration where it is needed")


@dataclass(frozen=True, kw_only=True, slots=True)
class AwsCredentials:
    """Temporary credentials of the role that a Bedrock integration names."""

    access_key_id: str
    secret_access_key: Secret
    session_token: Secret


def _nothing() -> Mapping[str, str]:
    return MappingProxyType({})


@dataclass(frozen=True, kw_only=True, slots=True)
class ResolvedIntegration:
    """An integration as a program uses it.

    `provider` is a word such as OPEN_AI or AWS_BEDROCK, `auth_type` is DEFAULT, PROXY_WITH_HEADERS or BEARER_TOKEN.
    `version` is the integration's and rises with each change, `key_version` is the key's. `expires_at` is when
    `aws_credentials` end. Header values may be secrets, so they are not shown.
    """

    id: str
    name: str
    provider: str
    version: int
    auth_type: str
    base_url: str | None = None
    headers: Mapping[str, str] = field(default_factory=_nothing, repr=False)
    model_names: tuple[str, ...] = ()
    enable_default_models: bool = False
    function_calling_enabled: bool = True
    provider_metadata: Mapping[str, str] = field(default_factory=_nothing)
    api_key: Secret | None = None
    key_version: str | None = None
    aws_credentials: AwsCredentials | None = None
    expires_at: datetime | None = None


def read(answer: Mapping[str, Any]) -> ResolvedIntegration:
    """Read the service's answer, what is unknown left out; KeyError, TypeError or ValueError if it is not one."""
    credentials, expires_at = answer.get("aws_credentials"), answer.get("expires_at")
    return ResolvedIntegration(
        id=answer["id"],
        name=answer["name"],
        provider=answer["provider"],
        version=int(answer["version"]),
        auth_type=answer["auth_type"],
        base_url=answer.get("base_url"),
        headers=MappingProxyType(dict(answer.get("headers") or {})),
        model_names=tuple(answer.get("model_names") or ()),
        enable_default_models=bool(answer["enable_default_models"]),
        function_calling_enabled=bool(answer["function_calling_enabled"]),
        provider_metadata=MappingProxyType(dict(answer.get("provider_metadata") or {})),
        api_key=Secret(answer["api_key"]) if answer.get("api_key") else None,
        key_version=answer.get("key_version"),
        aws_credentials=_credentials(credentials) if credentials else None,
        expires_at=datetime.fromisoformat(expires_at) if expires_at else None,
    )


def _credentials(answer: Mapping[str, str]) -> AwsCredentials:
    return AwsCredentials(
        access_key_id=answer["access_key_id"],
        secret_access_key=Secret(answer["secret_access_key"]),
        session_token=Secret(answer["session_token"]),
    )
