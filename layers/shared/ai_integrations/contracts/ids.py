"""The ids of the wire: base64 of a text with a colon, which is how clients tell an id from a name."""

import re
from base64 import b64decode, b64encode
from urllib.parse import unquote

from ai_integrations.domain.errors import FieldError, InvalidRequestError

_PREFIX = "AiIntegration:1:"
_ULID = r"[0-7][0-9A-HJKMNP-TV-Z]{25}"


def encode(ulid: str) -> str:
    """Return the id of an integration as callers know it: base64 of 42 characters, so without padding."""
    return b64encode(f"{_PREFIX}{ulid}".encode()).decode()


def decode(text: str) -> str:
    """Return the ULID in an id, percent-encoded or not; InvalidRequestError if it is not one of ours."""
    sent = unquote(text)
    try:
        decoded = b64decode(sent, validate=True).decode("ascii")
    except ValueError:
        decoded = ""
    ulid = decoded.removeprefix(_PREFIX)
    # One integration has one id: not every Python minds what may stand behind complete base64.
    if not re.fullmatch(_ULID, ulid) or encode(ulid) != sent:
        raise InvalidRequestError(FieldError("", "This is not the id of an AI integration."))
    return ulid


def encode_user(user: str) -> str:
    """Return the id of a user as callers know it."""
    return b64encode(f"User:{user}".encode()).decode()
