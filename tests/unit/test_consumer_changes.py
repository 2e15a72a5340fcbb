"""Stream records of consumers, and the events that are published for them."""

from datetime import timedelta
from typing import Any

import pytest

from ai_integrations.adapters.dynamodb import items
from ai_integrations.adapters.dynamodb.consumers import consumer_item, list_key, lookup_key, revocation_item
from ai_integrations.domain.consumers import Consumer, Grant, Revocation
from ai_integrations.domain.model import Membership
from tests.builders import NOON, ULID, a_consumer
from tests.streams import events_of, record_of

CONSUMER = a_consumer()
CHANGED = CONSUMER._replace(version=2, updated_at=NOON + timedelta(hours=1), updated_by="bob")
REVOCATION = Revocation(consumer=CHANGED, revoked_at=NOON + timedelta(hours=2), revoked_by="carol")
COMMON = {"account": "acme", "id": CONSUMER.id, "principal_arn": CONSUMER.principal_arn}


def stored(consumer: Consumer) -> items.Item:
    return {**list_key(consumer.account, consumer.id), **consumer_item(consumer)}


def published(old: items.Item | None, new: items.Item | None) -> list[dict[str, Any]]:
    return [{"type": type(each).__name__, **each.model_dump()} for each in events_of(record_of(old, new))]


def test_new_consumer_is_published_as_granted() -> None:
    assert published(None, stored(CONSUMER)) == [
        {
            "type": "ConsumerGranted",
            "event_id": f"{CONSUMER.id}.1.consumer-granted",
            "version": 1,
            "actor": "VXNlcjphbGljZQ==",
            "occurred_at": "2026-01-02T12:00:00.000Z",
            **COMMON,
        }
    ]


@pytest.mark.parametrize(
    ("changes", "fields"),
    [
        ({"name": "Billing"}, ["name"]),
        ({"expires_at": NOON + timedelta(days=1)}, ["expires_at"]),
        ({"grant": Grant(integrations=frozenset({ULID}))}, ["all_integrations", "integration_ids"]),
        (
            {"grant": Grant(memberships=(Membership(space_id="s"),)), "name": "x"},
            ["all_integrations", "memberships", "name"],
        ),
    ],
)
def test_changed_consumer_is_published_with_the_fields_of_the_api(changes: dict[str, Any], fields: list[str]) -> None:
    [event] = published(stored(CONSUMER), stored(CHANGED._replace(**changes)))
    assert (event["type"], event["changed_fields"]) == ("ConsumerChanged", fields)
    assert (event["version"], event["actor"]) == (2, "VXNlcjpib2I=")
    assert event["occurred_at"] == "2026-01-02T13:00:00.000Z"


def test_revocation_is_published_once_with_who_revoked() -> None:
    [event] = published(None, revocation_item(REVOCATION))
    assert (event["type"], event["event_id"]) == ("ConsumerRevoked", f"{CONSUMER.id}.2.consumer-revoked")
    assert (event["actor"], event["occurred_at"]) == ("VXNlcjpjYXJvbA==", "2026-01-02T14:00:00.000Z")
    assert published(stored(CHANGED), None) == []


def test_expired_revocation_and_lookup_items_publish_nothing() -> None:
    assert published(revocation_item(REVOCATION), None) == []
    lookup = {**lookup_key(CONSUMER), **consumer_item(CONSUMER)}
    assert published(None, lookup) == published(lookup, None) == []
