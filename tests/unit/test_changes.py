"""Changing, rotating, deleting and restoring, on fakes that keep a journal; other writers get in between."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest
from pydantic import SecretStr

from ai_integrations.adapters.secrets_manager.key_store import ACCOUNT_TAG
from ai_integrations.domain.errors import (
    AccessForbiddenError,
    ContentionError,
    NameTakenError,
    NoKeyToRotateError,
    NoPreviousKeyError,
    NotFoundError,
    RuleViolationError,
    VersionConflictError,
)
from ai_integrations.domain.model import (
    Caller,
    ExternalSecretArn,
    Integration,
    KeepKey,
    Membership,
    Role,
    SecretVersion,
    Tombstone,
)
from ai_integrations.use_cases.integrations import Edit, Integrations, Rotation
from tests.builders import API_KEY, NOON, ULID, a_caller, a_policy, an_idempotency_key, an_integration, the_settings
from tests.fakes import InMemoryVault, RacingRepository

OLD, NEW = SecretStr(API_KEY), SecretStr("sk-fake-new-key")
ADMIN, READER = a_caller(), a_caller(role=Role.READER)
KEEP = KeepKey.KEEP
HOUR = timedelta(hours=1)
ROTATION = Rotation(api_key=NEW, grace=HOUR)


class World:
    """The use cases over fakes, with one integration that has a key."""

    def __init__(self, key: SecretStr | None = OLD, repository: RacingRepository | None = None) -> None:
        self.repository, self.vault = repository or RacingRepository(), InMemoryVault()
        self.now = NOON
        self.integrations = Integrations(
            repository=self.repository,
            keys=self.vault,
            clock=lambda: self.now,
            new_id=lambda _moment: ULID,
            policy=a_policy(),
        )
        self.first = self.integrations.create(ADMIN, the_settings(), key)
        self.journal = self.repository.journal = self.vault.journal = []

    @property
    def stored(self) -> Integration:
        return self.repository.integrations["acme", ULID]

    @property
    def named_key(self) -> str | None:
        """Return the key that the stored integration names."""
        return self.vault.key(self.stored.secret) if self.stored.secret else None

    def rename(self, name: str = "Renamed") -> Integration:
        return self.integrations.update(ADMIN, ULID, lambda current: replace(current, name=name), KEEP)

    def change_key(self, key: SecretStr | ExternalSecretArn | None) -> Integration:
        return self.integrations.update(ADMIN, ULID, lambda current: current, key)

    def rotate(self) -> Integration:
        return self.integrations.rotate_key(ADMIN, ULID, ROTATION)

    def roll_back(self) -> Integration:
        return self.integrations.roll_back_key(ADMIN, ULID)

    def delete(self) -> None:
        self.integrations.delete(ADMIN, ULID)

    def restore(self) -> Integration:
        return self.integrations.restore(ADMIN, ULID)


def test_raises_the_version_and_says_who_changed_it_and_when() -> None:
    world = World()
    world.now += HOUR
    bob = a_caller(user="bob")
    changed = world.integrations.update(bob, ULID, lambda current: replace(current, name="x"), KEEP)
    assert changed == replace(world.first, name="x", version=2, updated_at=NOON + HOUR, updated_by="bob")
    assert world.stored == changed


def test_writes_nothing_when_nothing_changes() -> None:
    world = World()
    assert world.rename(world.first.name) == world.first
    assert world.journal == ["get"]


def test_stores_a_new_key_before_it_is_named() -> None:
    world = World()
    world.change_key(NEW)
    assert world.journal == ["get", "add_key_version", "update"]
    assert world.named_key == NEW.get_secret_value()


def test_forgets_a_key_that_is_set_to_nothing() -> None:
    world = World()
    world.change_key(None)
    assert (world.stored.secret, world.journal) == (None, ["get", "update"])


def test_refers_to_a_key_of_others_for_an_admin_alone() -> None:
    world = World()
    reference = ExternalSecretArn(arn=world.vault.keep_for_others("theirs", API_KEY, {ACCOUNT_TAG: "acme"}))
    assert world.change_key(reference).secret == SecretVersion(arn=reference.arn, version=None)
    member = a_caller(role=Role.MEMBER)
    with pytest.raises(AccessForbiddenError):
        world.integrations.create(member, the_settings(name="x", scopings=()), reference)


RACERS: list[Callable[[World], object]] = [
    World.rename,
    lambda world: world.change_key(NEW),
    lambda world: world.change_key(None),
    World.rotate,
    World.delete,
]


@pytest.mark.parametrize("change", RACERS)
def test_follows_other_writers(change: Callable[[World], object]) -> None:
    world = World()
    world.repository.races = 4
    change(world)
    assert world.repository.races == 0
    assert len(world.vault.secrets) == 1


@pytest.mark.parametrize("change", RACERS)
def test_gives_up_behind_five_other_writers_and_leaves_everything_as_it_was(change: Callable[[World], object]) -> None:
    world = World()
    world.repository.races = 5
    with pytest.raises(ContentionError):
        change(world)
    assert world.stored == replace(world.first, version=6)
    assert world.named_key == API_KEY
    assert [len(each.versions) for each in world.vault.secrets.values()] == [1]


@pytest.mark.parametrize("races", [1, 4])
def test_keeps_the_former_key_when_a_roll_back_follows_other_writers(races: int) -> None:
    world = World()
    world.rotate()
    world.repository.races = races
    world.roll_back()
    assert world.named_key == API_KEY


def test_keeps_both_keys_when_a_roll_back_gives_up() -> None:
    world = World()
    world.rotate()
    world.repository.races = 5
    with pytest.raises(ContentionError):
        world.roll_back()
    assert world.named_key == NEW.get_secret_value()
    assert world.stored.previous_key is not None
    assert world.vault.key(world.stored.previous_key.secret) == API_KEY


def test_rotates_a_key_with_a_grace_and_rolls_it_back() -> None:
    world = World()
    rotated = world.rotate()
    assert rotated.previous_key is not None
    assert rotated.previous_key.usable_until == NOON + HOUR
    assert (world.named_key, world.vault.key(rotated.previous_key.secret)) == (NEW.get_secret_value(), API_KEY)
    assert world.roll_back().previous_key is None
    assert world.named_key == API_KEY


def test_rolls_nothing_back_without_a_former_key_or_after_its_grace() -> None:
    world = World()
    with pytest.raises(NoPreviousKeyError):
        world.roll_back()
    world.rotate()
    world.now += HOUR
    with pytest.raises(NoPreviousKeyError):
        world.roll_back()


def test_rotates_no_key_that_it_does_not_keep() -> None:
    with pytest.raises(NoKeyToRotateError):
        World(key=None).rotate()


class Provider:
    """What keys are tested at: it takes all but one."""

    def __init__(self, world: World, refused: SecretStr | None = None) -> None:
        self._journal, self._refused = world.journal, refused

    def verify(self, integration: Integration, api_key: SecretStr) -> None:
        self._journal.append(f"verify at {integration.version}")
        if api_key == self._refused:
            raise RuleViolationError


def test_lets_a_key_take_effect_that_the_provider_takes() -> None:
    world = World()
    rotated = world.integrations.rotate_key(ADMIN, ULID, ROTATION._replace(verify=Provider(world).verify))
    assert world.journal == ["get", "verify at 1", "add_key_version", "update"]
    assert (world.stored, world.named_key) == (rotated, NEW.get_secret_value())


def test_stores_no_key_that_the_provider_refuses() -> None:
    world = World()
    with pytest.raises(RuleViolationError):
        world.integrations.rotate_key(ADMIN, ULID, ROTATION._replace(verify=Provider(world, NEW).verify))
    assert world.journal == ["get", "verify at 1"]
    assert world.named_key == API_KEY


def test_verifies_a_key_again_when_others_have_changed_the_integration_since() -> None:
    world = World()
    world.repository.races = 1
    world.integrations.rotate_key(ADMIN, ULID, ROTATION._replace(verify=Provider(world).verify))
    assert [each for each in world.journal if "verify" in each] == ["verify at 1", "verify at 2"]


def test_has_keys_verified_for_admins_alone() -> None:
    world = World()
    member = a_caller(role=Role.MEMBER, memberships=(Membership(organization_id="o", admin=True),))
    with pytest.raises(AccessForbiddenError):
        world.integrations.rotate_key(member, ULID, ROTATION._replace(verify=Provider(world).verify))
    assert world.journal == []


def test_answers_a_rotation_that_comes_again_as_the_first_time() -> None:
    world = World()
    once = world.integrations.idempotent(an_idempotency_key())
    rotated = once.rotate_key(ADMIN, ULID, ROTATION)
    assert once.rotate_key(ADMIN, ULID, ROTATION) == rotated
    assert world.stored == rotated
    assert rotated.previous_key is not None
    assert world.vault.key(rotated.previous_key.secret) == API_KEY


def test_removes_the_new_key_when_the_new_name_is_taken() -> None:
    world = World()
    world.repository.insert(an_integration(id="OTHER", name="Taken"), None)
    with pytest.raises(NameTakenError):
        world.integrations.update(ADMIN, ULID, lambda current: replace(current, name="TAKEN"), NEW)
    assert world.named_key == API_KEY
    assert [len(each.versions) for each in world.vault.secrets.values()] == [1]


def test_checks_the_whole_of_what_a_change_would_make() -> None:
    world = World(key=None)
    with pytest.raises(RuleViolationError):
        world.integrations.update(ADMIN, ULID, lambda current: replace(current, provider="AWS_BEDROCK"), KEEP)
    assert world.stored == world.first


@pytest.mark.parametrize(
    "change",
    [
        lambda current: replace(current, provider="ANTHROPIC"),
        lambda current: replace(current, base_url="https://elsewhere.example.com"),
    ],
)
def test_never_lets_a_stored_key_follow_to_another_destination(change: Edit) -> None:
    world = World()
    with pytest.raises(RuleViolationError):
        world.integrations.update(ADMIN, ULID, change, KEEP)
    for key in (NEW, None):
        world.integrations.update(ADMIN, ULID, change, key)
    assert world.stored.secret is None


def test_deletes_for_a_while_and_restores() -> None:
    world = World()
    world.delete()
    assert world.repository.integrations == {}
    assert world.integrations.get_deleted(ADMIN, ULID).deleted_by == "alice"
    restored = world.restore()
    assert restored == replace(world.first, version=2)
    assert world.journal[-2:] == ["cancel_deletion", "restore"]
    assert world.restore() == restored


def test_restores_nothing_when_the_window_has_ended() -> None:
    world = World()
    world.delete()
    world.now += timedelta(days=30)
    for call in (world.restore, lambda: world.integrations.get_deleted(ADMIN, ULID)):
        with pytest.raises(NotFoundError):
            call()


def test_restores_nothing_when_the_name_is_taken() -> None:
    world = World()
    world.delete()
    world.repository.insert(an_integration(id="OTHER"), None)
    world.journal.clear()
    with pytest.raises(NameTakenError):
        world.restore()
    assert world.journal == ["get_deleted", "precheck"]


@pytest.mark.parametrize("races", [1, 4])
def test_restores_behind_others_who_restore_and_delete(races: int) -> None:
    world = World()
    world.delete()
    world.repository.races = races
    assert world.restore() == replace(world.first, version=2 + races)


class DeletedMeanwhile(RacingRepository):
    """A store where somebody deletes what has just been found not to be deleted."""

    def get_deleted(self, account: str, ulid: str) -> Tombstone | None:
        found = super().get_deleted(account, ulid)
        there = self.integrations.get((account, ulid))
        if there is not None:
            self.delete(Tombstone(integration=there, deleted_at=NOON, deleted_by="bob", expires_at=NOON + HOUR))
        return found


def test_restores_what_is_deleted_while_it_looks() -> None:
    world = World(repository=DeletedMeanwhile())
    assert world.restore() == replace(world.first, version=2)


def test_gives_up_restoring_behind_five_others() -> None:
    world = World()
    world.delete()
    world.repository.races = 5
    with pytest.raises(ContentionError):
        world.restore()
    assert world.repository.integrations == {}


def test_writes_only_over_a_version_that_meets_the_condition() -> None:
    world = World()
    for call in (
        lambda: world.integrations.update(ADMIN, ULID, lambda current: current, NEW, lambda _current: False),
        lambda: world.integrations.delete(ADMIN, ULID, lambda _current: False),
    ):
        with pytest.raises(VersionConflictError):
            call()
    assert world.journal == ["get", "get"]


@pytest.mark.parametrize(
    ("caller", "error"), [(READER, AccessForbiddenError), (a_caller(account="other"), NotFoundError)]
)
def test_touches_no_secret_for_whoever_may_not_write(caller: Caller, error: type[Exception]) -> None:
    world = World()
    for call in (
        lambda: world.integrations.update(caller, ULID, lambda current: current, NEW),
        lambda: world.integrations.rotate_key(caller, ULID, ROTATION),
        lambda: world.integrations.roll_back_key(caller, ULID),
        lambda: world.integrations.delete(caller, ULID),
    ):
        with pytest.raises(error):
            call()
    assert set(world.journal) == {"get"}
