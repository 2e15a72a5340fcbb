"""What `ports.Repository` promises of what is there: reading, changing, deleting, bringing back."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest

from ai_integrations.domain.errors import NameTakenError, VersionConflictError
from ai_integrations.domain.model import Integration, Scoping, Tombstone
from tests.builders import NOON, an_idempotency_key, an_integration
from tests.contract.worlds import World

FIRST = an_integration(id="FIRST", name="Production OpenAI")
OTHER = an_integration(id="OTHER", name="Another")


def next_version(integration: Integration, name: str | None = None) -> Integration:
    return replace(integration, version=integration.version + 1, name=name or integration.name)


def a_tombstone(integration: Integration) -> Tombstone:
    expiry = NOON + timedelta(days=30)
    return Tombstone(integration=integration, deleted_at=NOON, deleted_by="bob", expires_at=expiry)


def test_returns_what_was_written_and_nothing_else(world: World) -> None:
    world.repository.insert(FIRST, None)
    assert world.repository.get("acme", "FIRST") == FIRST
    assert world.repository.get("acme", "OTHER") is None
    assert world.repository.get("other", "FIRST") is None
    assert world.repository.get_deleted("acme", "FIRST") is None


@pytest.mark.parametrize("name", ["Production OpenAI", "PRODUCTION openai", "Renamed"])
def test_changes_an_integration_and_its_name(world: World, name: str) -> None:
    world.repository.insert(FIRST, None)
    changed = next_version(FIRST, name)
    world.repository.update(FIRST, changed)
    assert world.repository.get("acme", "FIRST") == changed
    with pytest.raises(NameTakenError):
        world.repository.insert(replace(OTHER, name=name), None)


def test_frees_the_name_before_at_once(world: World) -> None:
    world.repository.insert(FIRST, None)
    world.repository.update(FIRST, next_version(FIRST, "Renamed"))
    world.repository.insert(replace(OTHER, name=FIRST.name), None)
    assert world.repository.get("acme", "OTHER") is not None


def test_changes_nothing_when_the_new_name_is_taken(world: World) -> None:
    world.repository.insert(FIRST, None)
    world.repository.insert(OTHER, None)
    with pytest.raises(NameTakenError):
        world.repository.update(FIRST, next_version(FIRST, "ANOTHER"))
    assert world.repository.get("acme", "FIRST") == FIRST


@pytest.mark.parametrize("name", [None, "Another"])
def test_refuses_to_change_another_version_than_was_read(world: World, name: str | None) -> None:
    world.repository.insert(FIRST, None)
    world.repository.insert(OTHER, None)
    second = next_version(FIRST)
    world.repository.update(FIRST, second)
    with pytest.raises(VersionConflictError):
        world.repository.update(FIRST, replace(second, enable_default_models=True, name=name or second.name))
    assert world.repository.get("acme", "FIRST") == second


def test_refuses_to_change_or_delete_what_is_not_there(world: World) -> None:
    with pytest.raises(VersionConflictError):
        world.repository.update(FIRST, next_version(FIRST))
    with pytest.raises(VersionConflictError):
        world.repository.delete(a_tombstone(FIRST))
    with pytest.raises(VersionConflictError):
        world.repository.restore(a_tombstone(FIRST), next_version(FIRST))
    assert world.repository.get("acme", "FIRST") is None
    assert world.repository.get_deleted("acme", "FIRST") is None


def test_deletes_an_integration_and_frees_its_name(world: World) -> None:
    world.repository.insert(FIRST, None)
    world.repository.delete(a_tombstone(FIRST))
    assert world.repository.get("acme", "FIRST") is None
    assert world.repository.get_deleted("acme", "FIRST") == a_tombstone(FIRST)
    world.repository.insert(replace(OTHER, name=FIRST.name), None)
    assert world.repository.get("acme", "OTHER") is not None


def test_refuses_to_delete_another_version_than_was_read(world: World) -> None:
    world.repository.insert(FIRST, None)
    world.repository.update(FIRST, next_version(FIRST))
    with pytest.raises(VersionConflictError):
        world.repository.delete(a_tombstone(FIRST))
    assert world.repository.get("acme", "FIRST") == next_version(FIRST)


def test_brings_an_integration_back_with_its_name(world: World) -> None:
    world.repository.insert(FIRST, None)
    world.repository.delete(a_tombstone(FIRST))
    world.repository.restore(a_tombstone(FIRST), next_version(FIRST))
    assert world.repository.get("acme", "FIRST") == next_version(FIRST)
    assert world.repository.get_deleted("acme", "FIRST") is None
    with pytest.raises(NameTakenError):
        world.repository.precheck(replace(OTHER, name=FIRST.name), None)


def test_leaves_the_tombstone_when_the_name_is_taken_by_now(world: World) -> None:
    world.repository.insert(FIRST, None)
    world.repository.delete(a_tombstone(FIRST))
    world.repository.insert(replace(OTHER, name=FIRST.name), None)
    with pytest.raises(NameTakenError):
        world.repository.restore(a_tombstone(FIRST), next_version(FIRST))
    assert world.repository.get("acme", "FIRST") is None
    assert world.repository.get_deleted("acme", "FIRST") == a_tombstone(FIRST)


def replaced(world: World) -> None:
    world.repository.update(FIRST, next_version(FIRST, "Renamed"))


def removed(world: World) -> None:
    world.repository.delete(a_tombstone(FIRST))


def brought_back(world: World) -> None:
    world.repository.restore(a_tombstone(FIRST), next_version(FIRST))


@pytest.mark.parametrize("writes", [(replaced,), (removed,), (removed, brought_back)])
def test_takes_its_own_write_for_done(world: World, writes: tuple[Callable[[World], None], ...]) -> None:
    world.repository.insert(FIRST, an_idempotency_key())
    for write in writes:
        write(world)
    before = world.repository.get("acme", "FIRST"), world.repository.get_deleted("acme", "FIRST")
    writes[-1](world)
    assert (world.repository.get("acme", "FIRST"), world.repository.get_deleted("acme", "FIRST")) == before


def test_lists_the_newest_first_and_tells_whether_more_follow(world: World) -> None:
    ids = [f"ID{number}" for number in range(5)]
    for ulid in (ids[2], ids[0], ids[4], ids[1], ids[3]):
        world.repository.insert(an_integration(id=ulid, name=ulid), None)
    world.repository.insert(an_integration(id="ID9", account="other"), None)
    world.repository.insert(an_integration(id="ID8", name="gone"), an_idempotency_key())
    world.repository.delete(a_tombstone(an_integration(id="ID8", name="gone")))
    first = world.repository.newest("acme", None, 3)
    assert [each.id for each in first.integrations] == ["ID4", "ID3", "ID2"]
    assert first.more is True
    rest = world.repository.newest("acme", "ID2", 3)
    assert [each.id for each in rest.integrations] == ["ID1", "ID0"]
    assert rest.more is False
    assert world.repository.newest("nobody", None, 3).integrations == ()


def test_goes_on_behind_an_integration_that_is_gone(world: World) -> None:
    for ulid in ("ID0", "ID2"):
        world.repository.insert(an_integration(id=ulid, name=ulid), None)
    assert [each.id for each in world.repository.newest("acme", "ID1", 9).integrations] == ["ID0"]


def test_learns_the_organization_of_a_space_from_what_is_written(world: World) -> None:
    pair = Scoping(organization_id="o", space_id="s")
    world.repository.insert(
        replace(FIRST, scopings=(pair, Scoping(space_id="alone"), Scoping(organization_id="o"))), None
    )
    other = Scoping(organization_id="late", space_id="s")
    world.repository.insert(replace(OTHER, scopings=(other, Scoping(organization_id="p", space_id="t"))), None)
    known = {each.id: each.organization_id for each in world.directory.spaces("acme")}
    assert known == {"s": "o", "t": "p"}
    assert world.directory.space("acme", "s") == world.directory.spaces("acme")[0]
    assert world.directory.space("acme", "alone") is None
    assert world.directory.spaces("other") == []
