"""The step of a connection test that exchanges an identity token of AWS for an access token of the provider."""

from datetime import UTC
from typing import TYPE_CHECKING

from ai_integrations.domain.connection_health import Rung
from ai_integrations.domain.credentials import AccessToken
from ai_integrations.domain.errors import FederationOffError, TokenRefusedError, TokenUnavailableError
from ai_integrations.domain.model import Integration
from ai_integrations.key_access.connection_test.redaction import redact_secrets
from ai_integrations.key_access.connection_test.step_timer import TOKEN_EXCHANGED, StepTimer

if TYPE_CHECKING:
    from ai_integrations.use_cases.ports import TokenExchanger

_UNSAVED = "The identity token names the saved integration. Save the integration, then test it again."
_OFF = "Workload identity federation is off in this service. Ask its operator to turn it on, or set an API key."
_REFUSED = (
    "The identity token was not exchanged. The sub-resource /federation returns what the provider must trust: issuer, "
    "subject, audience and claims."
)


class TokenStep:
    """Exchanges a token for a test. The token is always new, because a cached one would prove nothing."""

    def __init__(self, exchanger: "TokenExchanger") -> None:
        self._exchanger = exchanger

    def run(self, integration: Integration, secrets: list[str]) -> tuple[Rung, AccessToken | None]:
        """Exchange a token. `secrets` must not appear in the result."""
        timer = StepTimer(TOKEN_EXCHANGED)
        if integration.version == 0:
            return timer.inconclusive(_UNSAVED), None
        try:
            token = self._exchanger.exchange(integration)
        except TokenRefusedError as error:
            return timer.failed(_REFUSED, redact_secrets(f"{error.reason} {error.answer}", secrets)), None
        except TokenUnavailableError as error:
            reason = redact_secrets(error.reason, secrets)
            return timer.failed(f"The access token could not be obtained. Test again later. {reason}".rstrip()), None
        except FederationOffError:
            return timer.failed(_OFF), None
        return timer.passed(_describe(token)), token


def _describe(token: AccessToken) -> str:
    subject, audience = token.identity.get("sub", ""), token.identity.get("aud", "")
    return (
        f"AWS issued an identity token with the subject {subject} and the audience {audience}. The provider exchanged "
        f"it for an access token, which is valid until {token.expires_at.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}."
    )
