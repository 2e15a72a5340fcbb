"""One client used by many threads, synchronized by barriers and events."""

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from ai_integrations_client import Client, Freshness, Runtime, UnavailableError
from ai_integrations_client.runtime import run_in_thread
from tests.unit.client.fixtures import KEY, NOON, FakeService, a_response

THREADS = 16
SECONDS = 10  # until a test that hangs fails


class ThreadsFixture:
    """A client, and a service that responds once `may_respond` is set."""

    def __init__(self, freshness: Freshness | None = None) -> None:
        self.service = FakeService()
        self.called, self.may_respond = threading.Event(), threading.Event()
        self.service.before_response = self._wait
        self.now = NOON
        self.client = Client(
            function="credentials",
            account="acme",
            consumer="billing-job",
            lambda_client=self.service,
            freshness=freshness,
            runtime=Runtime(clock=lambda: self.now, random=lambda: 0.0),
        )

    def _wait(self) -> None:
        self.called.set()
        assert self.may_respond.wait(SECONDS)

    def key(self) -> str:
        key = self.client.resolve("Production OpenAI").api_key
        assert key is not None
        return key.reveal()


def test_concurrent_resolves_share_one_fetch() -> None:
    fixture = ThreadsFixture()
    barrier = threading.Barrier(THREADS)

    def resolve() -> str:
        barrier.wait(SECONDS)
        return fixture.key()

    with ThreadPoolExecutor(THREADS) as pool:
        results = [pool.submit(resolve) for _ in range(THREADS)]
        assert fixture.called.wait(SECONDS)
        fixture.may_respond.set()
        assert {result.result(SECONDS) for result in results} == {KEY}
    assert len(fixture.service.requests) == 1


def test_caller_without_an_entry_waits_longer_than_the_patience() -> None:
    fixture = ThreadsFixture(Freshness(patience=0))
    with ThreadPoolExecutor(1) as pool:
        result = pool.submit(fixture.key)
        assert fixture.called.wait(SECONDS)
        fixture.may_respond.set()
        assert result.result(SECONDS) == KEY


def test_failed_fetch_raises_in_all_waiting_threads() -> None:
    fixture = ThreadsFixture()
    fixture.service.response = OSError()
    with ThreadPoolExecutor(THREADS) as pool:
        results = [pool.submit(fixture.key) for _ in range(THREADS)]
        assert fixture.called.wait(SECONDS)
        fixture.may_respond.set()
        assert {type(result.exception(SECONDS)) for result in results} == {UnavailableError}


def test_background_refresh_does_not_block_callers() -> None:
    fixture = ThreadsFixture()
    fixture.may_respond.set()
    fixture.key()
    fixture.may_respond.clear()
    fixture.called.clear()
    fixture.now += 250
    with ThreadPoolExecutor(THREADS) as pool:
        results = [pool.submit(fixture.key) for _ in range(THREADS)]
        assert {result.result(SECONDS) for result in results} == {KEY}
        assert fixture.called.wait(SECONDS)
        assert len(fixture.service.requests) == 2
        fixture.may_respond.set()


def test_resolve_after_invalidate_does_not_join_earlier_fetch() -> None:
    """A call after an invalidation must not get the result of a fetch that began before it."""
    fixture = ThreadsFixture()
    with ThreadPoolExecutor(2) as pool:
        before = pool.submit(fixture.key)
        assert fixture.called.wait(SECONDS)
        fixture.called.clear()
        fixture.service.response = a_response(api_key="sk-fake-second-key", version=2)
        fixture.client.invalidate()
        after = pool.submit(fixture.key)
        assert fixture.called.wait(SECONDS)
        fixture.may_respond.set()
        assert (before.result(SECONDS), after.result(SECONDS)) == (KEY, "sk-fake-second-key")
    assert fixture.key() == "sk-fake-second-key"


def test_concurrent_resolve_and_invalidate() -> None:
    fixture = ThreadsFixture()
    fixture.may_respond.set()
    barrier = threading.Barrier(THREADS)

    def resolve_repeatedly(number: int) -> None:
        barrier.wait(SECONDS)
        for _ in range(200):
            assert fixture.key() == KEY
            if number == 0:
                fixture.client.invalidate()

    with ThreadPoolExecutor(THREADS) as pool:
        for done in [pool.submit(resolve_repeatedly, number) for number in range(THREADS)]:
            done.result(SECONDS)
    assert 1 < len(fixture.service.requests) <= 201


def test_run_in_thread_runs_inline_if_no_thread_can_start(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(_thread: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    monkeypatch.setattr(threading.Thread, "start", fail)
    done: list[str] = []
    run_in_thread(lambda: done.append("here"))
    assert done == ["here"]
