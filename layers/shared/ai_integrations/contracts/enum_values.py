"""The two spellings of the wire (contract.md, "The newer spelling"); inside the service only the newer words exist."""

import re
from collections.abc import Iterable, Mapping
from enum import Enum

from ai_integrations.domain.model import AuthType
from ai_integrations.domain.providers import METADATA_KINDS, PROVIDERS

# The founding word of each word. A provider that came later has none: the founding spelling calls it custom, so that
# an old client's list never breaks.
_LEGACY_PROVIDERS = {word: row.legacy_name or "custom" for word, row in PROVIDERS.items()}
_LEGACY_AUTH_TYPES = {
    AuthType.DEFAULT.value: "default",
    AuthType.PROXY_WITH_HEADERS.value: "proxy_with_headers",
    AuthType.BEARER_TOKEN.value: "bearer_token",
}
_LEGACY_KINDS = {kind.name: kind.legacy_name for kind in METADATA_KINDS}
_LEGACY = _LEGACY_PROVIDERS | _LEGACY_AUTH_TYPES | _LEGACY_KINDS
_CANONICAL = {
    **{row.legacy_name: word for word, row in PROVIDERS.items() if row.legacy_name},
    **{old: word for word, old in (_LEGACY_AUTH_TYPES | _LEGACY_KINDS).items()},
}


def _both(legacy: Mapping[str, str]) -> list[str]:
    return [*dict.fromkeys(legacy.values()), *legacy]


# What a request may say.
PROVIDER_NAMES = _both(_LEGACY_PROVIDERS)
AUTH_TYPE_NAMES = _both(_LEGACY_AUTH_TYPES)
KIND_NAMES = _both(_LEGACY_KINDS)

# The first release of each official client that speaks the newer spelling; that does not fail on a whole list for one
# provider that came later; and that fails on a space that does not say if it is private.
_FIRST_CURRENT = {"python": (8, 40, 0), "javascript": (1, 24, 0)}
_FIRST_WITH_LATER_PROVIDERS = {"python": (8, 51, 0), "javascript": (1, 24, 0)}
_FIRST_WITH_PRIVATE_SPACES = {"python": (8, 43, 0)}
_RELEASE = r"(\d{1,4})\.(\d{1,4})\.(\d{1,4})"


class WireFormat(Enum):
    """Which words an answer uses. The interim one is the newer without the providers that came later."""

    LEGACY = "legacy"
    TRANSITIONAL = "transitional"
    CURRENT = "current"

    def value_of(self, word: str) -> str:
        """Put one of the service's own words into this spelling."""
        match self:
            case WireFormat.LEGACY:
                return _LEGACY[word]
            case WireFormat.TRANSITIONAL:
                return canonical(_LEGACY[word])
            case WireFormat.CURRENT:
                return word


def canonical(word: str) -> str:
    """Return the service's own word for a word of either spelling."""
    return _CANONICAL.get(word, word)


def canonical_change(word: str, current: str, wire_format: WireFormat) -> str:
    """Return the service's own word for one that a change sends in the place of `current`.

    A word that is only the echo of how an answer spelled `current` changes nothing.
    """
    return current if wire_format.value_of(current) == word else canonical(word)


def response_format(words: Iterable[str], headers: Mapping[str, str]) -> WireFormat:
    """Choose the spelling of the words that the request's body used, else that of the client's release."""
    of_client = _format_of_client(headers)
    for word in words:
        if word in _CANONICAL:
            return WireFormat.LEGACY
        return WireFormat.CURRENT if of_client is WireFormat.LEGACY else of_client
    return of_client


def expects_is_private(headers: Mapping[str, str]) -> bool:
    """Tell whether the client insists that a space says if it is private; those before reject the field."""
    return _reaches(headers, _FIRST_WITH_PRIVATE_SPACES)


def _format_of_client(headers: Mapping[str, str]) -> WireFormat:
    if not _reaches(headers, _FIRST_CURRENT):
        return WireFormat.LEGACY
    return WireFormat.CURRENT if _reaches(headers, _FIRST_WITH_LATER_PROVIDERS) else WireFormat.TRANSITIONAL


def _reaches(headers: Mapping[str, str], first: Mapping[str, tuple[int, int, int]]) -> bool:
    wanted = first.get(headers.get("sdk-language", ""))
    release = re.match(_RELEASE, headers.get("sdk-version", ""))
    return bool(wanted and release and tuple(map(int, release.groups())) >= wanted)
