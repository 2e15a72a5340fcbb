"""The trial of a key that nothing names yet, by a function that has no right in AWS."""

from pydantic import SecretStr

from ai_integrations.domain.connection_health import CheckStatus, Rung
from ai_integrations.domain.model import Integration
from ai_integrations.key_access.connection_test.step_timer import AUTHENTICATED, StepTimer
from ai_integrations.use_cases.ports import StepRunner


class SkippedRoleSteps:
    """Tests no integration that names a role: who can not assume it has nothing to show."""

    def run(self, _integration: Integration, _model: str | None) -> tuple[Rung, ...]:
        """Return the one rung."""
        why = "This provider is opened by a role: a key of it can not be tested."
        return (StepTimer(AUTHENTICATED).unproved(why),)


class KeyVerification:
    """Tries keys at their providers."""

    def __init__(self, steps: StepRunner) -> None:
        self._steps = steps

    def refusal(self, integration: Integration, api_key: SecretStr) -> str | None:
        """Say why a key has not been seen to be taken: by a rung that failed, or because none could show it."""
        for rung in self._steps.run(integration, api_key, None):
            if rung.status is CheckStatus.FAILED or (
                rung.name == AUTHENTICATED and rung.status is not CheckStatus.PASSED
            ):
                said = f" The provider said: {rung.provider_said}" if rung.provider_said else ""
                return f"The test of the key ended at {rung.name!r}. {rung.not_proved}{said}"
        return None
