"""Opaque pagination cursors, bound to the account and query they were issued for."""

import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Callable
from hashlib import sha256

from ai_integrations.domain.errors import FieldError, InvalidRequestError


def encode(last_read: str, *issued_for: str | None) -> str:
    """Build the cursor of the page that follows `last_read`. `issued_for` is the account and the query."""
    return urlsafe_b64encode(json.dumps([last_read, _digest(issued_for)]).encode()).decode()


def decode(cursor: str | None, is_id: Callable[[str], bool], *issued_for: str | None) -> str | None:
    """Extract `last_read` from a cursor, which `is_id` must accept.

    Raises InvalidRequestError for any text that `encode` does not produce for this list. The cursor is not signed: it
    grants nothing that its caller could not read from the first page on.
    """
    if cursor is None:
        return None
    try:
        last_read = json.loads(urlsafe_b64decode(cursor))[0]
    except (LookupError, RecursionError, TypeError, ValueError):
        last_read = None
    if not isinstance(last_read, str) or not is_id(last_read) or encode(last_read, *issued_for) != cursor:
        raise InvalidRequestError(FieldError("", "The cursor was not issued for this list with these parameters."))
    return last_read


def _digest(issued_for: tuple[str | None, ...]) -> str:
    return sha256(json.dumps(issued_for).encode()).hexdigest()[:16]
