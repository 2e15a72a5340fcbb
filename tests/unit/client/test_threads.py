"""One client used by many threads, synchronized by barriers and events."""

import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from typing import Any

import pytest

from ai_integrations_client import Client, Freshness, Runtime, UnavailableError
from ai_integrations_client.runtime import run_in_thread
from tests.unit.client.fixtures import KEY, NOON, FakeService, a_response

THREADS = 16
SECONDS = 10  # until a test that hangs fails


class ThreadsFixture:
    """A client, and a service that responds once `may_respond` is set."""

    def __init__(self, freshness: Freshness | None = None, *, readings_before_response: int = 0) -> None:
        self.service = FakeService()
        self.called, self.may_respond = threading.Event(), threading.Event()
        self.service.before_response = self._wait
        self.now = NOON
        self.readings_before_response = readings_before_response
        self.client = Client(
            function="credentials",
            account="acme",
            consumer="billing-job",
            lambda_client=self.service,
            freshness=freshness,
            runtime=Runtime(clock=self._read_clock, random=lambda: 0.0),
        )

    def _wait(self) -> None:
        self.called.set()
        assert self.may_respond.wait(SECONDS)

    def _read_clock(self) -> float:
        self.readings_before_response -= 1
        if self.readings_before_response == 0:
            self.may_respond.set()
        return self.now

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
    fixture = ThreadsFixture(Freshness(patience=0), readings_before_response=2)
    assert fixture.key() == KEY


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


TOKEN_LIFETIME = 60
EXPIRIES = 50
REQUESTS_PER_SECOND = 200
SENDERS = 8
# In seconds. When a refresh is due, a token lives longer than a short outage, but not as long as one in five.
OUTAGE_EVERY, OUTAGE, LONG_OUTAGE = 100, 9, 70


class TokenService(FakeService):
    """Issues an access token for each call. It is often unavailable, and counts the calls that are in flight."""

    def __init__(self) -> None:
        super().__init__()
        self.now = NOON
        self.expires_at = NOON
        self.tokens, self.failures, self.in_flight, self.most_in_flight = 0, 0, 0, 0

    def invoke(self, **request: Any) -> dict[str, Any]:
        self.in_flight += 1
        self.most_in_flight = max(self.most_in_flight, self.in_flight)
        try:
            return self._issue(request)
        finally:
            self.in_flight -= 1

    def _issue(self, request: dict[str, Any]) -> dict[str, Any]:
        outage, second = divmod(self.now - NOON, OUTAGE_EVERY)
        if self.tokens and second < (LONG_OUTAGE if outage % 5 == 4 else OUTAGE):
            self.failures += 1
            raise OSError
        self.tokens += 1
        self.expires_at = self.now + TOKEN_LIFETIME - self.tokens % 5 * 6  # the service has cached some for a while
        self.response = a_response(
            api_key=...,
            access_token={"value": f"expires at {self.expires_at}", "token_type": "Bearer"},
            expires_at=datetime.fromtimestamp(self.expires_at, UTC).isoformat(),
        )
        return super().invoke(**request)


@pytest.mark.no_cover
def test_threads_use_only_valid_access_tokens_through_expiries_and_outages() -> None:
    """Threads send 200 requests in each second of a fake clock, until 50 tokens would have expired."""
    service = TokenService()
    client = Client(
        function="credentials",
        account="acme",
        consumer="billing-job",
        lambda_client=service,
        runtime=Runtime(clock=lambda: service.now),
    )

    def advance() -> None:
        service.now += 1

    barrier = threading.Barrier(SENDERS, advance)

    def send() -> int:
        unavailable = 0
        for _ in range(EXPIRIES * TOKEN_LIFETIME):
            try:
                for _ in range(REQUESTS_PER_SECOND // SENDERS):
                    token = client.resolve("Production OpenAI").access_token
                    assert token is not None
                    assert float(token.value.reveal().removeprefix("expires at ")) > service.now
            except UnavailableError:
                assert service.expires_at <= service.now
                unavailable += 1
            barrier.wait(SECONDS)
        return unavailable

    with ThreadPoolExecutor(SENDERS) as pool:
        unavailable = sum(done.result() for done in [pool.submit(send) for _ in range(SENDERS)])
    assert service.most_in_flight == 1
    assert EXPIRIES <= service.tokens <= 4 * EXPIRIES
    assert service.failures
    assert unavailable
