"""Connection test of Bedrock: assume the role, then call the model with the role's credentials.

The calls go through the AWS SDK, without the SSRF guard. Therefore they go to AWS's own endpoints only.
"""

from collections.abc import Callable
from typing import TYPE_CHECKING

from botocore.exceptions import BotoCoreError, ClientError

from ai_integrations.domain.connection_health import Rung
from ai_integrations.domain.credentials import TemporaryCredentials
from ai_integrations.domain.endpoints import endpoints_of, own_region
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

if TYPE_CHECKING:
    from mypy_boto3_bedrock_runtime import BedrockRuntimeClient

    from ai_integrations.use_cases.ports import RoleAssumer

_CONSUMER = "connection-test"
_OTHER_HOST = (
    "The base_url is not a regional endpoint of Bedrock, so the test does not send the role's credentials there."
)


class BedrockSteps:
    """Tests integrations that have an IAM role."""

    def __init__(
        self,
        roles: "RoleAssumer",
        client_with: Callable[[TemporaryCredentials, str, str | None], "BedrockRuntimeClient"],
        region: str,
    ) -> None:
        """`client_with` creates a client for a region and, if the integration has one, an endpoint of AWS.

        `region` is the function's own, for integrations without a base_url.
        """
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
        endpoints = endpoints_of(integration.provider, integration.base_url, integration.provider_metadata)
        url = endpoints.root if endpoints else None
        region = own_region(integration.provider, url) if url else self._region
        if region is None:
            return timer.inconclusive(_OTHER_HOST)
        try:
            self._client_with(credentials, region, url).converse(
                modelId=model,
                messages=[{"role": "user", "content": [{"text": "Hi"}]}],
                inferenceConfig={"maxTokens": 1},
            )
        except ClientError as error:
            return timer.failed(f"Bedrock rejected the request in {region}.", _describe(error, integration))
        except BotoCoreError:
            return timer.failed(f"Bedrock could not be reached in {region}.")
        return timer.passed(f"The model answered in {region}.")


def _describe(error: ClientError | RoleRefusedError, integration: Integration) -> str:
    secrets = collect_secrets(integration, None)
    if isinstance(error, RoleRefusedError):
        return redact_secrets(error.reason, secrets)
    details = error.response["Error"]
    return redact_secrets(f"{details['Code']}: {details.get('Message', '')}", secrets)
