"""Verify a key before rotation. The function that does this, functions/verify_key, has no AWS permissions."""

from typing import TYPE_CHECKING

from pydantic import SecretStr

from ai_integrations.domain.connection_health import CheckStatus, Rung
from ai_integrations.domain.model import Integration
from ai_integrations.key_access.connection_test.step_timer import AUTHENTICATED, StepTimer

if TYPE_CHECKING:
    from ai_integrations.use_cases.ports import StepRunner


class SkippedRoleSteps:
    """Reports integrations with an IAM role as inconclusive: this function cannot assume roles."""

    def run(self, _integration: Integration, _model: str | None) -> tuple[Rung, ...]:
        """Report one inconclusive step."""
        reason = "This provider uses an IAM role instead of a key, so there is no key to verify."
        return (StepTimer(AUTHENTICATED).inconclusive(reason),)


class KeyVerification:
    """Verifies keys against their providers."""

    def __init__(self, steps: "StepRunner") -> None:
        self._steps = steps

    def verify(self, integration: Integration, api_key: SecretStr) -> str | None:
        """Verify a key: None if the provider accepted it, or the reason why it was not verified.

        No step may fail, and `authenticated` must pass.
        """
        for rung in self._steps.run(integration, api_key, None).rungs:
            if rung.status is CheckStatus.FAILED or (
                rung.name == AUTHENTICATED and rung.status is not CheckStatus.PASSED
            ):
                return _describe(rung)
        return None


def _describe(rung: Rung) -> str:
    provider = f" The provider returned: {rung.provider_said}" if rung.provider_said else ""
    return f"The key was not verified (step {rung.name!r}). {rung.not_proved}{provider}"
