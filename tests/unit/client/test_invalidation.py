"""Change events and `invalidate`: which entries become stale, which are evicted, and which stay fresh."""

from typing import Any

import pytest

from ai_integrations.contracts import published_events
from ai_integrations.contracts.views import timestamp
from ai_integrations_client import ResolutionError, UnavailableError
from tests.builders import NOON, an_integration
from tests.unit.client.fixtures import ID, KEY, ClientFixture, a_problem, a_response

NEW = "sk-fake-second-key"
OTHER = "QWlJbnRlZ3JhdGlvbjoxOjAxS0RaM1pRODAwMDAwMDAwMDAwMDAwMDBD"
CHANGES = ["Created", "Updated", "Key Rotated", "Restored"]


def an_event(kind: str = "Key Rotated", **detail: Any) -> dict[str, Any]:
    """Build an event as EventBridge delivers it."""
    values = {"account": "acme", "id": ID, "name": "Production OpenAI", "version": 2} | detail
    return {"source": "ai-integrations", "detail-type": f"AI Integration {kind}", "detail": values}


def fixture_with_entries(*integrations: str) -> ClientFixture:
    fixture = ClientFixture()
    for integration in integrations or ("Production OpenAI",):
        assert fixture.key(integration) == KEY
    fixture.service.change(api_key=NEW)
    return fixture


def test_handle_event_accepts_events_of_the_service() -> None:
    integration = an_integration(version=2)
    rotated = published_events.KeyRotated(**published_events.KeyRotated.common_fields(integration, "alice", NOON))
    deleted = published_events.Deleted(
        **published_events.Deleted.common_fields(integration, "alice", NOON), restorable_until=timestamp(NOON)
    )
    for event in (rotated, deleted):
        fixture = fixture_with_entries()
        received = {"detail-type": event.detail_type, "detail": event.model_dump(mode="json")}
        assert fixture.client.handle_event(received)
        assert fixture.key() == NEW


@pytest.mark.parametrize("kind", CHANGES)
@pytest.mark.parametrize("integration", ["Production OpenAI", " production OPENAI", ID])
def test_change_event_marks_entry_stale(kind: str, integration: str) -> None:
    fixture = fixture_with_entries(integration)
    assert fixture.client.handle_event(an_event(kind))
    assert fixture.key(integration) == NEW


def test_change_event_marks_all_entries_of_integration_stale() -> None:
    fixture = fixture_with_entries("Production OpenAI", ID)
    fixture.key(space="s")
    assert fixture.client.handle_event(an_event(version=9))
    assert [fixture.key(), fixture.key(ID), fixture.key(space="s")] == [NEW] * 3


def test_stale_entry_is_returned_after_change_event_while_service_is_down() -> None:
    fixture = fixture_with_entries()
    fixture.client.handle_event(an_event())
    fixture.service.response = OSError()
    assert fixture.key() == KEY


def test_deletion_event_evicts_entry() -> None:
    fixture = fixture_with_entries()
    assert fixture.client.handle_event(an_event("Deleted", version=1))
    fixture.service.response = OSError()
    with pytest.raises(UnavailableError):
        fixture.key()
    fixture.service.response = a_problem(404)
    with pytest.raises(ResolutionError):
        fixture.key()


def test_restored_integration_is_resolved_again() -> None:
    fixture = fixture_with_entries()
    fixture.client.handle_event(an_event("Deleted", version=1))
    fixture.service.response = a_problem(404)
    with pytest.raises(ResolutionError):
        fixture.key()
    fixture.service.response = a_response(version=2)
    fixture.client.handle_event(an_event("Restored"))
    assert fixture.key() == KEY


def test_created_event_marks_entry_with_same_name_stale() -> None:
    fixture = fixture_with_entries()
    assert fixture.client.handle_event(an_event("Created", id=OTHER, version=1))
    fixture.service.response = a_response(id=OTHER, api_key=NEW)
    assert fixture.key() == NEW


@pytest.mark.parametrize(
    "event",
    [
        an_event(account="other"),
        an_event(version=1),
        an_event(id=OTHER, name="Another"),
        an_event("Deleted", id=OTHER, version=9),
        an_event("Deleted", version=0),
        an_event("Create Succeeded"),
        {},
        {"detail-type": "AI Integration Updated", "detail": "text"},
    ],
)
def test_unrelated_event_leaves_entry_fresh(event: dict[str, Any]) -> None:
    fixture = fixture_with_entries()
    assert not fixture.client.handle_event(event)
    assert fixture.key() == KEY
    assert fixture.fetch_count == 1


