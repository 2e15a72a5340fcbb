"""The Lambda authorizer of the API: an access key in, its holder out."""

from ai_integrations import cold_start

# isort: split
from datetime import UTC, datetime
from typing import Any

from ai_integrations.bootstrap.holders import holders
from ai_integrations.holders import to_context

_holders = holders()

cold_start.end()


class UnauthorizedError(Exception):
    """API Gateway answers 401 to an error with exactly this text, and 500 to any other."""

    def __init__(self) -> None:
        super().__init__("Unauthorized")


def lambda_handler(event: dict[str, Any], _context: object) -> dict[str, Any]:
    """Answer a TOKEN request; the gateway caches the answer for a token, policy included."""
    scheme, _, key = event["authorizationToken"].partition(" ")
    holder = _holders.find(key.strip(), datetime.now(UTC)) if scheme.lower() == "bearer" else None
    if holder is None:
        raise UnauthorizedError
    api_and_stage = "/".join(event["methodArn"].split("/")[:2])
    return {
        "principalId": holder["user"],
        "policyDocument": {
            "Version": "2012-10-17",
            # The whole stage: for the called method alone, the cached answer would refuse the caller's next route.
            "Statement": [{"Effect": "Allow", "Action": "execute-api:Invoke", "Resource": f"{api_and_stage}/*"}],
        },
        "context": to_context(holder),
    }
