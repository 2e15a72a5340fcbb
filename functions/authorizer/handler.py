"""Authorize callers of the API: map an access key to the caller's identity."""

from datetime import UTC, datetime
from typing import Any

from ai_integrations.bootstrap.authorizer import access_key_lookup
from ai_integrations.contracts.authorizer_response import authorizer_response

_access_keys = access_key_lookup()


class UnauthorizedError(Exception):
    """API Gateway maps an error with exactly this message to 401, and any other error to 500."""

    def __init__(self) -> None:
        super().__init__("Unauthorized")


def lambda_handler(event: dict[str, Any], _context: object) -> dict[str, Any]:
    """Handle a TOKEN request. The gateway caches the response by token, policy included."""
    scheme, _, key = event["authorizationToken"].partition(" ")
    holder = _access_keys.find(key.strip(), datetime.now(UTC)) if scheme.lower() == "bearer" else None
    if holder is None:
        raise UnauthorizedError
    return authorizer_response(holder, api_and_stage="/".join(event["methodArn"].split("/")[:2]))