def test_events_of_every_account_concern_a_client_without_an_account() -> None:
    """Over the API, the account may be unknown. Ids are unique, so the event concerns the integration."""
    for kind in (*CHANGES, "Deleted"):
        fixture = fixture_with_entries()
        fixture.client._account = None
        assert fixture.client.handle_event(an_event(kind, account="other"))
        assert fixture.key() == NEW


@pytest.mark.parametrize("argument", [None, "Production OpenAI", "production openai ", ID])
def test_invalidate_marks_matching_entries_stale(argument: str | None) -> None:
    fixture = fixture_with_entries("Production OpenAI", ID)
    fixture.client.invalidate(argument)
    assert [fixture.key(), fixture.key(ID)] == [NEW] * 2


def test_invalidate_leaves_other_entries_fresh() -> None:
    fixture = fixture_with_entries()
    fixture.client.invalidate("Another")
    assert fixture.key() == KEY


@pytest.mark.parametrize("argument", ["Old name", "Production OpenAI"])
def test_invalidate_finds_a_renamed_integration_by_both_names(argument: str) -> None:
    fixture = fixture_with_entries("Old name")
    fixture.client.invalidate(argument)
    assert fixture.key("Old name") == NEW


@pytest.mark.parametrize("requested", [ID, "Old name"])
@pytest.mark.parametrize("kind", [*CHANGES, None])
def test_fetch_by_another_name_that_began_before_a_change_is_not_cached(kind: str | None, requested: str) -> None:
    """Until the response arrives, every integration may be the requested one."""
    fixture = ClientFixture()

    def change() -> None:
        if kind is None:
            fixture.client.invalidate("Production OpenAI")
        else:
            fixture.client.handle_event(an_event(kind))

    fixture.service.before_response = change
    assert fixture.key(requested) == KEY
    fixture.service.before_response = lambda: None
    fixture.service.change(api_key=NEW)
    assert fixture.key(requested) == NEW


def test_failure_of_a_fetch_that_began_before_a_deletion_leaves_the_later_fetch_in_flight() -> None:
    fixture = fixture_with_entries()
    fixture.run_in_background = True
    fixture.now += 250
    fixture.key()
    [refresh] = fixture.background_work
    fixture.client.handle_event(an_event("Deleted", version=1))
    fixture.background_work.clear()
    fixture.run_in_background = False
    assert fixture.key() == NEW
    fixture.service.response = a_problem(404)
    refresh()
    fixture.service.response = OSError()
    assert fixture.key() == NEW


@pytest.mark.parametrize("kind", [*CHANGES, "Deleted"])
def test_fetch_that_began_before_event_is_not_cached(kind: str) -> None:
    """A fetch that is in flight during a change may return the state before the change."""
    fixture = ClientFixture()

    def publish_event() -> None:
        fixture.client.handle_event(an_event(kind))

    fixture.service.before_response = publish_event
    assert fixture.key() == KEY
    fixture.service.before_response = lambda: None
    fixture.service.change(api_key=NEW)
    assert fixture.key() == NEW


def test_refresh_that_began_before_event_is_not_cached() -> None:
    fixture = fixture_with_entries()
    fixture.run_in_background = True
    fixture.service.response = a_response()
    fixture.now += 250
    fixture.key()

    def rotate() -> None:
        fixture.service.before_response = lambda: None
        fixture.client.handle_event(an_event())

    fixture.service.before_response = rotate
    fixture.run_background_work()
    fixture.run_in_background = False
    fixture.service.change(api_key=NEW)
    assert fixture.key() == NEW


def test_failed_refresh_that_began_before_event_is_ignored() -> None:
    fixture = fixture_with_entries()
    fixture.run_in_background = True
    fixture.now += 250
    fixture.key()
    fixture.client.handle_event(an_event())
    response, fixture.service.response = fixture.service.response, a_problem(404)
    fixture.run_background_work()
    fixture.run_in_background = False
    fixture.service.response = OSError()
    assert fixture.key() == KEY
    fixture.now += 10
    fixture.service.response = response
    assert fixture.key() == NEW
