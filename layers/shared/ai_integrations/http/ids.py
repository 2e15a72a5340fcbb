"""The ids of the wire: base64 of a text with a colon, which is how clients tell an id from a name."""

from base64 import b64encode

_PREFIX = "AiIntegration:1:"


def public(ulid: str) -> str:
    """Return the id of an integration as callers know it: 42 characters in base64, so without padding."""
    return b64encode(f"{_PREFIX}{ulid}".encode()).decode()


def public_user(user: str) -> str:
    """Return the id of a user as callers know it."""
    return b64encode(f"User:{user}".encode()).decode()
