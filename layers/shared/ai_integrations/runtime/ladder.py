"""The test of a connection: reachable, authenticated, a model answers. It ends at the first rung that fails."""

from typing import Protocol

from pydantic import SecretStr

from ai_integrations.health import Rung
from ai_integrations.model import Integration
from ai_integrations.providers import PROVIDERS, Dialect


class KeyLadder(Protocol):
    """The test of a provider that is talked to with a key."""

    def climb(self, integration: Integration, key: SecretStr | None, model: str | None) -> tuple[Rung, ...]:
        """Return the rungs that were climbed."""
        ...


class RoleLadder(Protocol):
    """The test of a provider that takes a role in place of a key."""

    def climb(self, integration: Integration, model: str | None) -> tuple[Rung, ...]:
        """Return the rungs that were climbed."""
        ...


class Ladder:
    """Tests integrations of every provider."""

    def __init__(self, *, keys: KeyLadder, roles: RoleLadder) -> None:
        self._keys = keys
        self._roles = roles

    def climb(self, integration: Integration, key: SecretStr | None, model: str | None) -> tuple[Rung, ...]:
        """Test an integration with a key, which need not be the one that it has.

        The model is the one that is named, or the integration's first.
        """
        model = model or next(iter(integration.model_names or ()), None)
        if PROVIDERS[integration.provider].probe.dialect is Dialect.BEDROCK:
            return self._roles.climb(integration, model)
        return self._keys.climb(integration, key, model)
