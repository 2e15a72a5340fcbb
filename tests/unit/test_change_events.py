"""The events that records of the table's stream cause."""

import json
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from ai_integrations.adapters.dynamodb import items
from ai_integrations.adapters.dynamodb.connection_health import health_item
from ai_integrations.adapters.dynamodb.stream import dead_letter
from ai_integrations.contracts import ids
from ai_integrations.contracts.published_events import CHANGE_EVENTS, ChangeEvent, Deleted, KeyRotated, Updated
from ai_integrations.contracts.views import timestamp
from ai_integrations.domain.connection_health import Health
from ai_integrations.domain.model import AuthType, Integration, Scoping, SecretVersion, Settings, Tombstone
from ai_integrations.use_cases.changes import Change
from tests.builders import FEDERATIONS, NOON, ULID, an_idempotency_key, an_integration
from tests.streams import STREAM, a_record, events_of, record_of

SECRET = SecretVersion(arn="arn:aws:secretsmanager:eu-central-1:123456789012:secret:stack/acme/1", version="v1")
OTHER_VERSION = SECRET._replace(version="v2")
EXTERNAL = SecretVersion(arn="arn:aws:secretsmanager:eu-central-1:123456789012:secret:external", version=None)
HEADER = "fake-header-value-0123456789"
FIRST = an_integration(secret=SECRET, headers={"X-Team": HEADER}, updated_by="alice")
SECOND = replace(FIRST, version=2, updated_by="bob", updated_at=NOON + timedelta(minutes=1))
TOMBSTONE = Tombstone(
    integration=SECOND, deleted_at=NOON + timedelta(hours=1), deleted_by="carol", expires_at=NOON + timedelta(days=30)
)
RECORDS = {
    "created": a_record(None, FIRST),
    "updated": a_record(FIRST, replace(SECOND, name="x", headers={"X-Team": "fake-other-value"})),
    "rotated": a_record(FIRST, replace(SECOND, secret=OTHER_VERSION)),
    "deleted": a_record(None, TOMBSTONE),
    "restored": a_record(None, replace(SECOND, version=3)),
}


def events(record: dict[str, Any]) -> list[ChangeEvent]:
    return events_of(record)


def event(record: dict[str, Any]) -> Any:
    [only] = events(record)
    return only


@pytest.mark.parametrize(
    ("name", "detail_type"),
    [
        ("created", "AI Integration Created"),
        ("updated", "AI Integration Updated"),
        ("rotated", "AI Integration Key Rotated"),
        ("deleted", "AI Integration Deleted"),
        ("restored", "AI Integration Restored"),
    ],
)
def test_each_kind_of_change_has_its_event(name: str, detail_type: str) -> None:
    assert event(RECORDS[name]).detail_type == detail_type
    assert event(RECORDS[name]).event_id.endswith(
        "." + detail_type.removeprefix("AI Integration ").lower().replace(" ", "-")
    )
    assert len(CHANGE_EVENTS) == len(RECORDS)


@pytest.mark.parametrize(
    ("name", "user"), [("created", "alice"), ("rotated", "bob"), ("deleted", "carol"), ("restored", "bob")]
)
def test_event_names_the_user_who_made_the_change(name: str, user: str) -> None:
    assert event(RECORDS[name]).actor == ids.encode_user(user)


def test_write_that_leaves_neither_an_integration_nor_a_tombstone_has_no_event() -> None:
    assert [*Change(before=FIRST).events(), *Change().events()] == []


def test_released_versions_are_those_that_are_no_longer_referenced() -> None:
    assert Change(after=FIRST).released == set()
    assert Change(before=FIRST).released == {SECRET}
    assert Change(before=FIRST, after=replace(SECOND, secret=OTHER_VERSION)).released == {SECRET}


def test_updated_event_contains_actor_fields_scopings_and_time() -> None:
    changed = replace(SECOND, base_url="https://gateway.test", scopings=(Scoping(space_id="s"),))
    assert json.loads(event(a_record(FIRST, changed)).model_dump_json(exclude_none=True)) == {
        "event_id": f"{ULID}.2.updated",
        "account": "acme",
        "id": ids.encode(ULID),
        "name": "Production OpenAI",
        "version": 2,
        "actor": ids.encode_user("bob"),
        "scopings": [{"space_id": "s"}],
        "occurred_at": "2026-01-02T12:01:00.000Z",
        "changed_fields": ["base_url", "scopings"],
    }


def test_deleted_event_contains_actor_and_end_of_recovery_window() -> None:
    deleted = event(RECORDS["deleted"])
    assert isinstance(deleted, Deleted)
    assert (deleted.version, deleted.actor) == (2, ids.encode_user("carol"))
    assert deleted.occurred_at == timestamp(TOMBSTONE.deleted_at)
    assert deleted.restorable_until == timestamp(TOMBSTONE.expires_at)


