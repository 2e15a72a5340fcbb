"""Connection test of Bedrock: assume the role, then call the model with the role's credentials.

The calls go through the AWS SDK to AWS's own endpoints, so the SSRF guard is not involved.
"""

from collections.abc import Callable
from typing import TYPE_CHECKING

from botocore.exceptions import BotoCoreError, ClientError

from ai_integrations.domain.connection_health import Rung
from ai_integrations.domain.credentials import TemporaryCredentials
from ai_integrations.domain.errors import RoleRefusedError
from ai_integrations.domain.model import Integration
from ai_integrations.domain.providers import PROVIDERS
from ai_integrations.key_access.connection_test.provider_requests import collect_secrets
from ai_integrations.key_access.connection_test.redaction import redact_secrets
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
    """Tests integrations that have an IAM role."""

    def __init__(
        self, roles: RoleAssumer, client_with: Callable[[TemporaryCredentials], "BedrockRuntimeClient"], region: str
    ) -> None:
        """`client_with` creates a client for `region`, which is the function's own."""
        self._roles = roles
        self._client_with = client_with
        self._region = region

    def run(self, integration: Integration, model: str | None) -> tuple[Rung, ...]:
        """Run the steps in order, up to the first that fails. The first two are a single call of sts:AssumeRole."""
        reachable, authenticated = StepTimer(REACHABLE), StepTimer(AUTHENTICATED)
        try:
            credentials = self._roles.assume(integration, _CONSUMER)
        except (ClientError, RoleRefusedError) as error:
            reason = "The integration's role could not be assumed."
            return (reachable.passed("AWS answered."), authenticated.failed(reason, _describe(error, integration)))
        except BotoCoreError:
            return (reachable.failed("AWS could not be reached."),)
        limits = PROVIDERS[integration.provider].probe.unproved
        return (
            reachable.passed("AWS answered."),
            authenticated.passed("The integration's role was assumed.", limits),
            self._test_model(integration, credentials, model),
        )

    def _test_model(self, integration: Integration, credentials: TemporaryCredentials, model: str | None) -> Rung:
        timer = StepTimer(MODEL_ANSWERS)
        if model is None:
            return timer.inconclusive(NO_MODEL)
        try:
            self._client_with(credentials).converse(
                modelId=model,
                messages=[{"role": "user", "content": [{"text": "Hi"}]}],
                inferenceConfig={"maxTokens": 1},
            )
        except ClientError as error:
            return timer.failed(f"Bedrock rejected the request in {self._region}.", _describe(error, integration))
        except BotoCoreError:
            return timer.failed(f"Bedrock could not be reached in {self._region}.")
        return timer.passed(f"The model answered in {self._region}.")


def _describe(error: ClientError | RoleRefusedError, integration: Integration) -> str:
    secrets = collect_secrets(integration, None)
    if isinstance(error, RoleRefusedError):
        return redact_secrets(error.reason, secrets)
    details = error.response.get("Error", {})
    return redact_secrets(f"{details.get('Code', '')}: {details.get('Message', '')}", secrets)
