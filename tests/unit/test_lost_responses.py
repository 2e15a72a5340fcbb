"""A committed write whose response is lost, and whose retry conflicts with a later write, keeps its key."""

from dataclasses import replace
from datetime import timedelta

import pytest

from ai_integrations.domain.errors import NameTakenError, NotFoundError, VersionConflictError
from ai_integrations.domain.model import Integration, PreviousKey, SecretVersion, Tombstone
from ai_integrations.use_cases.integrations import RequestedChange
from tests.builders import API_KEY, NOON, ULID, a_caller, an_integration, the_settings
from tests.fakes import InMemoryKeyStore, InMemoryRepository, LostResponseRepository, build_integrations
from tests.unit.use_case_fixture import NEW_KEY, OLD_KEY


def referenced_key(repository: InMemoryRepository, keys: InMemoryKeyStore) -> str | None:
    secret = repository.integrations["acme", ULID].secret
    return keys.read_key(secret) if secret else None


def test_create_keeps_the_key_when_a_lost_attempt_committed() -> None:
    repository, keys = LostResponseRepository(), InMemoryKeyStore()
    with pytest.raises(NameTakenError):
        build_integrations(repository, keys).create(a_caller(), the_settings(), OLD_KEY)
    assert referenced_key(repository, keys) == API_KEY


class RotatedRepository(LostResponseRepository):
    """A repository where the later write is a rotation with a grace period."""

    def overwrite(self, committed: Integration) -> None:
        assert committed.secret is not None
        previous = PreviousKey(secret=committed.secret, usable_until=NOON + timedelta(hours=1))
        rotated = SecretVersion(arn=committed.secret.arn, version="rotated")
        self._write(replace(committed, version=committed.version + 1, secret=rotated, previous_key=previous))


class DeletedRepository(LostResponseRepository):
    """A repository where the later write is a deletion."""

    def overwrite(self, committed: Integration) -> None:
        expiry = NOON + timedelta(days=30)
        self.delete(Tombstone(integration=committed, deleted_at=NOON, deleted_by="bob", expires_at=expiry))


def set_key_at_first_version(repository: InMemoryRepository, keys: InMemoryKeyStore) -> None:
    original = an_integration()
    InMemoryRepository.insert(repository, replace(original, secret=keys.create_key(original, OLD_KEY)), None)

    def is_first_version(integration: Integration) -> bool:
        return integration.version == 1

    build_integrations(repository, keys).update(
        a_caller(), ULID, RequestedChange(lambda current: current, NEW_KEY), is_first_version
    )


def test_update_keeps_the_key_when_a_lost_attempt_committed() -> None:
    repository, keys = LostResponseRepository(), InMemoryKeyStore()
    with pytest.raises(VersionConflictError):
        set_key_at_first_version(repository, keys)
    assert referenced_key(repository, keys) == NEW_KEY.get_secret_value()


def test_update_keeps_the_key_when_a_lost_attempt_committed_and_was_rotated() -> None:
    repository, keys = RotatedRepository(), InMemoryKeyStore()
    with pytest.raises(VersionConflictError):
        set_key_at_first_version(repository, keys)
    previous = repository.integrations["acme", ULID].previous_key
    assert previous is not None
    assert keys.read_key(previous.secret) == NEW_KEY.get_secret_value()


def test_update_keeps_the_key_when_a_lost_attempt_committed_and_was_deleted() -> None:
    repository, keys = DeletedRepository(), InMemoryKeyStore()
    with pytest.raises(NotFoundError):
        set_key_at_first_version(repository, keys)
    secret = repository.tombstones["acme", ULID].integration.secret
    assert secret is not None
    assert keys.read_key(secret) == NEW_KEY.get_secret_value()
