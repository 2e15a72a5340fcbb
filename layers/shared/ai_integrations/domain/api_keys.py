"""Texts that cannot be an API key, or that no provider can receive as one."""

import json
import re

from ai_integrations.domain.providers import PROVIDERS

# Maps the characters that user interfaces mask keys with to one notation.
_MASK = str.maketrans({"\u2022": "*", "\u25cf": "*", "\u2026": "..."})
# What user interfaces, documentation, shells and programs put in the place of a key. Each must match the whole text.
# Texts that a self-hosted server may really use as its key, such as `EMPTY` or `sk-1234`, are not listed.
_PLACEHOLDERS = (
    r"<.*>|\[.*\]|\(.*\)",  # <your-key>, [REDACTED]
    r"\{[^\"]*\}|\$[{(].*[})]",  # {{ secrets.KEY }}, ${OPENAI_API_KEY}, $(cat key.txt)
    r"\$(env:)?[A-Z_][A-Z0-9_]*|%[A-Z_][A-Z0-9_]*%",  # $OPENAI_API_KEY, $env:OPENAI_API_KEY, %OPENAI_API_KEY%
    r"[A-Z][A-Z0-9_]*_(KEY|TOKEN|SECRET)",  # OPENAI_API_KEY
    r"[A-Z][A-Z0-9]*_[A-Z0-9_]*=[^=].*",  # OPENAI_API_KEY=sk-fake
    r"process\.env\..*|os\.(environ|getenv).*|[\"'`].*[\"'`]",  # source code
    r"arn:[a-z-]+:.*|[a-z][a-z0-9+.-]*://.*",  # ARNs, URLs, op://vault/item
    r"(?i:null|none|nil|undefined|nan|n/a|true|false|string|todo|tbd)",
    r"(?i:redacted|removed|hidden|masked|filtered|omitted|censored|placeholder)",
    r"(?i:([a-z]{2,8}[_-])?(your|insert|enter|paste|replace)[_-][a-z_-]*)",  # your-api-key, sk-your-key-here
    r"(?i:api[_-]?key([_-]here)?)",
    r"(?i:([a-z0-9]{1,12}[_-]){0,4}x{3,})",  # xxx, sk-proj-xxxxxx
    r"(?i:([a-z0-9]{1,12}[_-]){1,4}\.{3,})",  # sk-...
)
_PLACEHOLDER_MARKS = frozenset("<>[](){}$%=:/.'\"`")
_VISIBLE_ASCII = r"[\x21-\x7e]+"


def find_placeholder(key: str) -> str | None:
    """Describe why a text cannot be any provider's key: it is masked, or a placeholder. None if it can be one."""
    if _is_masked(key):
        return "This is a masked key. Send the complete key."
    if _may_be_placeholder(key) and any(re.fullmatch(each, key) for each in _PLACEHOLDERS):
        return "This is a placeholder or a reference, not an API key. Send the key itself."
    return None


def find_transport_flaw(key: str, provider: str) -> str | None:
    """Describe why a key cannot be sent to a provider, or None if it can.

    A key travels in an HTTP header (RFC 9110, sections 5.5 and 11.2: visible ASCII, no blanks inside credentials). The
    exception are Google's service account keys, which are JSON and sign tokens instead of being sent.
    """
    if key.startswith("{"):
        if not PROVIDERS[provider].accepts_json_key:
            return "This provider does not accept JSON as a key. Send only the key."
        return None if _is_json_object(key) else "The key starts like JSON, but is not a JSON object. Send all of it."
    if not re.fullmatch(_VISIBLE_ASCII, key):
        return (
            "The key must consist of visible ASCII characters, because it is sent in an HTTP header. "
            "Remove blanks, line breaks, curly quotes and invisible characters."
        )
    return None


def is_usable(key: str, provider: str) -> bool:
    """Check whether a key passes both rules."""
    return find_placeholder(key) is None and find_transport_flaw(key, provider) is None


def _may_be_placeholder(key: str) -> bool:
    """Check whether a pattern can match at all. For nearly all keys none can, and no cold start has to compile them."""
    has_digit = any(character.isdigit() for character in key)
    has_lower_case = any(character.islower() for character in key)
    return not (has_digit and has_lower_case) or "xxx" in key.lower() or not _PLACEHOLDER_MARKS.isdisjoint(key)


def _is_masked(key: str) -> bool:
    """Check whether a key is masked, as in a user interface: two asterisks or bullets, or an ellipsis before the end.

    An ellipsis at the end is allowed: the published API description has the example `sk-abc123...`.
    """
    masked = key.translate(_MASK)
    return "**" in masked or masked == "..." or masked.partition("...")[2] != ""


def _is_json_object(text: str) -> bool:
    try:
        return isinstance(json.loads(text), dict)
    except (RecursionError, ValueError):
        return False
