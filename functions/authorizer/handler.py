"""Authorize callers of the API: map an access key to the caller's identity."""

from datetime import UTC, datetime
from typing import Any

from ai_integrations.adapters.dynamodb.access_key_lookup import to_context
from ai_integrations.bootstrap.authorizer import access_key_lookup

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
