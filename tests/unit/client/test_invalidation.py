"""Change events and `invalidate`: what is asked again, what is forgotten, and what is left alone."""

from typing import Any

import pytest

from ai_integrations.contracts import published_events
from ai_integrations.contracts.views import timestamp
from ai_integrations_client import ResolutionError, UnavailableError
from tests.builders import NOON, an_integration
from tests.unit.client.service import ID, KEY, Bench, a_problem, an_answer

NEW = "sk-fake-second-key"
OTHER = "QWlJbnRlZ3JhdGlvbjoxOjAxS0RaM1pRODAwMDAwMDAwMDAwMDAwMDBD"
CHANGES = ["Created", "Updated", "Key Rotated", "Restored"]


def an_event(kind: str = "Key Rotated", **detail: Any) -> dict[str, Any]:
    """Return an event as EventBridge delivers it."""
    made = {"account": "acme", "id": ID, "name": "Production OpenAI", "version": 2} | detail
    return {"source": "ai-integrations", "detail-type": f"AI Integration {kind}", "detail": made}


def kept(*questions: str) -> Bench:
    bench = Bench()
    for question in questions or ("Production OpenAI",):
        assert bench.key(question) == KEY
    bench.service.change(api_key=NEW)
    return bench


def test_reads_what_the_service_writes() -> None:
    integration = an_integration(version=2)
    rotated = published_events.KeyRotated(**published_events.KeyRotated.common_fields(integration, "alice", NOON))
    deleted = published_events.Deleted(
        **published_events.Deleted.common_fields(integration, "alice", NOON), restorable_until=timestamp(NOON)
    )
    for event in (rotated, deleted):
        bench = kept()
        taken_in = {"detail-type": event.detail_type, "detail": event.model_dump(mode="json")}
        assert bench.client.handle_event(taken_in)
        assert bench.key() == NEW


@pytest.mark.parametrize("kind", CHANGES)
@pytest.mark.parametrize("question", ["Production OpenAI", " production OPENAI", ID])
def test_asks_again_after_a_change_whatever_was_asked_for(kind: str, question: str) -> None:
    bench = kept(question)
    assert bench.client.handle_event(an_event(kind))
    assert bench.key(question) == NEW


def test_asks_again_under_every_name_and_place() -> None:
    bench = kept("Production OpenAI", ID)
    bench.key(space="s")
    assert bench.client.handle_event(an_event(version=9))
    assert [bench.key(), bench.key(ID), bench.key(space="s")] == [NEW] * 3


def test_serves_what_it_has_after_a_change_while_the_service_is_down() -> None:
    bench = kept()
    bench.client.handle_event(an_event())
    bench.service.answer = OSError()
    assert bench.key() == KEY


def test_forgets_what_has_been_deleted() -> None:
    bench = kept()
    assert bench.client.handle_event(an_event("Deleted", version=1))
    bench.service.answer = OSError()
    with pytest.raises(UnavailableError):
        bench.key()
    bench.service.answer = a_problem(404)
    with pytest.raises(ResolutionError):
        bench.key()


def test_finds_what_has_been_restored() -> None:
    bench = kept()
    bench.client.handle_event(an_event("Deleted", version=1))
    bench.service.answer = a_problem(404)
    with pytest.raises(ResolutionError):
        bench.key()
    bench.service.answer = an_answer(version=2)
    bench.client.handle_event(an_event("Restored"))
    assert bench.key() == KEY


def test_notices_when_a_name_goes_over_to_another_integration() -> None:
    bench = kept()
    assert bench.client.handle_event(an_event("Created", id=OTHER, version=1))
    bench.service.answer = an_answer(id=OTHER, api_key=NEW)
    assert bench.key() == NEW


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
def test_leaves_alone_what_an_event_does_not_concern(event: dict[str, Any]) -> None:
    bench = kept()
    assert not bench.client.handle_event(event)
    assert bench.key() == KEY
    assert bench.times_asked == 1


@pytest.mark.parametrize("meant", [None, "Production OpenAI", "production openai ", ID])
def test_asks_again_when_the_program_says_so(meant: str | None) -> None:
    bench = kept("Production OpenAI", ID)
    bench.client.invalidate(meant)
    assert [bench.key(), bench.key(ID)] == [NEW] * 2


def test_leaves_others_alone_when_the_program_means_one() -> None:
    bench = kept()
    bench.client.invalidate("Another")
    assert bench.key() == KEY


@pytest.mark.parametrize("kind", [*CHANGES, "Deleted"])
def test_does_not_keep_what_was_asked_before_an_event(kind: str) -> None:
    """An answer that was on its way when the integration changed may be the one before the change."""
    bench = Bench()

    def happen() -> None:
        bench.client.handle_event(an_event(kind))

    bench.service.before_answering = happen
    assert bench.key() == KEY
    bench.service.before_answering = lambda: None
    bench.service.change(api_key=NEW)
    assert bench.key() == NEW


def test_does_not_keep_a_renewal_that_was_asked_before_an_event() -> None:
    bench = kept()
    bench.in_the_background = True
    bench.service.answer = an_answer()
    bench.now += 250
    bench.key()

    def rotate() -> None:
        bench.service.before_answering = lambda: None
        bench.client.handle_event(an_event())

    bench.service.before_answering = rotate
    bench.run()
    bench.in_the_background = False
    bench.service.change(api_key=NEW)
    assert bench.key() == NEW


def test_ignores_the_failure_of_a_question_from_before_an_event() -> None:
    bench = kept()
    bench.in_the_background = True
    bench.now += 250
    bench.key()
    bench.client.handle_event(an_event())
    answer, bench.service.answer = bench.service.answer, a_problem(404)
    bench.run()
    bench.in_the_background = False
    bench.service.answer = answer
    assert bench.key() == NEW
