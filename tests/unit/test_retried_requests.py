"""Requests that are retried with their idempotency key: the original result, but only for the original API key."""

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from pydantic import SecretStr

from ai_integrations.adapters.secrets_manager.key_store import ACCOUNT_TAG
from ai_integrations.domain.errors import (
    AccessForbiddenError,
    IdempotencyConflict,
    IdempotencyKeyReusedError,
    NotFoundError,
)
from ai_integrations.domain.model import CredentialChange, ExternalSecretArn, IdempotencyKey, Integration, Removal, Role
from ai_integrations.use_cases.integrations import RequestedChange, Rotation
from tests.builders import ULID, a_caller, an_idempotency_key, the_settings
from tests.fakes import InMemoryRepository, RacingRepository
from tests.unit.use_case_fixture import ADMIN, NEW_KEY, OLD_KEY, ExistingIntegrationFixture, UseCaseFixture

OTHER_KEY = SecretStr("sk-fake-other-key")
ROTATION = Rotation(api_key=NEW_KEY, grace=timedelta(hours=1))


class ConcurrentRepository(RacingRepository):
    """A repository where each request with an idempotency key reads before the other one commits."""

    def precheck(self, integration: Integration, idempotency_key: IdempotencyKey | None) -> None: ...

    def get_for_write(
        self, account: str, ulid: str, now: datetime
    ) -> tuple[Integration | None, IdempotencyConflict | None]:
        integration, _conflict = super().get_for_write(account, ulid, now)
        return integration, None


class RetriedCreateFixture(UseCaseFixture):
    """A create with an idempotency key, and retries of it."""

    def __init__(self, key: CredentialChange = OLD_KEY, repository: InMemoryRepository | None = None) -> None:
        super().__init__(repository, ids=(ULID, *(f"RETRY{number}" for number in range(9))))
        self.original = self.create(key)
        self.journal.clear()

    def create(self, key: CredentialChange) -> Integration:
        return self.integrations.create(ADMIN, the_settings(), key, an_idempotency_key())

    def rotate_key(self, times: int = 1) -> None:
        """Rotate the key, and release the previous one as the stream does."""
        for _ in range(times):
            before = self.integrations.get(ADMIN, ULID)
            rotated = self.integrations.rotate_key(ADMIN, ULID, Rotation(api_key=OTHER_KEY, grace=timedelta(0)))
            assert before.secret is not None
            assert rotated.secret is not None
            self.keys.promote_version(rotated.secret, {before.secret})

    def replace_key(self) -> None:
        self.integrations.update(ADMIN, ULID, RequestedChange(lambda current: current, OTHER_KEY))

    def remove_key(self) -> None:
        """Remove the key, and schedule its deletion as the stream does."""
        self.integrations.update(ADMIN, ULID, RequestedChange(lambda current: current, Removal.KEY))
        self._schedule_deletion()

    def delete(self) -> None:
        """Delete the integration, and schedule the deletion of its key as the stream does."""
        self.integrations.delete(ADMIN, ULID)
        self._schedule_deletion()

    def delete_and_restore(self) -> None:
        self.delete()
        self.integrations.restore(ADMIN, ULID)

    def _schedule_deletion(self) -> None:
        assert self.original.secret is not None
        self.keys.schedule_deletion(self.original.secret)


LaterChange = Callable[[RetriedCreateFixture], None]
CHANGES: dict[str, LaterChange] = {
    "rotated": RetriedCreateFixture.rotate_key,
    "rotated three times": lambda fixture: fixture.rotate_key(times=3),
    "key replaced": RetriedCreateFixture.replace_key,
    "restored": RetriedCreateFixture.delete_and_restore,
}
REMOVALS: dict[str, LaterChange] = {
    "key removed": RetriedCreateFixture.remove_key,
    "deleted": RetriedCreateFixture.delete,
}


@pytest.mark.parametrize(
    ("key", "calls"),
    [
        pytest.param(OLD_KEY, ["precheck", "holds_key"], id="with key"),
        pytest.param(Removal.KEY, ["insert"], id="without key"),
        pytest.param(Removal.NOTHING, ["insert"], id="key not mentioned"),
    ],
)
def test_retried_create_with_the_same_key_returns_the_original_result(key: CredentialChange, calls: list[str]) -> None:
    fixture = RetriedCreateFixture(key)
    fixture.now += timedelta(hours=23)
    assert fixture.create(key) == fixture.original
    assert fixture.journal == calls
    assert fixture.stored_integrations() == [fixture.original]


def test_retried_create_with_an_external_secret_does_not_compare_it() -> None:
    fixture = UseCaseFixture(ids=("FIRST", "SECOND"))
    reference = ExternalSecretArn(fixture.keys.create_external_secret("external", "x", {ACCOUNT_TAG: "acme"}))
    first, second = (
        fixture.integrations.create(ADMIN, the_settings(), reference, an_idempotency_key()) for _ in range(2)
    )
    assert second == first
    assert "holds_key" not in fixture.journal


