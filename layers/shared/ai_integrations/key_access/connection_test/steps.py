"""Select the steps of a connection test by provider."""

from typing import TYPE_CHECKING

from pydantic import SecretStr

from ai_integrations.domain.connection_health import Findings
from ai_integrations.domain.model import Integration
from ai_integrations.domain.providers import PROVIDERS, Dialect

if TYPE_CHECKING:
    from ai_integrations.use_cases.ports import RoleStepRunner, StepRunner


class ProviderSteps:
    """Runs the steps that suit an integration's provider: with a key, or with an IAM role."""

    def __init__(self, *, keys: "StepRunner", roles: "RoleStepRunner") -> None:
        self._keys = keys
        self._roles = roles

    def run(self, integration: Integration, key: SecretStr | None, model: str | None) -> Findings:
        """Test an integration with a key, which may differ from its stored one.

        Without `model`, the first of the integration's models is tested.
        """
        model = model or next(iter(integration.model_names or ()), None)
        if PROVIDERS[integration.provider].probe.dialect is Dialect.BEDROCK:
            return Findings(self._roles.run(integration, model))
        return self._keys.run(integration, key, model)
