"""Many threads, one client: barriers and events in the place of waiting."""

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from ai_integrations_client import Client, Machine, UnavailableError
from ai_integrations_client.machine import beside
from tests.unit.client.service import KEY, NOON, Service, an_answer

THREADS = 16
SECONDS = 10  # until a test that hangs fails


class Crowd:
    """A client, and a service that answers when the test lets it."""

    def __init__(self) -> None:
        self.service = Service()
        self.asked, self.may_answer = threading.Event(), threading.Event()
        self.service.before_answering = self._hold
        self.now = NOON
        self.client = Client(
            function="credentials",
            account="acme",
            consumer="billing-job",
            lambda_client=self.service,
            machine=Machine(clock=lambda: self.now, random=lambda: 0.0),
        )

    def _hold(self) -> None:
        self.asked.set()
        assert self.may_answer.wait(SECONDS)

    def key(self) -> str:
        key = self.client.resolve("Production OpenAI").api_key
        assert key is not None
        return key.reveal()


def test_asks_once_for_all_who_wait() -> None:
    crowd = Crowd()
    together = threading.Barrier(THREADS)

    def ask() -> str:
        together.wait(SECONDS)
        return crowd.key()

    with ThreadPoolExecutor(THREADS) as pool:
        answers = [pool.submit(ask) for _ in range(THREADS)]
        assert crowd.asked.wait(SECONDS)
        crowd.may_answer.set()
        assert {answer.result(SECONDS) for answer in answers} == {KEY}
    assert len(crowd.service.asked) == 1


def test_tells_all_who_wait_of_a_failure() -> None:
    crowd = Crowd()
    crowd.service.answer = OSError()
    with ThreadPoolExecutor(THREADS) as pool:
        answers = [pool.submit(crowd.key) for _ in range(THREADS)]
        assert crowd.asked.wait(SECONDS)
        crowd.may_answer.set()
        assert {type(answer.exception(SECONDS)) for answer in answers} == {UnavailableError}


def test_holds_nobody_up_while_it_renews_ahead_of_time() -> None:
    crowd = Crowd()
    crowd.may_answer.set()
    crowd.key()
    crowd.may_answer.clear()
    crowd.asked.clear()
    crowd.now += 250
    with ThreadPoolExecutor(THREADS) as pool:
        answers = [pool.submit(crowd.key) for _ in range(THREADS)]
        assert {answer.result(SECONDS) for answer in answers} == {KEY}
        assert crowd.asked.wait(SECONDS)
        assert len(crowd.service.asked) == 2
        crowd.may_answer.set()


def test_gives_a_question_after_a_change_the_answer_after_the_change() -> None:
    """One who asks after an invalidation must not be given the answer to a question from before it."""
    crowd = Crowd()
    with ThreadPoolExecutor(2) as pool:
        before = pool.submit(crowd.key)
        assert crowd.asked.wait(SECONDS)
        crowd.asked.clear()
        crowd.service.answer = an_answer(api_key="sk-fake-second-key", version=2)
        crowd.client.invalidate()
        after = pool.submit(crowd.key)
        assert crowd.asked.wait(SECONDS)
        crowd.may_answer.set()
        assert (before.result(SECONDS), after.result(SECONDS)) == (KEY, "sk-fake-second-key")
    assert crowd.key() == "sk-fake-second-key"


def test_stands_a_storm_of_questions_and_changes() -> None:
    crowd = Crowd()
    crowd.may_answer.set()
    together = threading.Barrier(THREADS)

    def storm(number: int) -> None:
        together.wait(SECONDS)
        for _ in range(200):
            assert crowd.key() == KEY
            if number == 0:
                crowd.client.invalidate()

    with ThreadPoolExecutor(THREADS) as pool:
        for done in [pool.submit(storm, number) for number in range(THREADS)]:
            done.result(SECONDS)
    assert 1 < len(crowd.service.asked) <= 201


def test_lets_the_caller_do_it_where_there_can_be_no_more_threads(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(_thread: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    monkeypatch.setattr(threading.Thread, "start", refuse)
    done: list[str] = []
    beside(lambda: done.append("here"))
    assert done == ["here"]
