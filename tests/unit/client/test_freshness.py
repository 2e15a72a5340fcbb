"""When the service is asked again, and what is served meanwhile; the clock moves when a test says so."""

from datetime import UTC, datetime
from typing import Any

import pytest

from ai_integrations_client import Freshness, ResolutionError, UnavailableError
from tests.unit.client.service import KEY, NOON, Bench, Service, a_problem, an_answer

DOWN = OSError("down")
NEW = "sk-fake-second-key"


def stamp(seconds: float) -> str:
    return datetime.fromtimestamp(NOON + seconds, UTC).isoformat()


def with_credentials(ends: float) -> dict[str, Any]:
    credentials = {"access_key_id": "fake", "secret_access_key": "fake", "session_token": "fake"}
    return an_answer(aws_credentials=credentials, expires_at=stamp(ends))


def asked_bench(**freshness: float) -> Bench:
    bench = Bench(freshness=Freshness(**freshness))
    assert bench.key() == KEY
    bench.service.change(api_key=NEW)
    bench.in_the_background = True
    return bench


def test_asks_once_while_a_resolution_is_fresh() -> None:
    bench = asked_bench()
    bench.now += 239
    assert bench.key() == KEY
    assert bench.waiting == []
    assert bench.times_asked == 1


def test_keeps_each_question_apart() -> None:
    bench = Bench()
    for question in ({}, {"space": "s"}, {"space": "t"}, {"organization": "s"}, {"key_version": "version-1"}):
        bench.key(**question)
        bench.key(**question)
    bench.key("production openai")
    assert bench.times_asked == 6


def test_renews_ahead_of_time_beside_the_caller_and_once() -> None:
    bench = asked_bench()
    bench.now += 240
    assert [bench.key() for _ in range(5)] == [KEY] * 5
    assert len(bench.waiting) == 1
    bench.run()
    assert bench.key() == NEW
    assert bench.times_asked == 2


def test_waits_for_the_service_once_a_resolution_is_no_longer_fresh() -> None:
    bench = asked_bench()
    bench.in_the_background = False
    bench.now += 300
    assert bench.key() == NEW


@pytest.mark.parametrize(("luck", "fresh_for"), [(0.0, 300), (0.5, 285), (1.0, 270)])
def test_spreads_programs_that_started_together(luck: float, fresh_for: float) -> None:
    bench = Bench(luck=luck)
    bench.key()
    bench.service.answer = DOWN
    bench.now = NOON + fresh_for * 0.8 - 0.01
    bench.key()
    assert bench.times_asked == 1
    bench.now = NOON + fresh_for * 0.8 + 0.01
    bench.key()
    assert bench.times_asked == 2


def test_serves_what_it_has_while_the_service_is_down_and_no_longer_than_allowed() -> None:
    bench = asked_bench(max_stale=1000)
    bench.in_the_background = False
    bench.service.answer = DOWN
    bench.now = NOON + 1299
    assert bench.key() == KEY
    bench.now = NOON + 1300
    with pytest.raises(UnavailableError):
        bench.key()


def test_bothers_a_service_that_is_down_only_now_and_then() -> None:
    bench = asked_bench()
    bench.in_the_background = False
    bench.service.answer = DOWN
    bench.now = NOON + 400
    assert [bench.key() for _ in range(5)] == [KEY] * 5
    assert bench.times_asked == 2
    bench.now += 10
    bench.key()
    assert bench.times_asked == 3


def test_gets_over_an_outage() -> None:
    bench = asked_bench()
    bench.in_the_background = False
    answer, bench.service.answer = bench.service.answer, DOWN
    bench.now += 1000
    assert bench.key() == KEY
    bench.service.answer = answer
    bench.now += 10
    assert bench.key() == NEW


def test_fails_at_once_and_tries_again_when_nothing_is_kept() -> None:
    bench = Bench(Service(answer=DOWN))
    for _ in range(3):
        with pytest.raises(UnavailableError):
            bench.key()
    assert bench.times_asked == 3
    bench.service.answer = an_answer()
    assert bench.key() == KEY


def test_drops_what_it_has_when_the_service_says_no() -> None:
    bench = asked_bench()
    bench.now += 250
    bench.service.answer = a_problem(404)
    assert bench.key() == KEY
    bench.run()
    bench.in_the_background = False
    with pytest.raises(ResolutionError):
        bench.key()
    bench.service.answer = DOWN
    with pytest.raises(UnavailableError):
        bench.key()


def test_keeps_no_refusal() -> None:
    bench = Bench(Service(answer=a_problem(404)))
    with pytest.raises(ResolutionError):
        bench.key()
    bench.service.answer = an_answer()
    assert bench.key() == KEY


def test_serves_what_it_has_when_the_service_takes_too_long() -> None:
    bench = asked_bench(patience=0)
    bench.now += 300
    assert [bench.key() for _ in range(3)] == [KEY] * 3
    assert len(bench.waiting) == 1
    bench.run()
    assert bench.key() == NEW


def test_renews_credentials_before_they_end() -> None:
    bench = Bench(Service(answer=with_credentials(3600)), freshness=Freshness(ttl=10_000))
    bench.client.resolve("x")
    bench.service.answer = with_credentials(9000)
    bench.now = NOON + 3300
    assert bench.client.resolve("x").expires_at == datetime.fromisoformat(stamp(9000))
    assert bench.times_asked == 2


def test_never_serves_credentials_beyond_their_end() -> None:
    bench = Bench(Service(answer=with_credentials(3600)), freshness=Freshness(max_stale=100_000))
    bench.client.resolve("x")
    bench.service.answer = DOWN
    bench.now = NOON + 3599
    assert bench.client.resolve("x").aws_credentials is not None
    bench.now = NOON + 3600
    with pytest.raises(UnavailableError):
        bench.client.resolve("x")


def test_keeps_short_credentials_for_most_of_their_life() -> None:
    bench = Bench(Service(answer=with_credentials(100)))
    bench.client.resolve("x")
    bench.now = NOON + 63
    bench.client.resolve("x")
    assert bench.times_asked == 1


def test_serves_a_caller_what_comes_although_it_has_ended() -> None:
    bench = Bench(Service(answer=with_credentials(-1)))
    assert bench.client.resolve("x").aws_credentials is not None
    bench.client.resolve("x")
    assert bench.times_asked == 2


def test_asks_again_when_the_clock_has_been_set_back() -> None:
    bench = asked_bench()
    bench.in_the_background = False
    bench.now -= 3600
    assert bench.key() == NEW


def test_drops_keys_that_are_of_no_use_any_more() -> None:
    bench = Bench()
    bench.key("first")
    bench.now += 4000
    bench.key("second")
    assert [question.integration for question in bench.client._cache._slots] == ["second"]


def test_says_nothing_about_a_key_when_it_logs(caplog: pytest.LogCaptureFixture) -> None:
    bench = asked_bench()
    bench.in_the_background = False
    bench.service.answer = OSError(KEY)
    bench.now += 300
    bench.key()
    assert caplog.messages == ["Production OpenAI could not be renewed. AI integrations can not be reached: OSError"]
    assert KEY not in caplog.text
