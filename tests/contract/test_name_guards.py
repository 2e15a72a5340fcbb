"""Name guards, among them those of release 0.1.0, which compared some names in another way."""

from dataclasses import replace
from datetime import timedelta
from hashlib import sha256

import pytest

from ai_integrations.adapters.dynamodb import items
from ai_integrations.adapters.dynamodb.attributes import from_wire, to_wire
from ai_integrations.domain.errors import NameTakenError, VersionConflictError
from ai_integrations.domain.model import Integration, Tombstone
from tests.builders import NOON, an_integration
from tests.contract.stores import AwsStores

OLD = an_integration(id="OLD", name="GPT²  Search")
LOOKALIKE = an_integration(id="LOOKALIKE", name="gpt2 search")
COMPARED_IN_ANOTHER_WAY = ("GPT\u00b2", "a  b", "\uff26ull", "o\ufe0fk", "a\u00a0b")


def store_as_in_0_1_0(aws: AwsStores, integration: Integration) -> None:
    for item in (items.integration_item(integration), items.name_items(integration)[0]):
        aws.dynamodb.put_item(TableName=aws.table, Item=to_wire(item))


def name_guards(aws: AwsStores) -> dict[str, str]:
    """Return the ids of integrations by the sort key of each guard."""
    found = map(from_wire, aws.dynamodb.scan(TableName=aws.table, ConsistentRead=True)["Items"])
    return {item["sk"]: item["integration_id"] for item in found if item["sk"].startswith("NAME#")}


def sort_keys(name: str) -> list[str]:
    return [key["sk"] for key in items.name_keys("acme", name)]


def tombstone(integration: Integration) -> Tombstone:
    return Tombstone(integration=integration, deleted_at=NOON, deleted_by="alice", expires_at=NOON + timedelta(days=30))


def next_version(integration: Integration, **changes: str) -> Integration:
    return replace(integration, version=integration.version + 1, **changes)  # type: ignore[arg-type]


@pytest.mark.parametrize("name", ["Production", " Straße ", "cafe\u0301", "GPT-4o (EU)"])
def test_usual_name_has_the_one_key_that_release_0_1_0_gave_it(name: str) -> None:
    folded = {"Production": "production", " Straße ": "strasse", "cafe\u0301": "café", "GPT-4o (EU)": "gpt-4o (eu)"}
    assert sort_keys(name) == [f"NAME#{sha256(folded[name].encode()).hexdigest()}"]


@pytest.mark.parametrize("name", COMPARED_IN_ANOTHER_WAY)
def test_name_that_release_0_1_0_compared_in_another_way_has_its_key_too(name: str) -> None:
    assert len(sort_keys(name)) == 2
    assert sort_keys(name)[0] == f"NAME#{sha256(name.casefold().encode()).hexdigest()}"


@pytest.mark.parametrize("name", COMPARED_IN_ANOTHER_WAY)
def test_every_key_of_a_name_is_guarded_and_released(aws: AwsStores, name: str) -> None:
    integration = an_integration(id="NEW", name=name)
    aws.repository.insert(integration, None)
    assert name_guards(aws) == dict.fromkeys(sort_keys(name), "NEW")
    renamed = next_version(integration, name="Renamed")
    aws.repository.update(integration, renamed)
    assert name_guards(aws) == dict.fromkeys(sort_keys("Renamed"), "NEW")
    aws.repository.update(renamed, next_version(renamed, name=name))
    aws.repository.delete(tombstone(next_version(renamed, name=name)))
    assert name_guards(aws) == {}


def test_old_integration_is_found_by_its_name(aws: AwsStores) -> None:
    store_as_in_0_1_0(aws, OLD)
    assert aws.repository.find("acme", "gpt²  SEARCH") == OLD
    assert aws.repository.find("acme", LOOKALIKE.name) is None


def test_name_of_an_old_integration_stays_taken(aws: AwsStores) -> None:
    store_as_in_0_1_0(aws, OLD)
    same = an_integration(id="SAME", name=OLD.name.upper())
    for attempt in (aws.repository.precheck, aws.repository.insert):
        with pytest.raises(NameTakenError):
            attempt(same, None)


def test_update_of_old_integration_writes_no_new_guard(aws: AwsStores) -> None:
    store_as_in_0_1_0(aws, OLD)
    aws.repository.update(OLD, next_version(OLD, base_url="https://example.com"))
    assert name_guards(aws) == {sort_keys(OLD.name)[0]: "OLD"}


@pytest.mark.parametrize("name", ["Renamed", "GPT2 Search", "GPT³ Search"])
def test_renamed_old_integration_releases_its_old_name(aws: AwsStores, name: str) -> None:
    store_as_in_0_1_0(aws, OLD)
    aws.repository.update(OLD, next_version(OLD, name=name))
    assert name_guards(aws) == dict.fromkeys(sort_keys(name), "OLD")


@pytest.mark.parametrize(
    ("name", "new_name"), [("GPT\u00b2", "gpt2"), ("gpt2", "GPT\u00b2"), ("GPT\u00b2", "GPT\uff12")]
)
def test_integration_renamed_to_a_lookalike_keeps_the_guard_that_both_names_share(
    aws: AwsStores, name: str, new_name: str
) -> None:
    integration = an_integration(id="NEW", name=name)
    aws.repository.insert(integration, None)
    aws.repository.update(integration, next_version(integration, name=new_name))
    assert name_guards(aws) == dict.fromkeys(sort_keys(new_name), "NEW")


def test_deleted_old_integration_releases_its_name_and_guards_every_key_when_restored(aws: AwsStores) -> None:
    store_as_in_0_1_0(aws, OLD)
    aws.repository.delete(tombstone(OLD))
    assert name_guards(aws) == {}
    aws.repository.restore(tombstone(OLD), next_version(OLD))
    assert name_guards(aws) == dict.fromkeys(sort_keys(OLD.name), "OLD")


def test_name_that_another_integration_guards_is_not_released(aws: AwsStores) -> None:
    integration = an_integration(id="NEW")
    aws.repository.insert(integration, None)
    for guard in items.name_items(replace(integration, id="OTHER")):
        aws.dynamodb.put_item(TableName=aws.table, Item=to_wire(guard))
    with pytest.raises(VersionConflictError):
        aws.repository.delete(tombstone(integration))
    with pytest.raises(VersionConflictError):
        aws.repository.update(integration, next_version(integration, name="Renamed"))
    assert set(name_guards(aws).values()) == {"OTHER"}
    assert aws.repository.get("acme", "NEW") == integration


def test_old_integration_and_a_lookalike_keep_their_own_guards(aws: AwsStores) -> None:
    store_as_in_0_1_0(aws, OLD)
    aws.repository.insert(LOOKALIKE, None)
    assert aws.repository.find("acme", OLD.name) == OLD
    assert aws.repository.find("acme", LOOKALIKE.name) == LOOKALIKE
    aws.repository.delete(tombstone(OLD))
    assert name_guards(aws) == dict.fromkeys(sort_keys(LOOKALIKE.name), "LOOKALIKE")
    with pytest.raises(NameTakenError):
        aws.repository.restore(tombstone(OLD), next_version(OLD))


@pytest.mark.parametrize("name", ["gpt2 search", "GPT² Search"])
def test_find_by_a_name_that_looks_the_same_returns_the_integration(aws: AwsStores, name: str) -> None:
    aws.repository.insert(LOOKALIKE, None)
    assert aws.repository.find("acme", name) == LOOKALIKE
    assert aws.repository.find("acme", "gpt3 search") is None
