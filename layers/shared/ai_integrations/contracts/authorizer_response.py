"""The response of the Lambda authorizer to API Gateway.

It imports nothing of the domain, to keep the cold starts of the authorizer short.
"""

import json
from collections.abc import Mapping
from typing import Any

# "AWS Lambda authorizer result size", which cannot be raised. AWS documents it for WebSocket APIs and lists it as quota
# L-20859C74 of API Gateway: https://docs.aws.amazon.com/apigateway/latest/developerguide/limits.html. This is the
# smaller reading of "8 KB".
MAX_BYTES = 8_000
# As long as any that API Gateway passes: the longest names of a partition and a region.
_LONGEST_STAGE = "arn:aws-us-gov:execute-api:ap-southeast-99:123456789012:a1b2c3d4e5/live"


def authorizer_response(holder: Mapping[str, Any], api_and_stage: str) -> dict[str, Any]:
    """Build the response for the holder of an access key (see `contracts.caller.caller_item`)."""
    return {
        "principalId": holder["user"],
        "policyDocument": {
            "Version": "2012-10-17",
            # The whole stage: a policy for one method alone, once cached, would deny the caller's next route.
            "Statement": [{"Effect": "Allow", "Action": "execute-api:Invoke", "Resource": f"{api_and_stage}/*"}],
        },
        "context": to_context(holder),
    }


def to_context(holder: Mapping[str, Any]) -> dict[str, str]:
    """Flatten a holder to an authorizer context, in which API Gateway accepts only strings, numbers and booleans."""
    return {
        "account": holder["account"],
        "user": holder["user"],
        "role": holder["role"],
        "memberships": json.dumps(holder["memberships"]),
    }


def is_too_long(holder: Mapping[str, Any]) -> bool:
    """Check whether API Gateway would reject the response for a holder, and so every request with the access key."""
    return len(json.dumps(authorizer_response(holder, _LONGEST_STAGE)).encode()) > MAX_BYTES
