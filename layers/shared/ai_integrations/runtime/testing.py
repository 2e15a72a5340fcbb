"""One test: the ladder, its moment, and which key it was."""

from collections.abc import Callable
from datetime import datetime
from typing import Protocol

from pydantic import SecretStr

from ai_integrations.health import Health, Rung
from ai_integrations.model import Caller, Integration, Settings
from ai_integrations.runtime.reader import ReadKey

_UNSAVED = "unsaved"


class Ladder(Protocol):
    """How a connection is tested."""

    def climb(self, integration: Integration, key: SecretStr | None, model: str | None) -> tuple[Rung, ...]:
        """Return the rungs that were climbed."""
        ...


class Fingerprints(Protocol):
    """How keys are told apart without being shown."""

    def of_tested(self, account: str, key: SecretStr) -> str | None:
        """Return the fingerprint of a key, if one can be had."""
        ...


class ConnectionTester:
    """Makes tests, and stores nothing."""

    def __init__(self, *, ladder: Ladder, fingerprints: Fingerprints, clock: Callable[[], datetime]) -> None:
        """`clock` tells an aware UTC time."""
        self._ladder = ladder
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
            rungs=self._ladder.climb(integration, key.value if key else None, model),
        )
        if key is None:
            return health
        fingerprint = self._fingerprints.of_tested(integration.account, key.value)
        return health._replace(key_version=key.version or None, key_fingerprint=fingerprint)
