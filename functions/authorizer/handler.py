"""Authorize callers of the API: map an access key to the caller's identity."""

import json
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from ai_integrations.bootstrap.authorizer import access_key_lookup, json_logger
from ai_integrations.bootstrap.aws_calls import aws_calls
from ai_integrations.contracts.authorizer_response import authorizer_response

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.typing import LambdaContext

_access_keys = access_key_lookup()
_logger = json_logger()


class UnauthorizedError(Exception):
    """API Gateway maps an error with exactly this message to 401, and any other error to 500."""

    def __init__(self) -> None:
        super().__init__("Unauthorized")


def lambda_handler(event: dict[str, Any], context: "LambdaContext") -> dict[str, Any]:
    """Handle a TOKEN request. The gateway caches the response by token, policy included."""
    aws_calls.restart()
    holder = None
    try:
        holder = _find_holder(event["authorizationToken"])
    finally:
        _log(holder or {}, context.aws_request_id)
    if holder is None:
        raise UnauthorizedError
    return authorizer_response(holder, api_and_stage="/".join(event["methodArn"].split("/")[:2]))


def _find_holder(token: str) -> dict[str, Any] | None:
    scheme, _, key = token.partition(" ")
    return _access_keys.find(key.strip(), datetime.now(UTC)) if scheme.lower() == "bearer" else None


def _log(holder: dict[str, Any], invocation: str) -> None:
    """Log the end of the invocation as `observability.logs_invocation` does. A rejected key has no holder."""
    line: dict[str, Any] = {"level": "INFO", "message": "invocation ended", "function_request_id": invocation}
    line |= {name: holder[name] for name in ("account", "user", "role") if name in holder}
    _logger.info(json.dumps(line | aws_calls.log_fields()))
