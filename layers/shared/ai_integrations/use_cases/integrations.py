"""The use cases for one integration: create, get, update, rotate and roll back its key, delete and restore."""

from collections.abc import Callable, Collection
from contextlib import suppress
from dataclasses import replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, NamedTuple

from pydantic import SecretStr

from ai_integrations.domain import rules
from ai_integrations.domain.destinations import redirects
from ai_integrations.domain.errors import (
    AccessForbiddenError,
    ContentionError,
    NoKeyToRotateError,
    NoPreviousKeyError,
    NotFoundError,
    RepeatedRequestError,
    VersionConflictError,
)
from ai_integrations.domain.model import (
    Caller,
    CredentialChange,
    CredentialsSet,
    ExternalSecretArn,
    IdempotencyKey,
    Integration,
    Policy,
    PreviousKey,
    Removal,
    Role,
    SecretVersion,
    Settings,
    Tombstone,
)
from ai_integrations.use_cases.keyed_writes import KeyedWrites
from ai_integrations.use_cases.optimistic_locking import retry_on_conflict
from ai_integrations.use_cases.visibility import Visibility

if TYPE_CHECKING:
    from ai_integrations.use_cases.ports import IntegrationRepository, KeyStore

Edit = Callable[[Integration], Integration]
VerifyKey = Callable[[Integration, SecretStr], None]
VersionCondition = Callable[[Integration], bool]


class RequestedChange(NamedTuple):
    """What a request changes about an integration.

    `edit` changes the settings. `sent_fields` are the names of the settings that the request contains, changed or not.
    """

    edit: Edit
    credentials: CredentialChange = Removal.NOTHING
    sent_fields: Collection[str] = ()


class Rotation(NamedTuple):
    """A new key, and the grace period during which the previous key stays readable.

    `verify` raises RuleViolationError if the provider does not accept the key. Without it, the key is not tested.
    """

    api_key: SecretStr
    grace: timedelta
    verify: VerifyKey | None = None


def any_version(_integration: Integration) -> bool:
    """Accept every version: the condition of a request without If-Match."""
    return True


