"""Public ids. An id is base64 text. It decodes to text with a colon, by which clients recognise an id."""

import re
from base64 import b64decode, b64encode
from urllib.parse import unquote

from ai_integrations.domain.errors import FieldError, InvalidRequestError

_PREFIX = "AiIntegration:1:"
# For JSON schemas: base64 of the prefix, then of a ULID. It matches some texts that are no id.
PATTERN = "^QWlJbnRlZ3JhdGlvbjox[A-Za-z0-9]{36}$"
_ULID = r"[0-7][0-9A-HJKMNP-TV-Z]{25}"


def is_ulid(text: str) -> bool:
    """Check whether a text is a ULID, which identifies an integration inside the service."""
    return re.fullmatch(_ULID, text) is not None


def encode(ulid: str) -> str:
    """Encode the id of an integration: 42 characters in base64, which needs no padding."""
    return b64encode(f"{_PREFIX}{ulid}".encode()).decode()


def decode(text: str) -> str:
    """Extract the ULID from an id, which may be percent-encoded. Raise InvalidRequestError for any other text."""
    sent = unquote(text)
    try:
        decoded = b64decode(sent).decode("ascii")
    except ValueError:
        decoded = ""
    ulid = decoded.removeprefix(_PREFIX)
    # Accept one encoding per id: b64decode ignores some characters.
    if not is_ulid(ulid) or encode(ulid) != sent:
        raise InvalidRequestError(FieldError("", "This is not the id of an AI integration."))
    return ulid


def encode_user(user: str) -> str:
    """Encode the id of a user."""
    return b64encode(f"User:{user}".encode()).decode()


def decode_user(text: str) -> str:
    """Extract the user from the id of a user. Raise InvalidRequestError for any other text."""
    try:
        user = b64decode(text, validate=True).decode().removeprefix("User:")
    except ValueError:
        user = ""
    if encode_user(user) != text:
        raise InvalidRequestError(FieldError("", "This is not the id of a user."))
    return user
