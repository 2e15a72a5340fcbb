"""The trial of a key that nothing names yet, by a function that has no right in AWS."""

from typing import Protocol

from pydantic import SecretStr

from ai_integrations.health import Rung, Standing
from ai_integrations.model import Integration
from ai_integrations.runtime.rungs import AUTHENTICATED, Stopwatch


class Ladder(Protocol):
    """How a connection is tested."""

    def climb(self, integration: Integration, key: SecretStr | None, model: str | None) -> tuple[Rung, ...]:
        """Return the rungs that were climbed."""
        ...


class NoRoles:
    """Tests no integration that names a role: who can not assume it has nothing to show."""

    def climb(self, _integration: Integration, _model: str | None) -> tuple[Rung, ...]:
        """Return the one rung."""
        why = "This provider is opened by a role: a key of it can not be tested."
        return (Stopwatch(AUTHENTICATED).unproved(why),)


class KeyTrial:
    """Tries keys at their providers."""

    def __init__(self, ladder: Ladder) -> None:
        self._ladder = ladder

    def refusal(self, integration: Integration, api_key: SecretStr) -> str | None:
        """Say why a key has not been seen to be taken: by a rung that failed, or because none could show it."""
        for rung in self._ladder.climb(integration, api_key, None):
            if rung.status is Standing.FAILED or (rung.name == AUTHENTICATED and rung.status is not Standing.PASSED):
                said = f" The provider said: {rung.provider_said}" if rung.provider_said else ""
                return f"The test of the key ended at {rung.name!r}. {rung.not_proved}{said}"
        return None
