"""Resolve an integration to its API key, an access token or temporary AWS credentials.

IAM authorizes the callers; every response is audit-logged.
"""

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from ai_integrations.bootstrap.aws_calls import aws_calls
from ai_integrations.bootstrap.credentials import key_search, resolver
from ai_integrations.contracts import ids
from ai_integrations.contracts.direct_invocation import responds_with_problems
from ai_integrations.contracts.parsing import parse_text
from ai_integrations.domain.errors import InvalidRequestError
from ai_integrations.key_access.commands import KeyCommand, execute_command
from ai_integrations.key_access.credential_reader import Resolved
from ai_integrations.key_access.messages import Resolution, ResolveCommand, resolution_view
from ai_integrations.observability import hide_exception_messages, logger, logs_invocation

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.typing import LambdaContext

_resolver = resolver()


@logs_invocation(aws_calls)
@hide_exception_messages()
@responds_with_problems
def lambda_handler(event: dict[str, Any], _context: "LambdaContext") -> Mapping[str, Any]:
    """Resolve one integration, or carry out an operator's `action`."""
    return _compare_keys(event) if "action" in event else _resolve_credentials(event)


def _compare_keys(event: dict[str, Any]) -> dict[str, Any]:
    command = parse_text(json.dumps(event), KeyCommand).root
    result = execute_command(command, key_search())
    logger.info("keys compared")
    return result


def _resolve_credentials(event: dict[str, Any]) -> Resolution:
    command = parse_text(json.dumps(event), ResolveCommand)
    resolved = _resolve(command)
    logger.info(
        "credentials resolved",
        integration_id=resolved.integration.id,
        version=resolved.integration.version,
        key_version=resolved.key.version if resolved.key else None,
        role_assumed=resolved.credentials is not None,
        token_source=resolved.token.source if resolved.token else None,
    )
    return resolution_view(resolved)


def _resolve(command: ResolveCommand) -> Resolved:
    """Resolve by id if the text decodes to one, as the API's clients do, and otherwise by name."""
    try:
        ulid = ids.decode(command.integration)
    except InvalidRequestError:
        return _resolver.by_name(command.caller(), command.integration, command.key_version)
    return _resolver.by_id(command.caller(), ulid, command.key_version)
