"""The use cases, and what they need of the world."""

from collections.abc import Callable, Collection
from dataclasses import replace
from datetime import datetime
from typing import Protocol

from pydantic import SecretStr

from ai_integrations import rules
from ai_integrations.errors import (
    AccessForbiddenError,
    ContentionError,
    IdempotencyKeyReusedError,
    NameTakenError,
    RepeatedRequestError,
)
from ai_integrations.model import Caller, IdempotencyKey, Integration, Secret, Settings


class Repository(Protocol):
    """Where integrations are kept."""

    def look(self, integration: Integration, idempotency_key: IdempotencyKey | None) -> None:
        """Raise what `add` would raise now, in one read and without writing."""
        ...

    def add(self, integration: Integration, idempotency_key: IdempotencyKey | None) -> None:
        """Write a new integration with its guards, all or nothing.

        Raises NameTakenError, RepeatedRequestError, IdempotencyKeyReusedError or ContentionError when the store has
        said no; whatever else it raises leaves open whether the write has happened.
        """
        ...


class Vault(Protocol):
    """Where provider keys are kept; this side of it can not read them."""

    def store(self, integration: Integration, api_key: SecretStr) -> Secret:
        """Keep the first key of an integration."""
        ...

    def discard(self, secret: Secret) -> None:
        """Remove, as well as can be, a secret that no integration names; what stays is left to the sweep."""
        ...


class Integrations:
    """What callers can do with the integrations of their account."""

    def __init__(
        self,
        *,
        repository: Repository,
        vault: Vault,
        clock: Callable[[], datetime],
        new_id: Callable[[datetime], str],
        allowed_private_hosts: Collection[str] = (),
    ) -> None:
        """`clock` tells an aware UTC time; `new_id` makes a ULID of it, so that ids sort by creation."""
        self._repository = repository
        self._vault = vault
        self._clock = clock
        self._new_id = new_id
        self._allowed_private_hosts = allowed_private_hosts

    def create(
        self,
        caller: Caller,
        settings: Settings,
        api_key: SecretStr | None,
        idempotency_key: IdempotencyKey | None = None,
    ) -> Integration:
        """Register an integration; a repeated request gets the first one's answer."""
        if not caller.may_write(settings.scopings):
            raise AccessForbiddenError
        rules.check(settings, allowed_private_hosts=self._allowed_private_hosts)
        integration = self._new(caller, settings)
        try:
            if api_key is None:
                self._repository.add(integration, idempotency_key)
                return integration
            self._repository.look(integration, idempotency_key)
            return self._add_with_key(integration, api_key, idempotency_key)
        except RepeatedRequestError as repeated:
            return repeated.first

    def _add_with_key(
        self, integration: Integration, api_key: SecretStr, idempotency_key: IdempotencyKey | None
    ) -> Integration:
        secret = self._vault.store(integration, api_key)
        integration = replace(integration, secret=secret)
        try:
            self._repository.add(integration, idempotency_key)
        except (NameTakenError, RepeatedRequestError, IdempotencyKeyReusedError, ContentionError):
            self._vault.discard(secret)
            raise
        return integration

    def _new(self, caller: Caller, settings: Settings) -> Integration:
        now = self._clock()
        return Integration(
            **vars(settings),
            id=self._new_id(now),
            account=caller.account,
            version=1,
            created_at=now,
            updated_at=now,
            created_by=caller.user,
        )
