"""Tests of connections: of integrations as they are, and of ones that are not there yet."""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from typing import Protocol

from pydantic import SecretStr

from ai_integrations import rules
from ai_integrations.errors import (
    AccessForbiddenError,
    FieldError,
    KeyUnavailableError,
    NotFoundError,
    RuleViolationError,
)
from ai_integrations.health import Health, Rung
from ai_integrations.model import Caller, Integration, Policy, Role, Secret, SecretReference, Settings
from ai_integrations.ports import KeyChange
from ai_integrations.runtime.reader import ReadKey
from ai_integrations.runtime.resolving import Reader


class Integrations(Protocol):
    """Where integrations are kept."""

    def get(self, account: str, ulid: str) -> Integration | None:
        """Return an integration."""
        ...


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


class Healths(Protocol):
    """Where outcomes are kept."""

    def record(self, health: Health) -> None:
        """Write the outcome of a test."""
        ...


class ConnectionTests:
    """What admins can find out about connections."""

    def __init__(
        self,
        *,
        integrations: Integrations,
        reader: Reader,
        ladder: Ladder,
        fingerprints: Fingerprints,
        healths: Healths,
        clock: Callable[[], datetime],
        new_id: Callable[[datetime], str],
        policy: Policy,
    ) -> None:
        """`clock` tells an aware UTC time; `new_id` makes a ULID of it."""
        self._integrations = integrations
        self._reader = reader
        self._ladder = ladder
        self._fingerprints = fingerprints
        self._healths = healths
        self._clock = clock
        self._new_id = new_id
        self._policy = policy

    def of_saved(self, caller: Caller, ulid: str, model: str | None) -> Health:
        """Test an integration with the key that it has, and record what came of it."""
        integration = self._integrations.get(caller.account, ulid)
        if integration is None or not caller.sees(integration.scopings):
            raise NotFoundError
        _check_admin(caller)
        key = self._reader.read(integration, integration.secret) if integration.secret else None
        health = self._climbed(integration, key, model)
        self._healths.record(health)
        return health

    def of_settings(self, caller: Caller, settings: Settings, key: KeyChange) -> Health:
        """Test what may become an integration; the rules hold as for a create, and nothing is stored."""
        _check_admin(caller)
        rules.check(settings, former=None, policy=self._policy)
        now = self._clock()
        integration = Integration(
            **vars(settings),
            id=self._new_id(now),
            account=caller.account,
            version=0,
            created_at=now,
            updated_at=now,
            created_by=caller.user,
            updated_by=caller.user,
        )
        return self._climbed(integration, self._given(integration, key), None)

    def of_new_key(self, integration: Integration, key: SecretStr) -> tuple[Rung, ...]:
        """Test an integration with a key that it does not have yet; nothing is stored."""
        return self._ladder.climb(integration, key, None)

    def _given(self, integration: Integration, key: KeyChange) -> ReadKey | None:
        """Return the key that came with the request, or that lies where the request says."""
        if isinstance(key, SecretStr):
            return ReadKey(value=key, version="")
        if not isinstance(key, SecretReference):
            return None
        try:
            return self._reader.read(integration, Secret(arn=key.arn, version=None))
        except KeyUnavailableError:
            # In the words of a create, so that nobody learns which secrets exist.
            raise RuleViolationError(
                FieldError("/api_key_secret_arn", "This account has no such secret to refer to.")
            ) from None

    def _climbed(self, integration: Integration, key: ReadKey | None, model: str | None) -> Health:
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
        return replace(health, key_version=key.version or None, key_fingerprint=fingerprint)


def _check_admin(caller: Caller) -> None:
    if caller.role is not Role.ADMIN:
        raise AccessForbiddenError
