"""One test: the steps, its moment, and which key it was."""

from collections.abc import Callable
from datetime import datetime

from ai_integrations.domain.connection_health import Health
from ai_integrations.domain.credentials import ReadKey
from ai_integrations.domain.model import Caller, Integration, Settings
from ai_integrations.use_cases.ports import KeyFingerprints, StepRunner

_UNSAVED = "unsaved"


class ConnectionTester:
    """Makes tests, and stores nothing."""

    def __init__(self, *, steps: StepRunner, fingerprints: KeyFingerprints, clock: Callable[[], datetime]) -> None:
        """`clock` tells an aware UTC time."""
        self._steps = steps
        self._fingerprints = fingerprints
        self._clock = clock

    def draft(self, caller: Caller, settings: Settings) -> Integration:
        """Return what a caller's settings would make, before it is saved: without an id and of no version."""
        now = self._clock()
        return Integration(
            **vars(settings),
            id=_UNSAVED,
            account=caller.account,
            version=0,
            created_at=now,
            updated_at=now,
            created_by=caller.user,
            updated_by=caller.user,
        )

    def test(self, integration: Integration, key: ReadKey | None, model: str | None) -> Health:
        """Test an integration with a key, which need not be the one that it has."""
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
        fingerprint = self._fingerprints.of_tested(integration.account, key.value)
        return health._replace(key_version=key.version or None, key_fingerprint=fingerprint)
