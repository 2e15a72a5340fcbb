"""The two spellings of the wire (contract.md, "The newer spelling"); inside the service only the newer words exist."""

import re
from collections.abc import Iterable, Mapping
from enum import Enum

from ai_integrations.model import AuthType
from ai_integrations.providers import METADATA_KINDS, PROVIDERS

# The founding word of each word. A provider that came later has none: the founding spelling calls it custom, so that
# an old client's list never breaks.
_FOUNDING_PROVIDERS = {word: row.founding_word or "custom" for word, row in PROVIDERS.items()}
_FOUNDING_AUTH_TYPES = {
    AuthType.DEFAULT.value: "default",
    AuthType.PROXY_WITH_HEADERS.value: "proxy_with_headers",
    AuthType.BEARER_TOKEN.value: "bearer_token",
}
_FOUNDING_KINDS = {kind.word: kind.founding_word for kind in METADATA_KINDS}
_FOUNDING = _FOUNDING_PROVIDERS | _FOUNDING_AUTH_TYPES | _FOUNDING_KINDS
_CANONICAL = {
    **{row.founding_word: word for word, row in PROVIDERS.items() if row.founding_word},
    **{old: word for word, old in (_FOUNDING_AUTH_TYPES | _FOUNDING_KINDS).items()},
}


def _both(founding: Mapping[str, str]) -> list[str]:
    return [*dict.fromkeys(founding.values()), *founding]


# What a request may say.
PROVIDER_WORDS = _both(_FOUNDING_PROVIDERS)
AUTH_TYPE_WORDS = _both(_FOUNDING_AUTH_TYPES)
KIND_WORDS = _both(_FOUNDING_KINDS)

# The first release of each official client that speaks the newer spelling.
_FIRST_NEWER = {"python": (8, 40, 0), "javascript": (1, 24, 0)}
_RELEASE = re.compile(r"(\d{1,4})\.(\d{1,4})\.(\d{1,4})")


class Spelling(Enum):
    """Which words an answer uses."""

    FOUNDING = "founding"
    NEWER = "newer"

    def spell(self, word: str) -> str:
        """Put one of the service's own words into this spelling."""
        return _FOUNDING[word] if self is Spelling.FOUNDING else word


def canonical(word: str) -> str:
    """Return the service's own word for a word of either spelling."""
    return _CANONICAL.get(word, word)


def canonical_change(word: str, current: str) -> str:
    """Return the service's own word for one that a change sends in the place of `current`.

    A word that is only the echo of how an answer spelled `current` changes nothing.
    """
    echo = word in _CANONICAL and _FOUNDING[current] == word
    return current if echo else canonical(word)


def answer_spelling(words: Iterable[str], headers: Mapping[str, str]) -> Spelling:
    """Choose the spelling of the words that the request's body used, else that of the client's release."""
    for word in words:
        return Spelling.FOUNDING if word in _CANONICAL else Spelling.NEWER
    first_newer = _FIRST_NEWER.get(headers.get("sdk-language", ""))
    release = _RELEASE.match(headers.get("sdk-version", ""))
    if first_newer and release and tuple(map(int, release.groups())) >= first_newer:
        return Spelling.NEWER
    return Spelling.FOUNDING
