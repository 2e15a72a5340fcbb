"""Health: what a test as a whole has shown, how it is kept, and when the bus is told."""

from datetime import UTC, datetime
from typing import Any

import pytest

from ai_integrations.adapters.dynamodb import items
from ai_integrations.adapters.dynamodb.connection_health import health_from_item, health_item
from ai_integrations.contracts import ids
from ai_integrations.domain.connection_health import CheckStatus, Health, Rung, overall_status
from tests.builders import NOON, ULID
from tests.streams import events_of, record_of

PASSED, FAILED, NOT_PROVED = CheckStatus.PASSED, CheckStatus.FAILED, CheckStatus.NOT_PROVED


def rungs(*standings: CheckStatus) -> tuple[Rung, ...]:
    names = ("reachable", "authenticated", "model_answers")
    return tuple(
        Rung(name=name, status=each, latency_ms=7, provider_said=None if each is PASSED else "No.")
        for name, each in zip(names, standings, strict=False)
    )


def a_health(*standings: CheckStatus, **changes: Any) -> Health:
    values: dict[str, Any] = {
        "account": "acme",
        "id": ULID,
        "integration_version": 2,
        "checked_at": NOON,
        "model": None,
    }
    return Health(**(values | {"rungs": rungs(*standings)} | changes))


@pytest.mark.parametrize(
    ("found", "whole"),
    [
        ([PASSED, PASSED, PASSED], PASSED),
        ([PASSED, NOT_PROVED, PASSED], NOT_PROVED),
        ([PASSED, NOT_PROVED, FAILED], FAILED),
        ([FAILED], FAILED),
    ],
)
def test_lets_a_failure_outweigh_what_is_not_proved_and_that_what_is(
    found: list[CheckStatus], whole: CheckStatus
) -> None:
    assert overall_status(rungs(*found)) is whole


def test_comes_back_from_the_table_as_it_went_there() -> None:
    for health in (a_health(PASSED, FAILED), a_health(PASSED, model="m", key_version="v", key_fingerprint="f")):
        assert health_from_item({"health": health_item(health)}) == health


def record(number: int, new: Health, old: Health | None = None) -> dict[str, Any]:
    def item(health: Health, checks: int) -> items.Item:
        return {**items.health_key(health.account, health.id), "health": health_item(health), "checks": checks}

    return record_of(item(old, number - 1) if old else None, item(new, number))


def test_tells_of_the_first_test_whatever_it_has_found() -> None:
    [event] = events_of(record(1, a_health(PASSED, FAILED)))
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


def test_tells_of_a_change_once_and_not_of_what_stays() -> None:
    good, bad = a_health(PASSED, PASSED, PASSED), a_health(PASSED, FAILED)
    later = datetime(2026, 1, 3, tzinfo=UTC)
    [event] = events_of(record(5, bad, good))
    assert (event.status, event.previous_status) == ("failed", "passed")
    assert list(events_of(record(6, a_health(PASSED, FAILED, checked_at=later), bad))) == []


def test_tells_nothing_of_what_the_provider_said() -> None:
    [event] = events_of(record(1, a_health(FAILED)))
    assert "No." not in event.model_dump_json()
