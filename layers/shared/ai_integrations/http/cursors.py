"""Opaque pagination cursors, bound to the account and query they were issued for."""

import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from hashlib import sha256

from ai_integrations.domain.errors import FieldError, InvalidRequestError


def encode(last_read: str, *issued_for: str | None) -> str:
    """Build the cursor of the page that follows `last_read`. `issued_for` is the account and the query."""
    return urlsafe_b64encode(json.dumps([last_read, _digest(issued_for)]).encode()).decode()


def decode(cursor: str | None, *issued_for: str | None) -> str | None:
    """Extract `last_read` from a cursor. Raise InvalidRequestError if it was issued for something else."""
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
