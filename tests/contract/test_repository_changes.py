"""`IntegrationRepository`: reading, updating, deleting, restoring and listing integrations."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest

from ai_integrations.adapters.dynamodb import items
from ai_integrations.adapters.dynamodb.attributes import from_wire, to_wire
from ai_integrations.domain.errors import NameTakenError, VersionConflictError
from ai_integrations.domain.model import CredentialsSet, Integration, PreviousKey, Scoping, SecretVersion, Tombstone
from tests.builders import NOON, an_idempotency_key, an_integration
from tests.contract.stores import AwsStores, Stores

FIRST = an_integration(id="FIRST", name="Production OpenAI")
OTHER = an_integration(id="OTHER", name="Another")


def next_version(integration: Integration, name: str | None = None) -> Integration:
    return replace(integration, version=integration.version + 1, name=name or integration.name)


def a_tombstone(integration: Integration) -> Tombstone:
    expiry = NOON + timedelta(days=30)
    return Tombstone(integration=integration, deleted_at=NOON, deleted_by="bob", expires_at=expiry)


def test_get_returns_only_the_integration_with_the_id(stores: Stores) -> None:
    stores.repository.insert(FIRST, None)
    assert stores.repository.get("acme", "FIRST") == FIRST
    assert stores.repository.get("acme", "OTHER") is None
    assert stores.repository.get("other", "FIRST") is None
    assert stores.repository.get_deleted("acme", "FIRST") is None


@pytest.mark.parametrize("name", ["Production OpenAI", "PRODUCTION openai", "Renamed"])
def test_update_replaces_the_integration_and_reserves_its_name(stores: Stores, name: str) -> None:
    stores.repository.insert(FIRST, None)
    changed = next_version(FIRST, name)
    stores.repository.update(FIRST, changed)
    assert stores.repository.get("acme", "FIRST") == changed
    with pytest.raises(NameTakenError):
        stores.repository.insert(replace(OTHER, name=name), None)


def test_rename_releases_the_old_name(stores: Stores) -> None:
    stores.repository.insert(FIRST, None)
    stores.repository.update(FIRST, next_version(FIRST, "Renamed"))
    stores.repository.insert(replace(OTHER, name=FIRST.name), None)
    assert stores.repository.get("acme", "OTHER") is not None


def test_rename_to_taken_name_changes_nothing(stores: Stores) -> None:
    stores.repository.insert(FIRST, None)
    stores.repository.insert(OTHER, None)
    with pytest.raises(NameTakenError):
        stores.repository.update(FIRST, next_version(FIRST, "ANOTHER"))
    assert stores.repository.get("acme", "FIRST") == FIRST


@pytest.mark.parametrize("name", [None, "Another"])
def test_update_of_stale_version_changes_nothing(stores: Stores, name: str | None) -> None:
    stores.repository.insert(FIRST, None)
    stores.repository.insert(OTHER, None)
    second = next_version(FIRST)
    stores.repository.update(FIRST, second)
    with pytest.raises(VersionConflictError):
        stores.repository.update(FIRST, replace(second, enable_default_models=True, name=name or second.name))
    assert stores.repository.get("acme", "FIRST") == second


def test_update_of_stale_version_to_the_name_of_a_later_version_changes_nothing(stores: Stores) -> None:
    stores.repository.insert(FIRST, None)
    renamed = next_version(FIRST, "Renamed")
    stores.repository.update(FIRST, renamed)
    with pytest.raises(VersionConflictError):
        stores.repository.update(FIRST, replace(renamed, updated_by="bob"))
    assert stores.repository.get("acme", "FIRST") == renamed


def test_write_to_missing_integration_raises_version_conflict(stores: Stores) -> None:
    with pytest.raises(VersionConflictError):
        stores.repository.update(FIRST, next_version(FIRST))
    with pytest.raises(VersionConflictError):
        stores.repository.delete(a_tombstone(FIRST))
    with pytest.raises(VersionConflictError):
        stores.repository.restore(a_tombstone(FIRST), next_version(FIRST))
    assert stores.repository.get("acme", "FIRST") is None
    assert stores.repository.get_deleted("acme", "FIRST") is None


def test_delete_writes_tombstone_and_releases_the_name(stores: Stores) -> None:
    stores.repository.insert(FIRST, None)
    stores.repository.delete(a_tombstone(FIRST))
    assert stores.repository.get("acme", "FIRST") is None
    assert stores.repository.get_deleted("acme", "FIRST") == a_tombstone(FIRST)
    stores.repository.insert(replace(OTHER, name=FIRST.name), None)
    assert stores.repository.get("acme", "OTHER") is not None


def test_delete_of_stale_version_changes_nothing(stores: Stores) -> None:
    stores.repository.insert(FIRST, None)
    stores.repository.update(FIRST, next_version(FIRST))
    with pytest.raises(VersionConflictError):
        stores.repository.delete(a_tombstone(FIRST))
    assert stores.repository.get("acme", "FIRST") == next_version(FIRST)


def test_restore_replaces_tombstone_and_reserves_the_name(stores: Stores) -> None:
    stores.repository.insert(FIRST, None)
    stores.repository.delete(a_tombstone(FIRST))
    stores.repository.restore(a_tombstone(FIRST), next_version(FIRST))
    assert stores.repository.get("acme", "FIRST") == next_version(FIRST)
    assert stores.repository.get_deleted("acme", "FIRST") is None
    with pytest.raises(NameTakenError):
        stores.repository.precheck(replace(OTHER, name=FIRST.name), None)


def test_restore_after_another_restore_changes_nothing(stores: Stores) -> None:
    stores.repository.insert(FIRST, None)
    stores.repository.delete(a_tombstone(FIRST))
    stores.repository.restore(a_tombstone(FIRST), next_version(FIRST))
    with pytest.raises(VersionConflictError):
        stores.repository.restore(a_tombstone(FIRST), replace(next_version(FIRST), updated_by="bob"))
    assert stores.repository.get("acme", "FIRST") == next_version(FIRST)


def test_restore_of_an_earlier_deletion_changes_nothing(stores: Stores) -> None:
    second = next_version(FIRST)
    stores.repository.insert(FIRST, None)
    stores.repository.delete(a_tombstone(FIRST))
    stores.repository.restore(a_tombstone(FIRST), second)
    stores.repository.delete(a_tombstone(second))
    with pytest.raises(VersionConflictError):
        stores.repository.restore(a_tombstone(FIRST), second)
    assert stores.repository.get("acme", "FIRST") is None
    assert stores.repository.get_deleted("acme", "FIRST") == a_tombstone(second)


def test_restore_with_taken_name_keeps_the_tombstone(stores: Stores) -> None:
    stores.repository.insert(FIRST, None)
    stores.repository.delete(a_tombstone(FIRST))
    stores.repository.insert(replace(OTHER, name=FIRST.name), None)
    with pytest.raises(NameTakenError):
        stores.repository.restore(a_tombstone(FIRST), next_version(FIRST))
    assert stores.repository.get("acme", "FIRST") is None
    assert stores.repository.get_deleted("acme", "FIRST") == a_tombstone(FIRST)


def update(stores: Stores) -> None:
    stores.repository.update(FIRST, next_version(FIRST, "Renamed"))


def delete(stores: Stores) -> None:
    stores.repository.delete(a_tombstone(FIRST))


def restore(stores: Stores) -> None:
    stores.repository.restore(a_tombstone(FIRST), next_version(FIRST))


@pytest.mark.parametrize("writes", [(update,), (delete,), (delete, restore)], ids=["update", "delete", "restore"])
def test_repeated_write_succeeds_when_a_lost_attempt_already_committed(
    stores: Stores, writes: tuple[Callable[[Stores], None], ...]
) -> None:
    stores.repository.insert(FIRST, an_idempotency_key())
    for write in writes:
        write(stores)
    before = stores.repository.get("acme", "FIRST"), stores.repository.get_deleted("acme", "FIRST")
    writes[-1](stores)
    assert (stores.repository.get("acme", "FIRST"), stores.repository.get_deleted("acme", "FIRST")) == before


def test_newest_lists_pages_in_reverse_order_of_creation(stores: Stores) -> None:
    ids = [f"ID{number}" for number in range(5)]
    for ulid in (ids[2], ids[0], ids[4], ids[1], ids[3]):
        stores.repository.insert(an_integration(id=ulid, name=ulid), None)
    stores.repository.insert(an_integration(id="ID9", account="other"), None)
    stores.repository.insert(an_integration(id="ID8", name="gone"), an_idempotency_key())
    stores.repository.delete(a_tombstone(an_integration(id="ID8", name="gone")))
    first = stores.repository.newest("acme", None, 3)
    assert [each.id for each in first.integrations] == ["ID4", "ID3", "ID2"]
    assert first.more is True
    rest = stores.repository.newest("acme", "ID2", 3)
    assert [each.id for each in rest.integrations] == ["ID1", "ID0"]
    assert rest.more is False
    assert stores.repository.newest("empty", None, 3).integrations == ()


def test_newest_resumes_after_a_deleted_integration(stores: Stores) -> None:
    for ulid in ("ID0", "ID2"):
        stores.repository.insert(an_integration(id=ulid, name=ulid), None)
    assert [each.id for each in stores.repository.newest("acme", "ID1", 9).integrations] == ["ID0"]


def test_newest_deleted_lists_tombstones_in_reverse_order_of_creation(stores: Stores) -> None:
    deleted = [a_tombstone(an_integration(id=f"ID{number}", name=f"gone {number}")) for number in range(5)]
    elsewhere = a_tombstone(an_integration(id="ID9", account="other"))
    for tombstone in (deleted[2], deleted[0], deleted[4], deleted[1], deleted[3], elsewhere):
        stores.repository.insert(tombstone.integration, None)
        stores.repository.delete(tombstone)
    stores.repository.insert(an_integration(id="ID8", name="existing"), None)
    assert stores.repository.newest_deleted("acme", None, 3) == ([deleted[4], deleted[3], deleted[2]], True)
    assert stores.repository.newest_deleted("acme", "ID2", 3) == ([deleted[1], deleted[0]], False)
    assert stores.repository.newest_deleted("empty", None, 3) == ([], False)


def test_newest_deleted_resumes_after_a_restored_integration_and_lists_it_no_more(stores: Stores) -> None:
    deleted = [a_tombstone(an_integration(id=f"ID{number}", name=f"gone {number}")) for number in range(3)]
    for tombstone in deleted:
        stores.repository.insert(tombstone.integration, None)
        stores.repository.delete(tombstone)
    stores.repository.restore(deleted[1], replace(deleted[1].integration, version=2))
    assert stores.repository.newest_deleted("acme", None, 9) == ([deleted[2], deleted[0]], False)
    assert stores.repository.newest_deleted("acme", "ID1", 9) == ([deleted[0]], False)


def test_update_of_a_version_that_was_never_written_changes_nothing(stores: Stores) -> None:
    stores.repository.insert(FIRST, None)
    with pytest.raises(VersionConflictError):
        stores.repository.update(replace(FIRST, version=2), replace(FIRST, version=3))
    assert stores.repository.get("acme", "FIRST") == FIRST


@pytest.mark.parametrize("credentials_set", [None, CredentialsSet(at=NOON, by="bob")])
def test_rotated_integration_is_read_as_it_was_written(stores: Stores, credentials_set: CredentialsSet | None) -> None:
    secret, end = SecretVersion(arn="arn:secret", version="1"), NOON + timedelta(hours=1)
    rotated = replace(
        next_version(FIRST),
        credentials_set=CredentialsSet(at=NOON + timedelta(minutes=1), by="carol"),
        previous_key=PreviousKey(secret, usable_until=end, credentials_set=credentials_set),
    )
    stores.repository.insert(FIRST, None)
    stores.repository.update(FIRST, rotated)
    assert stores.repository.get("acme", "FIRST") == rotated


def grace_ends(aws: AwsStores) -> list[int]:
    """List the times at which DynamoDB deletes the items that release previous keys."""
    found = map(from_wire, aws.dynamodb.scan(TableName=aws.table, ConsistentRead=True)["Items"])
    return [item["expires_at"] for item in found if item["sk"] == "GRACE#FIRST"]


def test_rotation_schedules_the_release_of_the_previous_key_once(aws: AwsStores) -> None:
    end = NOON + timedelta(hours=1)
    previous = PreviousKey(secret=SecretVersion(arn="arn:secret", version="1"), usable_until=end)
    rotated = replace(next_version(FIRST), previous_key=previous)
    aws.repository.insert(FIRST, None)
    aws.repository.update(FIRST, rotated)
    assert grace_ends(aws) == [int(end.timestamp())]
    aws.dynamodb.delete_item(TableName=aws.table, Key=to_wire(items.grace_key("acme", "FIRST")))
    renamed = next_version(rotated, "Renamed")
    aws.repository.update(rotated, renamed)
    assert grace_ends(aws) == []
    aws.repository.update(renamed, replace(next_version(renamed), previous_key=None))
    assert grace_ends(aws) == []


def test_rotation_during_a_grace_period_schedules_the_release_of_its_own_previous_key(aws: AwsStores) -> None:
    aws.repository.insert(FIRST, None)
    current = FIRST
    for hours in (1, 2):
        end = NOON + timedelta(hours=hours)
        previous = PreviousKey(secret=SecretVersion(arn="arn:secret", version=f"{hours}"), usable_until=end)
        rotated = replace(next_version(current), previous_key=previous)
        aws.repository.update(current, rotated)
        assert grace_ends(aws) == [int(end.timestamp())]
        current = rotated


def test_update_records_the_organization_of_a_space(stores: Stores) -> None:
    stores.repository.insert(FIRST, None)
    scopings = (Scoping(organization_id="o", space_id="s"),)
    stores.repository.update(FIRST, replace(next_version(FIRST), scopings=scopings))
    assert [(each.id, each.organization_id) for each in stores.spaces.spaces("acme")] == [("s", "o")]


def test_organization_of_a_removed_space_is_recorded_again_only_for_a_new_scoping(stores: Stores) -> None:
    pair = Scoping(organization_id="o", space_id="s")
    first = replace(FIRST, scopings=(pair,))
    stores.repository.insert(first, None)
    stores.spaces.remove_space("acme", "s")
    second = replace(next_version(first), model_names=("m",), scopings=(Scoping(space_id="s"), pair))
    stores.repository.update(first, second)
    tombstone = a_tombstone(second)
    stores.repository.delete(tombstone)
    restored = next_version(second)
    stores.repository.restore(tombstone, restored)
    assert stores.spaces.spaces("acme") == []
    alone = replace(next_version(restored), scopings=(Scoping(space_id="s"),))
    stores.repository.update(restored, alone)
    stores.repository.update(alone, replace(next_version(alone), scopings=(pair,)))
    assert [(each.id, each.organization_id) for each in stores.spaces.spaces("acme")] == [("s", "o")]


def test_insert_records_the_first_of_several_organizations_of_a_space(stores: Stores) -> None:
    pairs = tuple(Scoping(organization_id=each, space_id="s") for each in "op")
    stores.repository.insert(replace(FIRST, scopings=pairs), None)
    assert [each.organization_id for each in stores.spaces.spaces("acme")] == ["o"]


def test_insert_records_the_organization_of_a_space(stores: Stores) -> None:
    pair = Scoping(organization_id="o", space_id="s")
    stores.repository.insert(
        replace(FIRST, scopings=(pair, Scoping(space_id="alone"), Scoping(organization_id="o"))), None
    )
    other = Scoping(organization_id="late", space_id="s")
    stores.repository.insert(replace(OTHER, scopings=(other, Scoping(organization_id="p", space_id="t"))), None)
    known = {each.id: each.organization_id for each in stores.spaces.spaces("acme")}
    assert known == {"s": "o", "t": "p"}
    assert stores.spaces.space("acme", "s") == stores.spaces.spaces("acme")[0]
    assert stores.spaces.space("acme", "alone") is None
    assert stores.spaces.spaces("other") == []
