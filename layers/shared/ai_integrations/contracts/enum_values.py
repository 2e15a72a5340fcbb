"""Enum values in the wire formats of contract.md, "Wire formats". The service itself uses only the current values."""

import re
from collections.abc import Iterable, Mapping
from enum import Enum

from ai_integrations.domain.model import AuthType
from ai_integrations.domain.providers import METADATA_KINDS, PROVIDERS

# The legacy value of each current value. Later providers have none and appear as custom, because old clients reject a
# whole list that contains an unknown value.
_LEGACY_PROVIDERS = {name: provider.legacy_name or "custom" for name, provider in PROVIDERS.items()}
_LEGACY_AUTH_TYPES = {
    AuthType.DEFAULT.value: "default",
    AuthType.PROXY_WITH_HEADERS.value: "proxy_with_headers",
    AuthType.BEARER_TOKEN.value: "bearer_token",
}
_LEGACY_KINDS = {kind.name: kind.legacy_name for kind in METADATA_KINDS}
_LEGACY = _LEGACY_PROVIDERS | _LEGACY_AUTH_TYPES | _LEGACY_KINDS
_CANONICAL = {
    **{provider.legacy_name: name for name, provider in PROVIDERS.items() if provider.legacy_name},
    **{legacy: current for current, legacy in (_LEGACY_AUTH_TYPES | _LEGACY_KINDS).items()},
}


def _in_both_formats(legacy: Mapping[str, str]) -> list[str]:
    return [*dict.fromkeys(legacy.values()), *legacy]


# The values that requests may contain.
PROVIDER_NAMES = _in_both_formats(_LEGACY_PROVIDERS)
AUTH_TYPE_NAMES = _in_both_formats(_LEGACY_AUTH_TYPES)
KIND_NAMES = _in_both_formats(_LEGACY_KINDS)

# The first release of each official client that uses current values, that accepts later providers, that requires
# is_private in a space, and that knows organization_id in a space.
_FIRST_CURRENT = {"python": (8, 40), "javascript": (1, 24)}
_FIRST_WITH_LATER_PROVIDERS = {"python": (8, 51), "javascript": (1, 24)}
_FIRST_WITH_PRIVATE_SPACES = {"python": (8, 43)}
_FIRST_WITH_ORGANIZATION_OF_SPACE = {"python": (8, 60)}
_RELEASE = r"(\d{1,4})\.(\d{1,4})\.\d{1,4}"


class WireFormat(Enum):
    """The set of enum values in a response. TRANSITIONAL is CURRENT without the later providers."""

    LEGACY = "legacy"
    TRANSITIONAL = "transitional"
    CURRENT = "current"

    def value_of(self, current: str) -> str:
        """Convert a current value to this format."""
        match self:
            case WireFormat.LEGACY:
                return _LEGACY[current]
            case WireFormat.TRANSITIONAL:
                return canonical(_LEGACY[current])
            case WireFormat.CURRENT:
                return current


def canonical(value: str) -> str:
    """Convert a value of any format to the current one."""
    return _CANONICAL.get(value, value)


def canonical_change(value: str, current: str, wire_format: WireFormat) -> str:
    """Convert the value that a patch sends to replace `current`.

    A value that a response showed for `current` changes nothing: clients send `custom` back for a later provider.
    """
    return current if wire_format.value_of(current) == value else canonical(value)


def response_format(values: Iterable[str], headers: Mapping[str, str]) -> WireFormat:
    """Choose the format of a response by the first enum value of the request, otherwise by the client's release."""
    client_format = _format_of_client(headers)
    for value in values:
        if value in _CANONICAL:
            return WireFormat.LEGACY
        return WireFormat.CURRENT if client_format is WireFormat.LEGACY else client_format
    return client_format


def expects_is_private(headers: Mapping[str, str]) -> bool:
    """Check whether the client requires is_private in a space. Older releases reject the field."""
    return _is_at_least(headers, _FIRST_WITH_PRIVATE_SPACES)


def knows_organization_of_space(headers: Mapping[str, str]) -> bool:
    """Check whether the client knows organization_id in a space. Older releases reject the field."""
    return _is_at_least(headers, _FIRST_WITH_ORGANIZATION_OF_SPACE)


def _format_of_client(headers: Mapping[str, str]) -> WireFormat:
    if not _is_at_least(headers, _FIRST_CURRENT):
        return WireFormat.LEGACY
    return WireFormat.CURRENT if _is_at_least(headers, _FIRST_WITH_LATER_PROVIDERS) else WireFormat.TRANSITIONAL


def _is_at_least(headers: Mapping[str, str], first: Mapping[str, tuple[int, int]]) -> bool:
    minimum = first.get(headers.get("sdk-language", ""))
    release = re.match(_RELEASE, headers.get("sdk-version", ""))
    return bool(minimum and release and tuple(map(int, release.groups())) >= minimum)
