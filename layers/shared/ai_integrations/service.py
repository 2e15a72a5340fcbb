"""The use cases: what callers can do with the integrations of their account."""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from datetime import datetime

from pydantic import SecretStr

from ai_integrations import rules
from ai_integrations.errors import (
    AccessForbiddenError,
    ContentionError,
    NameTakenError,
    NotFoundError,
    RepeatedRequestError,
    VersionConflictError,
)
from ai_integrations.model import Caller, IdempotencyKey, Integration, KeepKey, Policy, Settings, Tombstone
from ai_integrations.ports import REFUSALS, Repository, Vault

_ATTEMPTS = 5  # at a change that others keep coming before

Change = Callable[[Integration], Integration]
VersionCondition = Callable[[Integration], bool]


def any_version(_integration: Integration) -> bool:
    """Accept whatever version is there."""
    return True


class Integrations:
    """What callers can do with the integrations of their account.

    An integration that a caller may not see is NotFoundError, like one that never was.
    """

    def __init__(
        self,
        *,
        repository: Repository,
        vault: Vault,
        clock: Callable[[], datetime],
        new_id: Callable[[datetime], str],
        policy: Policy,
    ) -> None:
        """`clock` tells an aware UTC time; `new_id` makes a ULID of it, so that ids sort by creation."""
        self._repository = repository
        self._vault = vault
        self._clock = clock
        self._new_id = new_id
        self._policy = policy

    def create(
        self,
        caller: Caller,
        settings: Settings,
        api_key: SecretStr | None,
        idempotency_key: IdempotencyKey | None = None,
    ) -> Integration:
        """Register an integration; a repeated request gets the first one's answer."""
        self._check(caller, settings)
        integration = self._new(caller, settings)
        try:
            if api_key is None:
                self._repository.add(integration, idempotency_key)
                return integration
            self._repository.look(integration, idempotency_key)
            return self._add_with_key(integration, api_key, idempotency_key)
        except RepeatedRequestError as repeated:
            return repeated.first

    def get(self, caller: Caller, ulid: str) -> Integration:
        """Return an integration that the caller may see."""
        integration = self._repository.get(caller.account, ulid)
        if integration is None or not caller.sees(integration.scopings):
            raise NotFoundError
        return integration

    def update(
        self,
        caller: Caller,
        ulid: str,
        change: Change,
        api_key: SecretStr | KeepKey | None,
        condition: VersionCondition = any_version,
    ) -> Integration:
        """Change an integration that meets the condition; racing changes follow one another."""
        for _ in range(_ATTEMPTS):
            current = self._writable(caller, ulid, condition)
            changed = change(current)
            if changed == current and api_key is KeepKey.KEEP:
                return current
            self._check(caller, changed, current)
            rules.check_binding(current, changed, api_key)
            with suppress(VersionConflictError):
                return self._replace(current, self._next(changed), api_key)
        raise ContentionError

    def delete(self, caller: Caller, ulid: str, condition: VersionCondition = any_version) -> None:
        """Delete an integration that meets the condition; `restore` can bring it back until the window ends."""
        for _ in range(_ATTEMPTS):
            current = self._writable(caller, ulid, condition)
            now = self._clock()
            expiry = now + self._policy.recovery_window
            tombstone = Tombstone(integration=current, deleted_at=now, deleted_by=caller.user, expires_at=expiry)
            with suppress(VersionConflictError):
                self._repository.remove(tombstone)
                if current.secret is not None:
                    self._vault.retire(current.secret)
                return
        raise ContentionError

    def restore(self, caller: Caller, ulid: str) -> Integration:
        """Bring a deleted integration back, key included; one that is there stays as it is."""
        tombstone = self._repository.get_deleted(caller.account, ulid)
        if tombstone is None or tombstone.expires_at <= self._clock():
            return self._writable(caller, ulid, any_version)
        deleted = tombstone.integration
        self._authorize(caller, deleted)
        self._repository.look(deleted, None)
        if deleted.secret is not None:
            self._vault.revive(deleted.secret)
        restored = self._next(deleted)
        try:
            self._repository.bring_back(tombstone, restored)
        except NameTakenError:
            if deleted.secret is not None:
                self._vault.retire(deleted.secret)
            raise
        return restored

    def _add_with_key(
        self, integration: Integration, api_key: SecretStr, idempotency_key: IdempotencyKey | None
    ) -> Integration:
        secret = self._vault.store(integration, api_key)
        integration = replace(integration, secret=secret)
        try:
            self._repository.add(integration, idempotency_key)
        except REFUSALS:
            self._vault.discard(secret, None)
            raise
        return integration

    def _replace(self, current: Integration, changed: Integration, api_key: SecretStr | KeepKey | None) -> Integration:
        if isinstance(api_key, SecretStr):
            return self._replace_with_key(current, changed, api_key)
        if api_key is None:
            changed = replace(changed, secret=None)
        self._repository.replace(current, changed)
        if current.secret is not None and changed.secret is None:
            self._vault.retire(current.secret)
        return changed

    def _replace_with_key(self, current: Integration, changed: Integration, api_key: SecretStr) -> Integration:
        secret = self._vault.replace(current, api_key)
        changed = replace(changed, secret=secret)
        try:
            self._repository.replace(current, changed)
        except REFUSALS:
            self._vault.discard(secret, current.secret)
            raise
        self._vault.settle(secret)
        return changed

    def _writable(self, caller: Caller, ulid: str, condition: VersionCondition) -> Integration:
        integration = self._repository.get(caller.account, ulid)
        if integration is None:
            raise NotFoundError
        self._authorize(caller, integration)
        if not condition(integration):
            raise VersionConflictError
        return integration

    def _authorize(self, caller: Caller, integration: Integration) -> None:
        if not caller.sees(integration.scopings):
            raise NotFoundError
        if not caller.may_write(integration.scopings):
            raise AccessForbiddenError

    def _check(self, caller: Caller, settings: Settings, former: Settings | None = None) -> None:
        if not caller.may_write(settings.scopings):
            raise AccessForbiddenError
        rules.check(settings, former=former, policy=self._policy)

    def _next(self, integration: Integration) -> Integration:
        return replace(integration, version=integration.version + 1, updated_at=self._clock())

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
