"""What follows from a committed write: first the cleanup of its key, then the word on the bus."""

from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from ai_integrations.adapters.dynamodb import items
from ai_integrations.adapters.dynamodb.stream import parse_record
from ai_integrations.domain.model import Integration, PreviousKey, SecretVersion, Tombstone
from ai_integrations.use_cases.change_publishing import ChangePublisher
from tests.builders import NOON, an_integration
from tests.event_fakes import CleanupJournal, InMemoryBus
from tests.fakes import InMemoryRepository
from tests.streams import a_record, record_of

SECRET = SecretVersion(arn="arn:stack/1", version="v1")
OTHER_VERSION = SECRET._replace(version="v2")
OTHER_SECRET = SecretVersion(arn="arn:stack/2", version="v1")
FIRST = an_integration(secret=SECRET, updated_by="alice")
SECOND = replace(FIRST, version=2)
TOMBSTONE = Tombstone(integration=FIRST, deleted_at=NOON, deleted_by="alice", expires_at=NOON + timedelta(days=30))


@dataclass
class World:
    bus: InMemoryBus = field(default_factory=InMemoryBus)
    cleanup: CleanupJournal = field(default_factory=CleanupJournal)
    repository: InMemoryRepository = field(default_factory=InMemoryRepository)
    now: datetime = NOON

    def __post_init__(self) -> None:
        self.publisher = ChangePublisher(
            cleanup=self.cleanup, integrations=self.repository, bus=self.bus, clock=lambda: self.now
        )

    def handle(self, record: dict[str, Any]) -> list[tuple[object, ...]]:
        """Return what was tidied for a record."""
        self.publisher.handle(parse_record(record))
        return self.cleanup.journal

    def told(self) -> list[str]:
        return [event.detail_type for event in self.bus.events]


@pytest.fixture
def world() -> World:
    return World()


def test_has_nothing_to_tidy_after_a_creation(world: World) -> None:
    assert world.handle(a_record(None, FIRST)) == []
    assert world.told() == ["AI Integration Created"]


def test_has_nothing_to_tidy_after_a_change_of_fields(world: World) -> None:
    assert world.handle(a_record(FIRST, replace(SECOND, name="x"))) == []
    assert world.told() == ["AI Integration Updated"]


def test_lets_the_label_follow_to_another_version(world: World) -> None:
    assert world.handle(a_record(FIRST, replace(SECOND, secret=OTHER_VERSION))) == [
        ("promote_version", OTHER_VERSION, SECRET)
    ]
    assert world.told() == ["AI Integration Key Rotated"]


def test_keeps_a_former_key_while_its_grace_lasts(world: World) -> None:
    former = PreviousKey(secret=SECRET, usable_until=NOON + timedelta(hours=1))
    rotated = a_record(FIRST, replace(SECOND, secret=OTHER_VERSION, previous_key=former))
    assert world.handle(rotated) == [("promote_version", OTHER_VERSION)]


def grace_end(integration: Integration) -> dict[str, Any]:
    assert integration.previous_key is not None
    return record_of(items.grace_item(integration, integration.previous_key), None)


def test_lets_a_former_key_go_when_its_grace_has_ended_and_tells_nobody(world: World) -> None:
    former = PreviousKey(secret=SECRET, usable_until=NOON + timedelta(hours=1))
    rotated = replace(SECOND, secret=OTHER_VERSION, previous_key=former)
    world.repository.insert(rotated, None)
    world.now += timedelta(hours=1)
    assert world.handle(grace_end(rotated)) == [("promote_version", OTHER_VERSION, SECRET)]
    assert world.told() == []


def test_keeps_a_former_key_that_a_later_rotation_has_given_another_grace(world: World) -> None:
    former = PreviousKey(secret=SECRET, usable_until=NOON + timedelta(hours=1))
    rotated = replace(SECOND, secret=OTHER_VERSION, previous_key=former)
    world.repository.insert(rotated, None)
    assert world.handle(grace_end(rotated)) == []


def test_has_nothing_to_let_go_of_an_integration_that_was_deleted_meanwhile(world: World) -> None:
    former = PreviousKey(secret=SECRET, usable_until=NOON + timedelta(hours=1))
    assert world.handle(grace_end(replace(SECOND, previous_key=former))) == []


@pytest.mark.parametrize("now_named", [None, OTHER_SECRET, SecretVersion(arn="arn:theirs", version=None)])
def test_retires_a_secret_that_is_not_named_any_more(world: World, now_named: SecretVersion | None) -> None:
    journal = world.handle(a_record(FIRST, replace(SECOND, secret=now_named)))
    assert journal[0] == ("schedule_deletion", SECRET)
    assert ("schedule_deletion", now_named) not in journal


def test_retires_the_secret_of_a_deleted_integration(world: World) -> None:
    assert world.handle(a_record(None, TOMBSTONE)) == [("schedule_deletion", SECRET)]
    assert world.told() == ["AI Integration Deleted"]


def test_keeps_the_secret_of_an_integration_that_has_been_restored_by_now(world: World) -> None:
    world.repository.insert(SECOND, None)
    assert world.handle(a_record(None, TOMBSTONE)) == []
    assert world.told() == ["AI Integration Deleted"]


def test_revives_the_secret_of_a_restored_integration(world: World) -> None:
    assert world.handle(a_record(None, SECOND)) == [("cancel_deletion", SECRET)]
    assert world.told() == ["AI Integration Restored"]


def test_has_nothing_to_retire_without_a_key(world: World) -> None:
    assert world.handle(a_record(None, TOMBSTONE._replace(integration=replace(FIRST, secret=None)))) == []


def test_has_nothing_to_tidy_after_a_first_key(world: World) -> None:
    assert world.handle(a_record(replace(FIRST, secret=None), SECOND)) == []
    assert world.told() == ["AI Integration Updated"]


def test_raises_what_the_bus_raises_so_that_the_record_comes_again(world: World) -> None:
    world.bus.error = TimeoutError()
    record = a_record(FIRST, replace(SECOND, secret=OTHER_VERSION))
    with pytest.raises(TimeoutError):
        world.handle(record)
    world.bus.error = None
    assert world.handle(record) == [("promote_version", OTHER_VERSION, SECRET)] * 2
    assert world.told() == ["AI Integration Key Rotated"]
