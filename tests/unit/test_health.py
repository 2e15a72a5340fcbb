"""Connection health: the overall status, the item in the table, and the events about changes."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from ai_integrations.adapters.dynamodb import items
from ai_integrations.adapters.dynamodb.connection_health import health_from_item, health_item
from ai_integrations.contracts import ids
from ai_integrations.domain.connection_health import CheckStatus, Health, Rung, overall_status
from ai_integrations.key_access.connection_test.listed_models import MAX_MODELS
from tests.builders import NOON, ULID
from tests.streams import events_of, record_of

PASSED, FAILED, NOT_PROVED = CheckStatus.PASSED, CheckStatus.FAILED, CheckStatus.NOT_PROVED


def rungs(*statuses: CheckStatus) -> tuple[Rung, ...]:
    names = ("reachable", "authenticated", "model_answers")
    return tuple(
        Rung(name=name, status=each, latency_ms=7, provider_said=None if each is PASSED else "No.")
        for name, each in zip(names, statuses, strict=False)
    )


def health_with(*statuses: CheckStatus, **changes: Any) -> Health:
    values: dict[str, Any] = {
        "account": "acme",
        "id": ULID,
        "integration_version": 2,
        "checked_at": NOON,
        "model": None,
    }
    return Health(**(values | {"rungs": rungs(*statuses)} | changes))


@pytest.mark.parametrize(
    ("statuses", "overall"),
    [
        ([PASSED, PASSED, PASSED], PASSED),
        ([PASSED, NOT_PROVED, PASSED], NOT_PROVED),
        ([PASSED, NOT_PROVED, FAILED], FAILED),
        ([FAILED], FAILED),
    ],
)
def test_overall_status_is_the_worst_step(statuses: list[CheckStatus], overall: CheckStatus) -> None:
    assert overall_status(rungs(*statuses)) is overall


def test_health_item_round_trips() -> None:
    complete = health_with(PASSED, model="m", key_version="v", key_fingerprint="f", models=("m-1", "m-2"))
    for health in (health_with(PASSED, FAILED), complete):
        assert health_from_item({"health": health_item(health)}) == health


def test_health_item_has_only_the_attributes_that_are_set() -> None:
    optional = {"model", "models", "key_version", "key_fingerprint"}
    assert optional.isdisjoint(health_item(health_with(PASSED)))


def test_health_item_with_the_greatest_number_of_longest_models_is_below_the_limit_of_dynamodb() -> None:
    longest = health_with(PASSED, models=("m" * 256,) * MAX_MODELS)
    assert len(json.dumps(health_item(longest))) < 400_000 / 2


def stream_record(number: int, new: Health, old: Health | None = None) -> dict[str, Any]:
    def item(health: Health, checks: int) -> items.Item:
        return {**items.health_key(health.account, health.id), "health": health_item(health), "checks": checks}

    return record_of(item(old, number - 1) if old else None, item(new, number))


def test_first_test_publishes_health_changed_event() -> None:
    [event] = events_of(stream_record(1, health_with(PASSED, FAILED)))
    assert event.detail_type == "AI Integration Health Changed"
    assert event.model_dump() == {
        "event_id": f"{ULID}.1.health-changed",
        "account": "acme",
        "id": ids.encode(ULID),
        "status": "failed",
        "previous_status": "unknown",
        "failed_rung": "authenticated",
        "checked_at": "2026-01-02T12:00:00.000Z",
    }


@pytest.mark.parametrize(("status", "text"), [(PASSED, "passed"), (NOT_PROVED, "not_proved")])
def test_health_changed_event_of_a_test_without_a_failure_names_no_rung(status: CheckStatus, text: str) -> None:
    [event] = events_of(stream_record(1, health_with(PASSED, status)))
    assert (event.model_dump()["status"], event.model_dump()["failed_rung"]) == (text, None)


def test_only_a_changed_status_publishes_an_event() -> None:
    good, bad = health_with(PASSED, PASSED, PASSED), health_with(PASSED, FAILED)
    later = datetime(2026, 1, 3, tzinfo=UTC)
    [event] = events_of(stream_record(5, bad, good))
    assert event.event_id == f"{ULID}.5.health-changed"
    assert (event.status, event.previous_status) == ("failed", "passed")
    assert list(events_of(stream_record(6, health_with(PASSED, FAILED, checked_at=later), bad))) == []


def test_event_omits_the_message_and_the_models_of_the_provider() -> None:
    [event] = events_of(stream_record(1, health_with(FAILED, models=("model-of-the-provider",))))
    assert "No." not in event.model_dump_json()
    assert "model-of-the-provider" not in event.model_dump_json()


def test_other_models_of_the_provider_publish_no_event() -> None:
    assert list(events_of(stream_record(2, health_with(PASSED, models=("m-2",)), health_with(PASSED)))) == []
