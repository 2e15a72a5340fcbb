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

# The first release of each official client that speaks the newer spelling; that does not fail on a whole list for one
# provider that came later; and that fails on a space that does not say if it is private.
_FIRST_NEWER = {"python": (8, 40, 0), "javascript": (1, 24, 0)}
_FIRST_WITH_LATER_PROVIDERS = {"python": (8, 51, 0), "javascript": (1, 24, 0)}
_FIRST_WITH_PRIVATE_SPACES = {"python": (8, 43, 0)}
_RELEASE = r"(\d{1,4})\.(\d{1,4})\.(\d{1,4})"


class Spelling(Enum):
    """Which words an answer uses. The interim one is the newer without the providers that came later."""

    FOUNDING = "founding"
    INTERIM = "interim"
    NEWER = "newer"

    def spell(self, word: str) -> str:
        """Put one of the service's own words into this spelling."""
        match self:
            case Spelling.FOUNDING:
                return _FOUNDING[word]
            case Spelling.INTERIM:
                return canonical(_FOUNDING[word])
            case Spelling.NEWER:
                return word


def canonical(word: str) -> str:
    """Return the service's own word for a word of either spelling."""
    return _CANONICAL.get(word, word)


def canonical_change(word: str, current: str, spelling: Spelling) -> str:
    """Return the service's own word for one that a change sends in the place of `current`.

    A word that is only the echo of how an answer spelled `current` changes nothing.
    """
    return current if spelling.spell(current) == word else canonical(word)


def answer_spelling(words: Iterable[str], headers: Mapping[str, str]) -> Spelling:
    """Choose the spelling of the words that the request's body used, else that of the client's release."""
    of_client = _spelling_of_client(headers)
    for word in words:
        if word in _CANONICAL:
            return Spelling.FOUNDING
        return Spelling.NEWER if of_client is Spelling.FOUNDING else of_client
    return of_client


def tells_private_spaces(headers: Mapping[str, str]) -> bool:
    """Tell whether the client insists that a space says if it is private; those before reject the field."""
    return _reaches(headers, _FIRST_WITH_PRIVATE_SPACES)


def _spelling_of_client(headers: Mapping[str, str]) -> Spelling:
    if not _reaches(headers, _FIRST_NEWER):
        return Spelling.FOUNDING
    return Spelling.NEWER if _reaches(headers, _FIRST_WITH_LATER_PROVIDERS) else Spelling.INTERIM


def _reaches(headers: Mapping[str, str], first: Mapping[str, tuple[int, int, int]]) -> bool:
    wanted = first.get(headers.get("sdk-language", ""))
    release = re.match(_RELEASE, headers.get("sdk-version", ""))
    return bool(wanted and release and tuple(map(int, release.groups())) >= wanted)