CHANGES: list[tuple[dict[str, Any], list[str]]] = [
    ({"name": "x"}, ["name"]),
    ({"provider": "ANTHROPIC"}, ["provider"]),
    ({"base_url": "https://gateway.test"}, ["base_url"]),
    ({"model_names": ("gpt-4",)}, ["model_names"]),
    ({"headers": None}, ["headers"]),
    ({"enable_default_models": True}, ["enable_default_models"]),
    ({"function_calling_enabled": False}, ["function_calling_enabled"]),
    ({"auth_type": AuthType.BEARER_TOKEN}, ["auth_type"]),
    ({"provider_metadata": {"role_arn": "arn"}}, ["provider_metadata"]),
    ({"scopings": (Scoping(space_id="s"),)}, ["scopings"]),
    ({"secret": None}, ["api_key"]),
    ({"federation": FEDERATIONS["OPEN_AI"]}, ["federation"]),
    ({"federation": FEDERATIONS["OPEN_AI"], "secret": None}, ["api_key", "federation"]),
    ({"secret": None, "name": "x", "base_url": "https://gateway.test"}, ["api_key", "base_url", "name"]),
]


@pytest.mark.parametrize(("change", "fields"), CHANGES)
def test_updated_event_lists_the_changed_fields(change: dict[str, Any], fields: list[str]) -> None:
    updated = event(a_record(FIRST, replace(SECOND, **change)))
    assert isinstance(updated, Updated)
    assert updated.changed_fields == fields


def test_every_setting_has_a_test_case() -> None:
    assert {name for change, _ in CHANGES for name in change} == {
        *Settings.__dataclass_fields__,
        "secret",
        "federation",
    }


def test_first_key_is_listed_as_changed_field() -> None:
    assert event(a_record(replace(FIRST, secret=None), SECOND)).changed_fields == ["api_key"]


@pytest.mark.parametrize("other", [OTHER_VERSION, EXTERNAL])
def test_another_key_causes_only_a_key_rotated_event(other: SecretVersion) -> None:
    assert isinstance(event(a_record(FIRST, replace(SECOND, secret=other))), KeyRotated)


def test_updated_event_precedes_key_rotated_event() -> None:
    caused = events(a_record(FIRST, replace(SECOND, name="x", secret=OTHER_VERSION)))
    assert [type(each) for each in caused] == [Updated, KeyRotated]
    assert len({each.event_id for each in caused}) == 2


@pytest.mark.parametrize("name", RECORDS)
def test_event_id_is_stable_and_unique(name: str) -> None:
    assert event(RECORDS[name]) == event(RECORDS[name])
    later = a_record(None, TOMBSTONE._replace(integration=replace(SECOND, version=7)))
    others = [event(record) for other, record in {**RECORDS, "later": later}.items() if other != name]
    assert event(RECORDS[name]).event_id not in {each.event_id for each in others}


@pytest.mark.parametrize("name", RECORDS)
def test_events_contain_no_key_and_no_header_value(name: str) -> None:
    text = event(RECORDS[name]).model_dump_json()
    assert not [word for word in (SECRET.arn, HEADER, "fake-other-value", "secret") if word in text]


GRACE = {**items.grace_key("acme", FIRST.id), "account": "acme", "id": FIRST.id, "expires_at": 1}


def guards(integration: Integration) -> list[items.Item]:
    return [
        *items.name_items(integration),
        items.idempotency_item(integration, an_idempotency_key(), NOON),
        items.request_key("acme", "request-1"),
    ]


@pytest.mark.parametrize(
    "record",
    [
        a_record(FIRST, None),
        record_of(items.tombstone_item(TOMBSTONE), None),
        record_of(GRACE, GRACE | {"expires_at": 2}),
        *(record_of(None, guard) for guard in guards(FIRST)),
        a_record(FIRST, FIRST),
    ],
)
def test_non_integration_records_produce_no_events(record: dict[str, Any]) -> None:
    assert events(record) == []


def test_malformed_record_raises() -> None:
    broken = a_record(None, FIRST)
    del broken["dynamodb"]["NewImage"]["version"]
    with pytest.raises(KeyError):
        events(broken)


def test_dead_letter_names_the_record_and_its_item_without_the_images() -> None:
    assert json.loads(dead_letter(a_record(FIRST, SECOND, "101"))) == {
        "keys": {"pk": "ACCOUNT#acme", "sk": f"INTEGRATION#{ULID}"},
        "DDBStreamBatchInfo": {
            "streamArn": STREAM,
            "startSequenceNumber": "101",
            "endSequenceNumber": "101",
            "batchSize": 1,
        },
    }


def test_removed_connection_test_has_no_event() -> None:
    health = Health(account="acme", id=ULID, integration_version=1, checked_at=NOON, model=None, rungs=())
    item = {**items.health_key("acme", ULID), "health": health_item(health), "checks": 1}
    assert events(record_of(item, None)) == []