class Integrations:
    """The use cases. Each acts on the caller's account.

    An integration that the caller may not see raises NotFoundError, as if it did not exist.
    """

    def __init__(  # noqa: PLR0913 - each is an independent collaborator
        self,
        *,
        repository: "IntegrationRepository",
        keys: "KeyStore",
        visibility: Visibility,
        clock: Callable[[], datetime],
        new_id: Callable[[datetime], str],
        policy: Policy,
    ) -> None:
        """`clock` returns an aware UTC time. `new_id` makes a ULID from it, so that ids sort by creation."""
        self._repository = repository
        self._keys = keys
        self._writes = KeyedWrites(repository, keys)
        self._visibility = visibility
        self._clock = clock
        self._new_id = new_id
        self._policy = policy

    def idempotent(self, key: IdempotencyKey) -> "Integrations":
        """Bind an idempotency key.

        A retried update or delete raises RepeatedRequestError; a retried rotation returns the original result.
        """
        return self.over(self._repository.idempotent(key), self._keys)

    def over(self, repository: "IntegrationRepository", keys: "KeyStore") -> "Integrations":
        """Bind other stores, such as those of dry runs."""
        return Integrations(
            repository=repository,
            keys=keys,
            visibility=self._visibility,
            clock=self._clock,
            new_id=self._new_id,
            policy=self._policy,
        )

    def create(
        self,
        caller: Caller,
        settings: Settings,
        credentials: CredentialChange,
        idempotency_key: IdempotencyKey | None = None,
    ) -> Integration:
        """Create an integration. A retry with the same idempotency key returns the original result."""
        self._check_change(caller, settings, credentials)
        now = self._clock()
        integration = Integration.new(settings, caller, self._new_id(now), now)
        try:
            if isinstance(credentials, SecretStr | ExternalSecretArn):
                self._repository.precheck(integration, idempotency_key)
            integration = self._writes.with_credentials(integration, credentials, self._keys.create_key)
            self._writes.insert(integration, idempotency_key)
        except RepeatedRequestError as repeated:
            return self._writes.original_result(repeated.first, credentials)
        return integration

    def get(self, caller: Caller, ulid: str) -> Integration:
        """Read an integration."""
        integration = self._repository.get(caller.account, ulid)
        if integration is None or not self._visibility.can_see(caller, integration.scopings):
            raise NotFoundError
        return integration

    def update(
        self, caller: Caller, ulid: str, change: RequestedChange, condition: VersionCondition = any_version
    ) -> Integration:
        """Update an integration that meets the condition. Concurrent updates are applied one after another."""

        def updated(current: Integration) -> Integration:
            changed = change.edit(current)
            self._check_change(caller, changed, change.credentials, current)
            rules.check_binding(current, changed, change.credentials, sends_headers="headers" in change.sent_fields)
            changed = self._writes.with_credentials(changed, change.credentials, self._keys.add_key_version)
            if changed.credentials == current.credentials:
                return changed
            return replace(changed, credentials_set=self._set_now(caller, current))

        return self._edit(caller, ulid, updated, condition)

    def rotate_key(
        self, caller: Caller, ulid: str, rotation: Rotation, condition: VersionCondition = any_version
    ) -> Integration:
        """Rotate the API key. Until the grace period ends, the previous key can still be read by its version.

        The key is verified once, before the first attempt to write. ContentionError if a concurrent write meanwhile
        changed the destination of the integration's requests, so that the key was verified elsewhere.
        """
        if rotation.verify is not None and caller.role is not Role.ADMIN:
            raise AccessForbiddenError  # connection tests are for admins
        try:
            verified = self._verify(caller, ulid, rotation, condition)

            def rotated(current: Integration) -> Integration:
                if verified is not None and redirects(verified, current):
                    raise ContentionError
                return self._with_new_key(caller, current, rotation)

            return self._edit(caller, ulid, rotated, condition)
        except RepeatedRequestError as repeated:
            return self._writes.original_result(repeated.first, rotation.api_key)

    def roll_back_key(self, caller: Caller, ulid: str, condition: VersionCondition = any_version) -> Integration:
        """Roll back to the previous key while its grace period lasts. The key it replaced is released."""

        def rolled_back(current: Integration) -> Integration:
            previous = current.previous_key
            if previous is None or previous.usable_until <= self._clock():
                raise NoPreviousKeyError
            return replace(current, secret=previous.secret, previous_key=None, credentials_set=previous.credentials_set)

        return self._edit(caller, ulid, rolled_back, condition)

    def delete(self, caller: Caller, ulid: str, condition: VersionCondition = any_version) -> Tombstone:
        """Soft-delete an integration that meets the condition. `restore` undoes this during the recovery window."""

        def tombstone() -> Tombstone:
            current = self._get_writable(caller, ulid, condition)
            now = self._not_before(current.updated_at)
            expiry = now + self._policy.recovery_window
            return Tombstone(integration=current, deleted_at=now, deleted_by=caller.user, expires_at=expiry)

        def commit(deleted: Tombstone) -> Tombstone:
            self._repository.delete(deleted)
            return deleted

        return retry_on_conflict(tombstone, commit)

    def get_deleted(self, caller: Caller, ulid: str) -> Tombstone:
        """Read the tombstone of a deleted integration."""
        tombstone = self._repository.get_deleted(caller.account, ulid)
        if tombstone is None or not tombstone.is_restorable(self._clock()):
            raise NotFoundError
        self._authorize(caller, tombstone.integration)
        return tombstone

    def restore(self, caller: Caller, ulid: str) -> Integration:
        """Restore a deleted integration, key included. An integration that exists is returned unchanged."""

        def found() -> Tombstone | Integration:
            with suppress(NotFoundError):
                return self.get_deleted(caller, ulid)
            with suppress(NotFoundError):
                return self._get_writable(caller, ulid, any_version)
            return self.get_deleted(caller, ulid)  # it may have been deleted between the two reads

        def commit(found: Tombstone | Integration) -> Integration:
            if isinstance(found, Integration):
                return found
            return self._writes.restore(found, self._next_version(caller, found.integration, found.deleted_at))

        return retry_on_conflict(found, commit)

    def _verify(self, caller: Caller, ulid: str, rotation: Rotation, condition: VersionCondition) -> Integration | None:
        """Verify the new key if the rotation asks for it, and return the integration that it was verified for."""
        if rotation.verify is None:
            return None
        current = self._get_writable(caller, ulid, condition)
        _check_rotation(current, rotation)
        rotation.verify(current, rotation.api_key)
        return current

    def _with_new_key(self, caller: Caller, current: Integration, rotation: Rotation) -> Integration:
        secret = _check_rotation(current, rotation)
        previous = PreviousKey(
            secret=secret, usable_until=self._clock() + rotation.grace, credentials_set=current.credentials_set
        )
        return replace(
            current,
            secret=self._keys.add_key_version(current, rotation.api_key),
            previous_key=previous if rotation.grace else None,
            credentials_set=self._set_now(caller, current),
        )

    def _edit(self, caller: Caller, ulid: str, edit: Edit, condition: VersionCondition) -> Integration:
        def edited() -> tuple[Integration, Integration]:
            current = self._get_writable(caller, ulid, condition)
            return current, edit(current)

        def commit(versions: tuple[Integration, Integration]) -> Integration:
            current, changed = versions
            if changed == current:
                return current
            return self._writes.update(current, self._next_version(caller, changed, current.updated_at))

        return retry_on_conflict(edited, commit)

    def _get_writable(self, caller: Caller, ulid: str, condition: VersionCondition) -> Integration:
        integration, conflict = self._repository.get_for_write(caller.account, ulid, self._clock())
        if integration is None:
            raise NotFoundError
        self._authorize(caller, integration)
        if conflict is not None:  # before the condition, which the retried request has already met
            raise conflict
        if not condition(integration):
            raise VersionConflictError
        return integration

    def _authorize(self, caller: Caller, integration: Integration) -> None:
        if not self._visibility.can_see(caller, integration.scopings):
            raise NotFoundError
        if not caller.may_write(integration.scopings):
            raise AccessForbiddenError

    def _check_change(
        self, caller: Caller, settings: Settings, credentials: CredentialChange, previous: Integration | None = None
    ) -> None:
        if not caller.may_write(settings.scopings):
            raise AccessForbiddenError
        needs_admin = (
            isinstance(credentials, ExternalSecretArn)
            or rules.changes_federation(previous, credentials)
            or rules.redirects_role(settings, previous)
        )
        if needs_admin and caller.role is not Role.ADMIN:
            raise AccessForbiddenError
        rules.check_settings(settings, previous=previous, policy=self._policy)
        rules.check_credentials(settings.provider, credentials, previous=previous, policy=self._policy)

    def _set_now(self, caller: Caller, current: Integration) -> CredentialsSet:
        return CredentialsSet(at=self._not_before(current.updated_at), by=caller.user)

    def _next_version(self, caller: Caller, integration: Integration, earlier: datetime) -> Integration:
        version, now = integration.version + 1, self._not_before(earlier)
        return replace(integration, version=version, updated_at=now, updated_by=caller.user)

    def _not_before(self, earlier: datetime) -> datetime:
        """Read the clock. The time of a change is never before that of the previous one, which keeps them in order."""
        return max(self._clock(), earlier)


def _check_rotation(current: Integration, rotation: Rotation) -> SecretVersion:
    """Check that the key can be replaced by the new one, and return where it is stored."""
    if current.secret is None or not current.secret.is_owned:
        raise NoKeyToRotateError
    rules.check_key(current.provider, rotation.api_key)
    return current.secret
