"""Authorize the callers of the API: an access key in, the caller's identity out."""

from datetime import UTC, datetime
from typing import Any

from ai_integrations.adapters.dynamodb.access_key_lookup import to_context
from ai_integrations.bootstrap.authorizer import access_key_lookup

_access_keys = access_key_lookup()


class UnauthorizedError(Exception):
    """API Gateway responds with 401 to an error with exactly this message, and with 500 to any other."""

    def __init__(self) -> None:
        super().__init__("Unauthorized")


def lambda_handler(event: dict[str, Any], _context: object) -> dict[str, Any]:
    """Handle a TOKEN request. The gateway caches the response by token, policy included."""
    scheme, _, key = event["authorizationToken"].partition(" ")
    holder = _access_keys.find(key.strip(), datetime.now(UTC)) if scheme.lower() == "bearer" else None
    if holder is None:
        raise UnauthorizedError
    api_and_stage = "/".join(event["methodArn"].split("/")[:2])
    return {
        "principalId": holder["user"],
        "policyDocument": {
            "Version": "2012-10-17",
            # The whole stage: a policy for this method alone, once cached, would deny the caller's next route.
            "Statement": [{"Effect": "Allow", "Action": "execute-api:Invoke", "Resource": f"{api_and_stage}/*"}],
        },
        "context": to_context(holder),
    }
