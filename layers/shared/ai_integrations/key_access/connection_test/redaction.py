"""Redact the messages of providers: keys, header values, and anything that looks like a key.

Providers repeat what they received, often in part (`sk-abc***wxyz`). A word is therefore redacted if it shares a few
consecutive characters with a secret. A word with a mask, such as stars or dots, is redacted too.
"""

import json
import re
from collections.abc import Iterable
from html import unescape
from typing import Any
from urllib.parse import unquote

MAX_LENGTH = 300
REDACTED = "[redacted]"

# How many characters of a message are decoded. `unescape` raises ValueError for a number of more than 4,300 digits.
_DECODED_LENGTH = 4000
# How many characters are examined. The time that the patterns take grows with the square of a word's length.
_EXAMINED_LENGTH = 2000
_SHARED_CHARACTERS = 5  # consecutive characters of a secret that make a word secret
_SHARED_IN_NAMES = 8  # the same, for names of models
_LAST_CHARACTERS = 4  # how many of a key's last characters providers like to show
_WORD = re.compile(r"[^\s\"'`<>(){}\[\],;:|]+")
_MASKED = re.compile(r"[*\u2022\u25cf]{2,}|\w\.{3,}\w|\w\u2026\w")
# Long words with letters and digits. Names of models are long too, but have separators.
_LONG = re.compile(r"(?<![A-Za-z0-9_\-+/=.])(?=[^\d]*\d)(?=[^A-Za-z]*[A-Za-z])[A-Za-z0-9_\-+/=.]{24,}")
_UNBROKEN = re.compile(r"(?=\d*[A-Za-z])(?=[A-Za-z]*\d)[A-Za-z0-9]{24,}")
_BEGINS_LIKE_A_KEY = re.compile(
    r"""
      \b(sk|pk|rk|nvapi|fw|tgp|gsk|hf|xai|aik)[-_][A-Za-z0-9_-]{6,}
    | \b(key|api|token)[-_](?=\S*\d)[A-Za-z0-9_-]{6,}
    | \bAIza[\w-]{10,} | \b(AKIA|ASIA)[A-Z0-9]{8,} | \bey[JK][\w-]{10,}
    """,
    re.VERBOSE | re.IGNORECASE,
)
_ESCAPE = re.compile(r"\\u([0-9a-fA-F]{4})|\\x([0-9a-fA-F]{2})")
_TAG = re.compile(r"<[^<>]{0,500}>")


def describe_response(body: bytes, secrets: Iterable[str]) -> str | None:
    """Extract the message from a provider's response and redact it; None if there is no text."""
    text = body.decode("utf-8", errors="replace")
    return redact_secrets(_extract_message(text), secrets) or None


def redact_secrets(text: str, secrets: Iterable[str]) -> str:
    """Replace every word that reveals a secret, in one line of at most MAX_LENGTH printable characters."""
    known = [each for each in secrets if each]
    plain = _TAG.sub(" ", _decode(text[:_DECODED_LENGTH]))
    printable = "".join(character if character.isprintable() else " " for character in plain)
    for secret in known:
        if len(secret) >= _SHARED_CHARACTERS:
            printable = printable.replace(secret, REDACTED)

    examined = printable[:_EXAMINED_LENGTH]
    is_incomplete = len(text) > _DECODED_LENGTH or len(printable) > _EXAMINED_LENGTH

    def replace_word(found: re.Match[str]) -> str:
        is_cut_off = is_incomplete and found.end() == len(examined)
        return REDACTED if is_cut_off or _reveals_secret(found[0], known) else found[0]

    redacted = _WORD.sub(replace_word, examined)
    line = " ".join(redacted.split())
    return line if len(line) <= MAX_LENGTH else f"{line[: MAX_LENGTH - 1]}\u2026"


def reveals_secret(name: str, secrets: Iterable[str]) -> bool:
    """Check whether the name of a model reveals a secret or looks like a key.

    The rules are less strict than for messages: names of models may be long, and share dates and words with headers.
    """
    if _UNBROKEN.search(name) or _BEGINS_LIKE_A_KEY.search(name):
        return True
    return any(
        _shares_characters(name, each, _SHARED_IN_NAMES) or (len(each) >= _SHARED_CHARACTERS and each in name)
        for each in secrets
    )


def _extract_message(text: str) -> str:
    """Find the message in the formats of providers: {"error": {"message": …}}, {"message": …}, {"detail": …}."""
    try:
        found: Any = json.loads(text)
    except (ValueError, RecursionError):
        return text
    for name in ("error", "message", "detail"):
        if isinstance(found, dict) and name in found:
            found = found[name]
    return found if isinstance(found, str) else json.dumps(found, ensure_ascii=False)


def _decode(text: str) -> str:
    """Undo escapes, percent-encoding and HTML entities, which could hide a repeated key."""
    plain = _ESCAPE.sub(lambda found: chr(int(found[1] or found[2], 16)), text)
    return unescape(unquote(plain))


def _reveals_secret(word: str, secrets: Iterable[str]) -> bool:
    bare = word.strip(".!?")
    if _MASKED.search(word) or _LONG.search(word) or _BEGINS_LIKE_A_KEY.search(word):
        return True
    return any(_shares_characters(bare, secret, _SHARED_CHARACTERS) for secret in secrets)


def _shares_characters(word: str, secret: str, number: int) -> bool:
    is_ending = len(secret) >= 2 * _LAST_CHARACTERS and word == secret[-_LAST_CHARACTERS:]
    if word == secret or is_ending:
        return True
    runs = (word[at : at + number] for at in range(len(word) - number + 1))
    return any(run in secret for run in runs)
