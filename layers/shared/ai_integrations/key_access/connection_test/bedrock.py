"""The test of Bedrock: the role is assumed as for any program, and the model is asked with its credentials.

AWS's own endpoints are called by its own client; the guard has no part in it.
"""

from collections.abc import Callable
from typing import TYPE_CHECKING

from botocore.exceptions import BotoCoreError, ClientError

from ai_integrations.domain.connection_health import Rung
from ai_integrations.domain.credentials import TemporaryCredentials
from ai_integrations.domain.errors import RoleRefusedError
from ai_integrations.domain.model import Integration
from ai_integrations.domain.providers import PROVIDERS
from ai_integrations.key_access.connection_test.provider_requests import secrets_of
from ai_integrations.key_access.connection_test.redaction import redact
from ai_integrations.key_access.connection_test.step_timer import (
    AUTHENTICATED,
    MODEL_ANSWERS,
    NO_MODEL,
    REACHABLE,
    StepTimer,
)
from ai_integrations.use_cases.ports import RoleAssumer

if TYPE_CHECKING:
    from mypy_boto3_bedrock_runtime import BedrockRuntimeClient

_CONSUMER = "connection-test"


class BedrockSteps:
    """Tests integrations that name a role."""

    def __init__(
        self, roles: RoleAssumer, client_with: Callable[[TemporaryCredentials], "BedrockRuntimeClient"], region: str
    ) -> None:
        """`region` is the one whose models are asked: the function's own."""
        self._roles = roles
        self._client_with = client_with
        self._region = region

    def run(self, integration: Integration, model: str | None) -> tuple[Rung, ...]:
        """Return the rungs that were climbed; the first two are one call to AWS."""
        reaching, authenticating = StepTimer(REACHABLE), StepTimer(AUTHENTICATED)
        try:
            credentials = self._roles.assume(integration, _CONSUMER)
        except (ClientError, RoleRefusedError) as error:
            said = _words_of(error, integration)
            return (reaching.passed("AWS answered."), authenticating.failed("The role can not be assumed.", said))
        except BotoCoreError:
            return (reaching.failed("AWS did not answer."),)
        unproved = PROVIDERS[integration.provider].probe.unproved
        assumed = authenticating.passed("The role was assumed.", unproved)
        return (reaching.passed("AWS answered."), assumed, self._model_answers(integration, credentials, model))

    def _model_answers(self, integration: Integration, credentials: TemporaryCredentials, model: str | None) -> Rung:
        watch = StepTimer(MODEL_ANSWERS)
        if model is None:
            return watch.unproved(NO_MODEL)
        try:
            self._client_with(credentials).converse(
                modelId=model,
                messages=[{"role": "user", "content": [{"text": "Hi"}]}],
                inferenceConfig={"maxTokens": 1},
            )
        except ClientError as error:
            return watch.failed(f"Bedrock refused in {self._region}.", _words_of(error, integration))
        except BotoCoreError:
            return watch.failed(f"Bedrock did not answer in {self._region}.")
        return watch.passed(f"The model answered in {self._region}.")


def _words_of(error: ClientError | RoleRefusedError, integration: Integration) -> str:
    if isinstance(error, RoleRefusedError):
        return redact(error.reason, secrets_of(integration, None))
    told = error.response.get("Error", {})
    return redact(f"{told.get('Code', '')}: {told.get('Message', '')}", secrets_of(integration, None))
