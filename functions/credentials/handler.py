"""Hands out what opens a provider, to programs that IAM lets invoke it; every answer leaves an audit record."""

from ai_integrations import cold_start

# isort: split
import json
from collections.abc import Mapping
from typing import Any

from aws_lambda_powertools.utilities.typing import LambdaContext

from ai_integrations.bootstrap.credentials import key_finder, resolver
from ai_integrations.errors import AiIntegrationsError, InvalidRequestError
from ai_integrations.http import ids, problem
from ai_integrations.http.parsing import parse_text
from ai_integrations.observability import hiding_texts, logger
from ai_integrations.runtime.key_commands import KeyCommand, carry_out
from ai_integrations.runtime.messages import Resolution, ResolveCommand, resolution_view
from ai_integrations.runtime.resolving import Resolved

_resolver = resolver()

cold_start.end()


@logger.inject_lambda_context(clear_state=True)
@hiding_texts()
def lambda_handler(event: dict[str, Any], context: LambdaContext) -> Mapping[str, Any]:
    """Resolve one integration, or carry out an operator's `action`; what is refused comes back as {"problem": …}."""
    try:
        return _compare_keys(event) if "action" in event else _hand_out(event)
    except AiIntegrationsError as error:
        logger.info("resolution refused", error=type(error).__name__)
        return {"problem": problem.document_of(error, context.aws_request_id)}


def _compare_keys(event: dict[str, Any]) -> dict[str, Any]:
    command = parse_text(json.dumps(event), KeyCommand).root
    answer = carry_out(command, key_finder())
    logger.info("keys compared", action=command.action, account=command.account)
    return answer


def _hand_out(event: dict[str, Any]) -> Resolution:
    command = parse_text(json.dumps(event), ResolveCommand)
    logger.append_keys(account=command.account, consumer=command.consumer)
    resolved = _resolve(command)
    logger.info(
        "credentials resolved",
        integration_id=resolved.integration.id,
        version=resolved.integration.version,
        key_version=resolved.key.version if resolved.key else None,
        role_assumed=resolved.credentials is not None,
    )
    return resolution_view(resolved)


def _resolve(command: ResolveCommand) -> Resolved:
    """Take what base64-decodes to an id for an id, as the API's clients do, and anything else for a name."""
    try:
        ulid = ids.parse(command.integration)
    except InvalidRequestError:
        return _resolver.by_name(command.caller(), command.integration, command.key_version)
    return _resolver.by_id(command.caller(), ulid, command.key_version)
