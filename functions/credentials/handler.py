"""Resolve an integration to its API key, an access token or temporary AWS credentials.

Consumers call the API, which verifies who they are. Brokers and operators invoke the function directly, with a
permission for it. Every response is audit-logged.
"""

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from ai_integrations.bootstrap.aws_calls import aws_calls
from ai_integrations.bootstrap.credentials import credentials, key_search
from ai_integrations.contracts.direct_invocation import responds_with_problems
from ai_integrations.contracts.parsing import parse_text
from ai_integrations.http.resolver import resolve
from ai_integrations.key_access.commands import KeyCommand, execute_command
from ai_integrations.key_access.messages import ResolveCommand
from ai_integrations.observability import hide_exception_messages, log_texts, logger, logs_invocation

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.typing import LambdaContext

app, resolutions = credentials()


@logs_invocation(aws_calls)
@hide_exception_messages()
def lambda_handler(event: dict[str, Any], context: "LambdaContext") -> Mapping[str, Any]:
    """Resolve one integration for a consumer (REST API, Lambda proxy integration) or a broker, or compare keys."""
    if "requestContext" in event:
        log_texts(event["requestContext"].get("identity"), caller_arn="userArn")
        return resolve(app, event, context)
    return _handle_invocation(event, context)


@responds_with_problems
def _handle_invocation(event: dict[str, Any], _context: "LambdaContext") -> Mapping[str, Any]:
    if "action" in event:
        return _compare_keys(event)
    return resolutions.for_broker(parse_text(json.dumps(event), ResolveCommand))


def _compare_keys(event: dict[str, Any]) -> dict[str, Any]:
    command = parse_text(json.dumps(event), KeyCommand).root
    result = execute_command(command, key_search())
    logger.info("keys compared")
    return result
