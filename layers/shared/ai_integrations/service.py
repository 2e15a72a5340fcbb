"""The use cases: what callers can do with the integrations of their account."""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from datetime import datetime, timedelta
from typing import NamedTuple

from pydantic import SecretStr

from ai_integrations import rules
from ai_integrations.errors import (
    AccessForbiddenError,
    ContentionError,
    NoFormerKeyError,
    NoKeyToRotateError,
    NotFoundError,
    RepeatedRequestError,
    VersionConflictError,
)
from ai_integrations.model import (
    Caller,
    FormerKey,
    IdempotencyKey,
    Integration,
    KeepKey,
    Policy,
    Role,
    Secret,
    SecretReference,
    Settings,
    Tombstone,
)
from ai_integrations.ports import REFUSALS, KeyChange, Repository, Vault

_ATTEMPTS = 5  # at a change that others keep coming before

Change = Callable[[Integration], Integration]
KeyStore = Callable[[Integration, SecretStr], Secret]
KeyCheck = Callable[[Integration, SecretStr], None]
VersionCondition = Callable[[Integration], bool]


class Rotation(NamedTuple):
    """A key that is to take effect, and for how long the one before can still be had.

    `verify` raises RuleViolationError unless the provider takes the key; without it, the key is taken on trust.
    """

    api_key: SecretStr
    grace: timedelta
    verify: KeyCheck | None = None


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

    def once(self, request: IdempotencyKey) -> "Integrations":
        """Return the use cases for one request.

        An update or a deletion that comes again is RepeatedRequestError, a rotation gets the first one's answer.
        """
        return Integrations(
            repository=self._repository.once(request),
            vault=self._vault,
            clock=self._clock,
            new_id=self._new_id,
            policy=self._policy,
        )

    def create(
        self,
        caller: Caller,
        settings: Settings,
        key: KeyChange,
        idempotency_key: IdempotencyKey | None = None,
    ) -> Integration:
        """Register an integration, with its key if there is one; a repeated request gets the first one's answer."""
        self._check(caller, settings, key)
        integration = self._new(caller, settings)
        try:
            if isinstance(key, SecretStr | SecretReference):
                self._repository.look(integration, idempotency_key)
            integration = self._with_key(integration, key, self._vault.store)
            self._add(integration, idempotency_key)
        except RepeatedRequestError as repeated:
            return repeated.first
        return integration

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
        key: KeyChange,
        condition: VersionCondition = any_version,
    ) -> Integration:
        """Change an integration that meets the condition; racing changes follow one another."""

        def updated(current: Integration) -> Integration:
            changed = change(current)
            self._check(caller, changed, key, current)
            rules.check_binding(current, changed, key)
            return self._with_key(changed, key, self._vault.replace)

        return self._rewrite(caller, ulid, updated, condition)

    def rotate_key(
        self, caller: Caller, ulid: str, rotation: Rotation, condition: VersionCondition = any_version
    ) -> Integration:
        """Let another key take effect; the one before stays to be had, by its version, while the grace lasts."""

        def rotated(current: Integration) -> Integration:
            if current.secret is None or not current.secret.is_owned:
                raise NoKeyToRotateError
            if rotation.verify is not None:
                rotation.verify(current, rotation.api_key)
            until = self._clock() + rotation.grace
            former = FormerKey(secret=current.secret, usable_until=until) if rotation.grace else None
            return replace(current, secret=self._vault.replace(current, rotation.api_key), former_key=former)

        if rotation.verify is not None and caller.role is not Role.ADMIN:
            raise AccessForbiddenError  # as of any other test of a connection
        try:
            return self._rewrite(caller, ulid, rotated, condition)
        except RepeatedRequestError as repeated:
            return repeated.first

    def roll_key_back(self, caller: Caller, ulid: str, condition: VersionCondition = any_version) -> Integration:
        """Go back to the key before the last rotation, while its grace lasts; the key that it replaced is let go."""

        def rolled_back(current: Integration) -> Integration:
            former = current.former_key
            if former is None or former.usable_until <= self._clock():
                raise NoFormerKeyError
            return replace(current, secret=former.secret, former_key=None)

        return self._rewrite(caller, ulid, rolled_back, condition)

    def delete(self, caller: Caller, ulid: str, condition: VersionCondition = any_version) -> Tombstone:
        """Delete an integration that meets the condition; `restore` can bring it back until the window ends."""
        for _ in range(_ATTEMPTS):
            current = self._writable(caller, ulid, condition)
            now = self._clock()
            expiry = now + self._policy.recovery_window
            tombstone = Tombstone(integration=current, deleted_at=now, deleted_by=caller.user, expires_at=expiry)
            with suppress(VersionConflictError):
                self._repository.remove(tombstone)
                return tombstone
        raise ContentionError

    def deleted(self, caller: Caller, ulid: str) -> Tombstone:
        """Return what is left of a deleted integration."""
        tombstone = self._repository.get_deleted(caller.account, ulid)
        if tombstone is None or tombstone.expires_at <= self._clock():
            raise NotFoundError
        self._authorize(caller, tombstone.integration)
        return tombstone

    def restore(self, caller: Caller, ulid: str) -> Integration:
        """Bring a deleted integration back, key included; one that is there stays as it is."""
        for _ in range(_ATTEMPTS):
            try:
                tombstone = self.deleted(caller, ulid)
            except NotFoundError:
                with suppress(NotFoundError):
                    return self._writable(caller, ulid, any_version)
                tombstone = self.deleted(caller, ulid)  # what was in neither place may have gone from one to the other
            with suppress(VersionConflictError):
                return self._bring_back(tombstone, self._next(caller, tombstone.integration))
        raise ContentionError

    def _bring_back(self, tombstone: Tombstone, restored: Integration) -> Integration:
        self._repository.look(tombstone.integration, None)
        if restored.secret is not None:
            self._vault.revive(restored.secret)
        self._repository.bring_back(tombstone, restored)
        return restored

    def _with_key(self, integration: Integration, key: KeyChange, store: KeyStore) -> Integration:
        if key is KeepKey.KEEP:
            return integration
        if isinstance(key, SecretStr):
            return replace(integration, secret=store(integration, key), former_key=None)
        secret = self._vault.refer(integration.account, key) if isinstance(key, SecretReference) else None
        return replace(integration, secret=secret, former_key=None)

    def _rewrite(self, caller: Caller, ulid: str, change: Change, condition: VersionCondition) -> Integration:
        for _ in range(_ATTEMPTS):
            current = self._writable(caller, ulid, condition)
            changed = change(current)
            if changed == current:
                return current
            with suppress(VersionConflictError):
                return self._replace(current, self._next(caller, changed))
        raise ContentionError

    def _add(self, integration: Integration, idempotency_key: IdempotencyKey | None) -> None:
        try:
            self._repository.add(integration, idempotency_key)
        except REFUSALS:
            if integration.secret is not None:
                self._take_back(integration, integration.secret, None)
            raise

    def _replace(self, current: Integration, changed: Integration) -> Integration:
        former = current.former_key and current.former_key.secret
        try:
            self._repository.replace(current, changed)
        except REFUSALS:
            if changed.secret is not None and changed.secret not in {current.secret, former}:
                self._take_back(changed, changed.secret, current.secret)
            raise
        return changed

    def _take_back(self, refused: Integration, secret: Secret, kept: Secret | None) -> None:
        """Take back the key of a write that was refused, unless the table names it.

        An attempt whose answer was lost may have written it, and another writer may have come before the next attempt.
        """
        now = self._repository.get(refused.account, refused.id)
        if now is None:
            deleted = self._repository.get_deleted(refused.account, refused.id)
            now = deleted.integration if deleted else None
        if now is None or not now.names(secret):
            self._vault.discard(secret, kept)

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

    def _check(self, caller: Caller, settings: Settings, key: KeyChange, former: Settings | None = None) -> None:
        if not caller.may_write(settings.scopings):
            raise AccessForbiddenError
        if isinstance(key, SecretReference) and caller.role is not Role.ADMIN:
            raise AccessForbiddenError
        rules.check(settings, former=former, policy=self._policy)

    def _next(self, caller: Caller, integration: Integration) -> Integration:
        version = integration.version + 1
        return replace(integration, version=version, updated_at=self._clock(), updated_by=caller.user)

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
            updated_by=caller.user,
        )