@pytest.mark.parametrize(
    ("first", "retried", "calls"),
    [
        pytest.param(OLD_KEY, OTHER_KEY, ["precheck", "holds_key"], id="another key"),
        pytest.param(OLD_KEY, Removal.KEY, ["insert"], id="no key"),
        pytest.param(OLD_KEY, Removal.NOTHING, ["insert"], id="key not mentioned"),
        pytest.param(Removal.KEY, OLD_KEY, ["precheck"], id="a key after none"),
    ],
)
def test_retried_create_with_another_key_is_rejected_and_stores_nothing(
    first: CredentialChange, retried: CredentialChange, calls: list[str]
) -> None:
    fixture = RetriedCreateFixture(first)
    keys = fixture.keys.current_keys()
    with pytest.raises(IdempotencyKeyReusedError):
        fixture.create(retried)
    assert fixture.journal == calls
    assert fixture.keys.current_keys() == keys
    assert fixture.stored_integrations() == [fixture.original]


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES.keys())
def test_retried_create_is_compared_with_its_own_key_after_later_changes(change: LaterChange) -> None:
    fixture = RetriedCreateFixture()
    change(fixture)
    assert fixture.create(OLD_KEY) == fixture.original
    with pytest.raises(IdempotencyKeyReusedError):
        fixture.create(OTHER_KEY)


@pytest.mark.parametrize("key", [OLD_KEY, OTHER_KEY], ids=["same key", "another key"])
@pytest.mark.parametrize("remove", REMOVALS.values(), ids=REMOVALS.keys())
def test_retried_create_is_rejected_when_its_key_cannot_be_compared(remove: LaterChange, key: SecretStr) -> None:
    fixture = RetriedCreateFixture()
    remove(fixture)
    with pytest.raises(IdempotencyKeyReusedError):
        fixture.create(key)
    assert fixture.keys.current_keys() == {}


@pytest.mark.parametrize("key", [OLD_KEY, OTHER_KEY], ids=["same key", "another key"])
def test_concurrent_create_that_loses_the_race_compares_its_key_and_discards_it(key: SecretStr) -> None:
    fixture = RetriedCreateFixture(repository=ConcurrentRepository())
    stored = fixture.keys.current_keys()
    if key is OLD_KEY:
        assert fixture.create(key) == fixture.original
    else:
        with pytest.raises(IdempotencyKeyReusedError):
            fixture.create(key)
    assert fixture.keys.current_keys() == stored


class RetriedRotationFixture(ExistingIntegrationFixture):
    """A rotation with an idempotency key, and retries of it."""

    def __init__(self, repository: RacingRepository | None = None) -> None:
        super().__init__(repository=repository)
        self.first = self.rotate_idempotently()
        self.journal.clear()

    def rotate_idempotently(self, api_key: SecretStr = NEW_KEY, user: str = "alice") -> Integration:
        idempotent = self.integrations.idempotent(an_idempotency_key(user=user))
        return idempotent.rotate_key(a_caller(user=user), ULID, ROTATION._replace(api_key=api_key))


def test_retried_rotation_with_the_same_key_returns_the_original_result_and_stores_nothing() -> None:
    fixture = RetriedRotationFixture()
    assert fixture.rotate_idempotently() == fixture.first
    assert fixture.journal == ["get", "holds_key"]
    assert fixture.stored == fixture.first


def test_retried_rotation_with_another_key_is_rejected_and_stores_nothing() -> None:
    fixture = RetriedRotationFixture()
    with pytest.raises(IdempotencyKeyReusedError):
        fixture.rotate_idempotently(api_key=OTHER_KEY)
    assert fixture.journal == ["get", "holds_key"]
    assert fixture.stored == fixture.first


def test_retried_rotation_is_compared_with_its_own_key_after_later_changes() -> None:
    fixture = RetriedRotationFixture()
    fixture.roll_back_key()
    fixture.rotate_key(Rotation(api_key=OTHER_KEY, grace=timedelta(0)))
    current = fixture.stored
    assert fixture.rotate_idempotently() == fixture.first
    with pytest.raises(IdempotencyKeyReusedError):
        fixture.rotate_idempotently(api_key=OTHER_KEY)
    assert fixture.stored == current


def test_retried_rotation_evaluates_neither_condition_nor_verification_again() -> None:
    def verify(_integration: Integration, _key: SecretStr) -> None:
        raise AssertionError

    fixture = RetriedRotationFixture()
    idempotent = fixture.integrations.idempotent(an_idempotency_key())
    retried = idempotent.rotate_key(ADMIN, ULID, ROTATION._replace(verify=verify), lambda _current: False)
    assert retried == fixture.first


def test_retried_rotation_of_a_deleted_integration_is_not_found() -> None:
    fixture = RetriedRotationFixture()
    fixture.delete()
    with pytest.raises(NotFoundError):
        fixture.rotate_idempotently()


def test_retried_rotation_by_a_caller_who_lost_the_right_to_write_is_forbidden() -> None:
    fixture = RetriedRotationFixture()
    with pytest.raises(AccessForbiddenError):
        fixture.integrations.idempotent(an_idempotency_key()).rotate_key(a_caller(role=Role.READER), ULID, ROTATION)


def test_rotation_with_an_idempotency_key_of_another_user_is_carried_out() -> None:
    fixture = RetriedRotationFixture()
    assert fixture.rotate_idempotently(user="bob", api_key=OTHER_KEY).version == fixture.first.version + 1
    assert fixture.referenced_key == OTHER_KEY.get_secret_value()


@pytest.mark.parametrize("key", [NEW_KEY, OTHER_KEY], ids=["same key", "another key"])
def test_concurrent_rotation_that_loses_the_race_compares_its_key_and_discards_it(key: SecretStr) -> None:
    fixture = RetriedRotationFixture(ConcurrentRepository())
    assert fixture.first.secret is not None
    versions = dict(fixture.keys.secrets[fixture.first.secret.arn].versions)
    if key is NEW_KEY:
        assert fixture.rotate_idempotently(api_key=key) == fixture.first
    else:
        with pytest.raises(IdempotencyKeyReusedError):
            fixture.rotate_idempotently(api_key=key)
    assert fixture.keys.secrets[fixture.first.secret.arn].versions == versions
    assert fixture.stored == fixture.first
