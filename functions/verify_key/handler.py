"""Tries a key at its provider before it is stored. It has no right in AWS: what it needs comes with the question."""

from ai_integrations import cold_start

# isort: split
from typing import Any

from aws_lambda_powertools.utilities.typing import LambdaContext
from pydantic import SecretStr

from ai_integrations.bootstrap.trial import key_trial
from ai_integrations.items import integration_of
from ai_integrations.observability import hiding_texts, logger

_trial = key_trial()

cold_start.end()


@logger.inject_lambda_context(clear_state=True)
@hiding_texts()
def lambda_handler(event: dict[str, Any], _context: LambdaContext) -> dict[str, Any]:
    """Answer the question of `KeyVerifier`, which invokes this function: whether a provider takes a key."""
    integration = integration_of(event["integration"])
    refusal = _trial.refusal(integration, SecretStr(event["api_key"]))
    logger.info("key tried", integration_id=integration.id, accepted=refusal is None)
    return {"refusal": refusal}
