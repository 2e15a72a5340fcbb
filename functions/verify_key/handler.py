"""Verify a key against its provider before it is stored. This function has no AWS permissions."""

from typing import TYPE_CHECKING, Any

from pydantic import SecretStr

from ai_integrations.adapters.dynamodb.items import integration_from_item
from ai_integrations.bootstrap.aws_calls import aws_calls
from ai_integrations.bootstrap.verify_key import key_verification
from ai_integrations.observability import hide_exception_messages, logger, logs_invocation

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.typing import LambdaContext

_verification = key_verification()


@logs_invocation(aws_calls)
@hide_exception_messages()
def lambda_handler(event: dict[str, Any], _context: "LambdaContext") -> dict[str, Any]:
    """Handle a request of `adapters/key_verifier.py`. `refusal` is null if the provider accepts the key."""
    integration = integration_from_item(event["integration"])
    logger.append_keys(account=integration.account, integration_id=integration.id)
    refusal = _verification.verify(integration, SecretStr(event["api_key"]))
    logger.info("key verified", accepted=refusal is None)
    return {"refusal": refusal}
