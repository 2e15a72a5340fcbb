"""Resolve an integration to its API key, an access token or temporary AWS credentials.

Consumers call the API, which verifies who they are. Brokers and operators invoke the function directly, with a
permission for it. Every response is audit-logged.
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
from ai_integrations.http.credentials import ConsumerRequest, build_credentials_app
from ai_integrations.http.resolver import resolve
from ai_integrations.key_access.commands import KeyCommand, execute_command
from ai_integrations.key_access.credential_reader import Resolved
from ai_integrations.key_access.messages import Resolution, ResolveCommand, resolution_view
from ai_integrations.observability import hide_exception_messages, log_texts, logger, logs_invocation

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.typing import LambdaContext

_resolver, _consumers = resolver()


@logs_invocation(aws_calls)
@hide_exception_messages()
def lambda_handler(event: dict[str, Any], context: "LambdaContext") -> Mapping[str, Any]:
    """Resolve one integration for a consumer (REST API, Lambda proxy integration) or a broker, or compare keys."""
    if "requestContext" in event:
        log_texts(event["requestContext"].get("identity"), principal="userArn")
        return resolve(app, event, context)
    return _handle_invocation(event, context)


@responds_with_problems
def _handle_invocation(event: dict[str, Any], _context: "LambdaContext") -> Mapping[str, Any]:
    return _compare_keys(event) if "action" in event else _resolve_for_broker(event)


def _compare_keys(event: dict[str, Any]) -> dict[str, Any]:
    command = parse_text(json.dumps(event), KeyCommand).root
    result = execute_command(command, key_search())
    logger.info("keys compared")
    return result


def _resolve_for_broker(event: dict[str, Any]) -> Resolution:
    command = parse_text(json.dumps(event), ResolveCommand)
    caller, ulid = command.caller(), _find_id(command.integration)
    if ulid is None:
        return _logged(_resolver.by_name(caller, command.integration, command.key_version))
    return _logged(_resolver.by_id(caller, ulid, command.key_version))


def _resolve_for_consumer(request: ConsumerRequest) -> Resolution:
    principal, integration, account, key_version = request
    ulid = _find_id(integration)
    if ulid is None:
        return _logged(_resolver.resolve(lambda: _consumers.find(principal, account, integration), key_version))
    return _logged(_resolver.resolve(lambda: _consumers.get(principal, account, ulid), key_version))


def _find_id(text: str) -> str | None:
    """Extract the ULID if the text is an id, as the API's clients send it, and None if it is a name."""
    try:
        return ids.decode(text)
    except InvalidRequestError:
        return None


def _logged(resolved: Resolved) -> Resolution:
    logger.info(
        "credentials resolved",
        account=resolved.integration.account,
        integration_id=resolved.integration.id,
        version=resolved.integration.version,
        key_version=resolved.key.version if resolved.key else None,
        role_assumed=resolved.credentials is not None,
        token_source=resolved.token.source if resolved.token else None,
    )
    return resolution_view(resolved)


app = build_credentials_app(_resolve_for_consumer)
