"""A provider's own words, without what must not be shown: keys, header values, and anything that looks like one.

Providers repeat what they were sent, often in part (`sk-abc***wxyz`): so a word goes as soon as it has a few
characters in a row with a secret, or stars or dots where a key would go on.
"""

import json
import re
from collections.abc import Iterable
from html import unescape
from typing import Any
from urllib.parse import unquote

MAX_LENGTH = 300
REDACTED = "[redacted]"

_RUN = 5  # characters in a row that a word may not share with a secret
_ENDING = 4  # as many of a key's last characters are what providers like to show
_WORD = re.compile(r"[^\s\"'`<>(){}\[\],;:|]+")
_MASKED = re.compile(r"[*\u2022\u25cf]{2,}|\w\.{3,}\w|\w\u2026\w")
_LOOKS_LIKE_A_KEY = re.compile(
    r"""
      (?=[^\d]*\d)(?=[^A-Za-z]*[A-Za-z])[A-Za-z0-9_\-+/=.]{24,}   # long, with letters and digits
    | \b(sk|pk|rk|nvapi|fw|tgp|gsk|hf|xai|aik)[-_][A-Za-z0-9_-]{6,}
    | \b(key|api|token)[-_](?=\S*\d)[A-Za-z0-9_-]{6,}
    | \bAIza[\w-]{10,} | \b(AKIA|ASIA)[A-Z0-9]{8,} | \bey[JK][\w-]{10,}
    """,
    re.VERBOSE | re.IGNORECASE,
)
_ESCAPE = re.compile(r"\\u([0-9a-fA-F]{4})|\\x([0-9a-fA-F]{2})")
_TAG = re.compile(r"<[^>]{0,500}>")


def words_of(body: bytes, secrets: Iterable[str]) -> str | None:
    """Return what a provider's answer says to people, fit to be shown; None if it says nothing."""
    text = body.decode("utf-8", errors="replace")
    return redact(_message(text), secrets) or None


def redact(text: str, secrets: Iterable[str]) -> str:
    """Return a text in one line of printable characters, of bounded length, with no word of it telling of a secret."""
    known = [each for each in secrets if each]
    plain = _TAG.sub(" ", _decoded(text))
    printable = "".join(character if character.isprintable() else " " for character in plain)
    for secret in known:
        if len(secret) >= _RUN:
            printable = printable.replace(secret, REDACTED)
    shown = _WORD.sub(lambda found: REDACTED if _tells(found[0], known) else found[0], printable)
    line = " ".join(shown.split())
    return line if len(line) <= MAX_LENGTH else f"{line[: MAX_LENGTH - 1]}\u2026"


def _message(text: str) -> str:
    """Find the sentence in the forms that providers use: {"error": {"message": …}}, {"message": …}, {"detail": …}."""
    try:
        found: Any = json.loads(text)
    except (ValueError, RecursionError):
        return text
    for name in ("error", "message", "detail"):
        if isinstance(found, dict) and name in found:
            found = found[name]
    return found if isinstance(found, str) else json.dumps(found, ensure_ascii=False)


def _decoded(text: str) -> str:
    """Undo the ways of writing a character by its number, behind which a repeated key could hide."""
    plain = _ESCAPE.sub(lambda found: chr(int(found[1] or found[2], 16)), text)
    return unescape(unquote(plain))


def _tells(word: str, secrets: Iterable[str]) -> bool:
    bare = word.strip(".!?")
    if _MASKED.search(word) or _LOOKS_LIKE_A_KEY.search(word):
        return True
    return any(_shares(bare, secret) for secret in secrets)


def _shares(word: str, secret: str) -> bool:
    if word == secret or (len(secret) >= 2 * _ENDING and word.endswith(secret[-_ENDING:]) and len(word) == _ENDING):
        return True
    return any(word[at : at + _RUN] in secret for at in range(len(word) - _RUN + 1))
