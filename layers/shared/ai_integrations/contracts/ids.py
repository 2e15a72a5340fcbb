"""Public ids. An id is base64 text. It decodes to text with a colon, by which clients recognise an id."""

import re
from base64 import b64decode, b64encode
from contextlib import suppress
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
    with suppress(ValueError):
        ulid = b64decode(sent).decode("ascii").removeprefix(_PREFIX)
        # Accept one encoding per id: b64decode ignores some characters.
        if is_ulid(ulid) and encode(ulid) == sent:
            return ulid
    raise InvalidRequestError(FieldError("", "This is not the id of an AI integration."))


def encode_user(user: str) -> str:
    """Encode the id of a user."""
    return b64encode(f"User:{user}".encode()).decode()


def decode_user(text: str) -> str:
    """Extract the user from the id of a user. Raise InvalidRequestError for any other text."""
    with suppress(ValueError):
        user = b64decode(text).decode().removeprefix("User:")
        if encode_user(user) == text:
            return user
    raise InvalidRequestError(FieldError("", "This is not the id of a user."))
