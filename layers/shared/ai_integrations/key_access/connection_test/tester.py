"""Run one connection test and record when, and with which key."""

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import TYPE_CHECKING

from ai_integrations.domain.connection_health import CheckStatus, Health, Rung
from ai_integrations.domain.credentials import ReadKey
from ai_integrations.domain.endpoints import endpoints_of, is_own_root
from ai_integrations.domain.model import Caller, Integration, Settings
from ai_integrations.domain.providers import PROVIDERS, Dialect
from ai_integrations.key_access.connection_test.step_timer import AUTHENTICATED

if TYPE_CHECKING:
    from ai_integrations.use_cases.ports import KeyFingerprints, StepRunner

_UNSAVED = "unsaved"


class ConnectionTester:
    """Runs connection tests and stores nothing."""

    def __init__(self, *, steps: "StepRunner", fingerprints: "KeyFingerprints", clock: Callable[[], datetime]) -> None:
        """`clock` returns an aware UTC time."""
        self._steps = steps
        self._fingerprints = fingerprints
        self._clock = clock

    def draft(self, caller: Caller, settings: Settings) -> Integration:
        """Build an unsaved integration from a caller's settings: version 0, with a placeholder as its id."""
        return Integration.new(settings, caller, _UNSAVED, self._clock(), version=0)

    def test(self, integration: Integration, key: ReadKey | None, model: str | None) -> Health:
        """Test an integration with a key.

        The result contains the fingerprint of a stored key. The key of an unsaved integration gets one only if the
        provider accepted it at its own address. Otherwise callers could type keys to find out which of them the account
        holds, with a server of their own that accepts every key.
        """
        findings = self._steps.run(integration, key.value if key else None, model)
        health = Health(
            account=integration.account,
            id=integration.id,
            integration_version=integration.version,
            checked_at=self._clock(),
            model=model,
            rungs=findings.rungs,
            models=findings.models,
        )
        is_stored = integration.version > 0
        if key is None or not (is_stored or _accepted_key(integration, health.rungs)):
            return health
        fingerprint = self._fingerprints.try_compute(integration.account, key.value)
        return health._replace(key_version=key.version or None, key_fingerprint=fingerprint)


def _accepted_key(integration: Integration, rungs: Sequence[Rung]) -> bool:
    """Check whether the provider itself accepted the key. Bedrock authenticates the role and ignores the key."""
    is_key_tested = PROVIDERS[integration.provider].probe.dialect is not Dialect.BEDROCK
    is_accepted = any(rung.name == AUTHENTICATED and rung.status is CheckStatus.PASSED for rung in rungs)
    endpoints = endpoints_of(integration.provider, integration.base_url, integration.provider_metadata)
    is_own_address = endpoints is not None and is_own_root(integration.provider, endpoints.root)
    return is_key_tested and is_accepted and is_own_address
