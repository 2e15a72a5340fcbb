"""Where the next page begins: opaque to callers, and of use only with what it was issued for."""

import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from hashlib import sha256

from ai_integrations.domain.errors import FieldError, InvalidRequestError


def encode(last_read: str, *issued_for: str | None) -> str:
    """Return a cursor behind `last_read` for an account and the parameters of its list."""
    return urlsafe_b64encode(json.dumps([last_read, _digest(issued_for)]).encode()).decode()


def decode(cursor: str | None, *issued_for: str | None) -> str | None:
    """Return what a cursor was issued behind; InvalidRequestError if it was not issued for this."""
    if cursor is None:
        return None
    try:
        last_read, digest = json.loads(urlsafe_b64decode(cursor))
    except (RecursionError, TypeError, ValueError):
        last_read, digest = None, None
    if not isinstance(last_read, str) or digest != _digest(issued_for):
        raise InvalidRequestError(FieldError("", "The cursor was not issued for this list with these parameters."))
    return last_read


def _digest(issued_for: tuple[str | None, ...]) -> str:
    return sha256(json.dumps(issued_for).encode()).hexdigest()[:16]
