"""Run one connection test and record when, and with which key."""

from collections.abc import Callable
from datetime import datetime

from ai_integrations.domain.connection_health import Health
from ai_integrations.domain.credentials import ReadKey
from ai_integrations.domain.model import Caller, Integration, Settings
from ai_integrations.use_cases.ports import KeyFingerprints, StepRunner

_UNSAVED = "unsaved"


class ConnectionTester:
    """Runs connection tests and stores nothing."""

    def __init__(self, *, steps: StepRunner, fingerprints: KeyFingerprints, clock: Callable[[], datetime]) -> None:
        """`clock` returns an aware UTC time."""
        self._steps = steps
        self._fingerprints = fingerprints
        self._clock = clock

    def draft(self, caller: Caller, settings: Settings) -> Integration:
        """Build an unsaved integration from a caller's settings: version 0, with a placeholder as its id."""
        return Integration.new(settings, caller, _UNSAVED, self._clock(), version=0)

    def test(self, integration: Integration, key: ReadKey | None, model: str | None) -> Health:
        """Test an integration with a key, which may differ from its stored one."""
        health = Health(
            account=integration.account,
            id=integration.id,
            integration_version=integration.version,
            checked_at=self._clock(),
            model=model,
            rungs=self._steps.run(integration, key.value if key else None, model),
        )
        if key is None:
            return health
        fingerprint = self._fingerprints.try_compute(integration.account, key.value)
        return health._replace(key_version=key.version or None, key_fingerprint=fingerprint)
