"""The test of a connection: reachable, authenticated, a model answers. It ends at the first rung that fails."""

from pydantic import SecretStr

from ai_integrations.domain.connection_health import Rung
from ai_integrations.domain.model import Integration
from ai_integrations.domain.providers import PROVIDERS, Dialect
from ai_integrations.use_cases.ports import RoleStepRunner, StepRunner


class ProviderSteps:
    """Tests integrations of every provider."""

    def __init__(self, *, keys: StepRunner, roles: RoleStepRunner) -> None:
        self._keys = keys
        self._roles = roles

    def run(self, integration: Integration, key: SecretStr | None, model: str | None) -> tuple[Rung, ...]:
        """Test an integration with a key, which need not be the one that it has.

        The model is the one that is named, or the integration's first.
        """
        model = model or next(iter(integration.model_names or ()), None)
        if PROVIDERS[integration.provider].probe.dialect is Dialect.BEDROCK:
            return self._roles.run(integration, model)
        return self._keys.run(integration, key, model)
