"""`key_access/token_cache.py`: reuse, expiry, single-flight, and many resolutions a second."""

import time
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from threading import Lock
from typing import Any

import pytest
from pydantic import SecretStr

from ai_integrations.domain.credentials import AccessToken
from ai_integrations.domain.errors import TokenRefusedError
from ai_integrations.domain.model import Integration
from ai_integrations.key_access.credential_reader import CredentialReader
from ai_integrations.key_access.resolve import CredentialResolver
from ai_integrations.key_access.token_cache import TokenCache, reuse_margin
from ai_integrations.use_cases.visibility import Visibility
from tests.builders import ACCESS_TOKEN, FEDERATIONS, NOON, ULID, a_caller, an_integration
from tests.cloud import Killed
from tests.fakes import FakeTokenExchanger, InMemoryRepository, InMemorySpaces, build_ledger

INSTANT = timedelta(microseconds=1)
OTHER_ULID = "01KDZ3ZQ80000000000000000B"


def federated(**changes: Any) -> Integration:
    return an_integration(federation=FEDERATIONS["OPEN_AI"], **changes)


class CacheFixture:
    def __init__(self, lifetime: timedelta = timedelta(hours=1), **options: Any) -> None:
        self.now = NOON
        self.exchanger = FakeTokenExchanger(clock=lambda: self.now, lifetime=lifetime)
        self.cache = TokenCache(self.exchanger, lambda: self.now, **options)

    def get(self, integration: Integration | None = None) -> tuple[str, str]:
        """Return the number of the token, and its source."""
        token, source = self.cache.get(integration or federated())
        return token.value.get_secret_value().removeprefix(f"{ACCESS_TOKEN}-"), source


@pytest.mark.parametrize(
    ("lifetime", "margin"),
    [
        (timedelta(hours=24), timedelta(minutes=10)),
        (timedelta(hours=1), timedelta(minutes=10)),
        (timedelta(minutes=15), timedelta(minutes=5)),
        (timedelta(minutes=1), timedelta(seconds=20)),
    ],
)
def test_token_is_reused_until_the_margin_before_its_end(lifetime: timedelta, margin: timedelta) -> None:
    assert reuse_margin(lifetime) == margin
    fixture = CacheFixture(lifetime)
    assert fixture.get() == ("1", "exchange")
    fixture.now = NOON + lifetime - margin - INSTANT
    assert fixture.get() == ("1", "cache")
    fixture.now += INSTANT
    assert fixture.get() == ("2", "exchange")


@pytest.mark.parametrize("lifetime", [timedelta(0), timedelta(seconds=-1)])
def test_token_that_has_already_expired_is_not_reused(lifetime: timedelta) -> None:
    fixture = CacheFixture(lifetime)
    assert [fixture.get(), fixture.get()] == [("1", "exchange"), ("2", "exchange")]


@pytest.mark.parametrize("changes", [{"version": 2}, {"account": "other"}, {"id": OTHER_ULID}])
def test_token_is_not_reused_for_another_version_account_or_integration(changes: dict[str, Any]) -> None:
    fixture = CacheFixture()
    fixture.get()
    assert fixture.get(federated(**changes)) == ("2", "exchange")
    assert fixture.get() == ("1", "cache")


def test_failed_exchange_is_tried_again_by_the_next_request() -> None:
    fixture = CacheFixture()
    fixture.exchanger.errors = [TokenRefusedError("Refused.")]
    with pytest.raises(TokenRefusedError):
        fixture.get()
    assert fixture.get() == ("2", "exchange")


def test_killed_exchange_is_tried_again_by_the_next_request() -> None:
    fixture = CacheFixture()

    def kill() -> None:
        raise Killed

    fixture.exchanger.before_exchange = [kill]
    with pytest.raises(Killed):
        fixture.get()
    assert fixture.get() == ("2", "exchange")


def test_cache_drops_the_least_recently_used_token_when_it_is_full() -> None:
    fixture = CacheFixture(max_entries=2)
    first, second, third = (federated(version=version) for version in (1, 2, 3))
    for each in (first, second, first, third):
        fixture.get(each)
    assert fixture.get(first) == ("1", "cache")
    assert fixture.get(second) == ("4", "exchange")


def test_cache_drops_unusable_tokens_of_all_integrations_with_the_next_exchange() -> None:
    fixture = CacheFixture()
    fixture.get(federated(version=1))
    fixture.now += timedelta(minutes=50)
    fixture.get(federated(version=2))
    assert [version for _, _, version in fixture.cache._entries] == [2]


THREADS = 8


def get_in_threads(fixture: CacheFixture) -> list[tuple[str, str] | Exception]:
    """Let threads need the same token at once. The exchange ends when all others wait for it."""

    def get() -> tuple[str, str] | Exception:
        try:
            return fixture.get()
        except TokenRefusedError as error:
            return error

    def wait_for_the_others() -> None:
        [exchange] = fixture.cache._exchanges.values()
        while len(exchange._condition._waiters) < THREADS - 1:  # type: ignore[attr-defined]
            time.sleep(0.001)

    fixture.exchanger.before_exchange = [wait_for_the_others]
    with ThreadPoolExecutor(THREADS) as pool:
        return [*pool.map(lambda _: get(), range(THREADS))]


def test_threads_that_need_the_same_token_share_one_exchange() -> None:
    fixture = CacheFixture()
    assert get_in_threads(fixture) == [("1", "exchange")] * THREADS
    assert len(fixture.exchanger.exchanged) == 1


def test_threads_that_share_a_failed_exchange_all_get_its_error() -> None:
    fixture = CacheFixture()
    error = TokenRefusedError("Refused.")
    fixture.exchanger.errors = [error]
    assert get_in_threads(fixture) == [error] * THREADS
    assert len(fixture.exchanger.exchanged) == 1


def test_waiting_for_one_integration_does_not_block_another() -> None:
    fixture = CacheFixture()
    fixture.exchanger.before_exchange = [lambda: fixture.get(federated(id=OTHER_ULID))]
    assert fixture.get() == ("2", "exchange")
    assert [ulid for _, ulid, _ in fixture.exchanger.exchanged] == [ULID, OTHER_ULID]


@dataclass
class SlowExchanger:
    """Takes a moment for each exchange, and counts those in flight for each integration."""

    clock: "SimulatedClock"
    lifetime: timedelta
    most_in_flight: int = 0
    exchanges: Counter[str] = field(default_factory=Counter)
    _in_flight: Counter[str] = field(default_factory=Counter)
    _lock: Lock = field(default_factory=Lock)

    def exchange(self, integration: Integration) -> AccessToken:
        with self._lock:
            self.exchanges[integration.id] += 1
            self._in_flight[integration.id] += 1
            self.most_in_flight = max(self.most_in_flight, self._in_flight[integration.id])
        time.sleep(0.001)
        with self._lock:
            self._in_flight[integration.id] -= 1
        token = SecretStr(ACCESS_TOKEN)
        return AccessToken(value=token, expires_at=self.clock() + self.lifetime, identity={"sub": integration.id})


class SimulatedClock:
    """Advances with each request, at a constant rate of requests."""

    def __init__(self, requests_per_second: int) -> None:
        self._interval = timedelta(seconds=1) / requests_per_second
        self._lock = Lock()
        self._requests = 0

    def __call__(self) -> datetime:
        return NOON + self._requests * self._interval

    def next_request(self) -> datetime:
        with self._lock:
            self._requests += 1
            return self()


@pytest.mark.no_cover
def test_200_resolutions_a_second_over_50_expiries_always_have_a_valid_token_from_one_exchange_at_a_time() -> None:
    expiries = 50
    clock = SimulatedClock(requests_per_second=200)
    exchanger = SlowExchanger(clock, lifetime=timedelta(seconds=15))
    repository = InMemoryRepository()
    for ulid in (ULID, OTHER_ULID):
        repository.insert(federated(id=ulid, name=ulid), None)
    resolver = a_resolver(repository, TokenCache(exchanger, clock), clock)
    wrong: list[tuple[AccessToken, datetime]] = []

    def resolve(ulid: str) -> None:
        while exchanger.exchanges[ulid] <= expiries and not wrong:
            now = clock.next_request()
            issued = resolver.by_id(a_caller(), ulid).token
            assert issued is not None
            if issued.token.identity["sub"] != ulid or issued.token.expires_at <= now:
                wrong.append((issued.token, now))

    with ThreadPoolExecutor(THREADS) as pool:
        [*pool.map(resolve, [ULID, OTHER_ULID] * (THREADS // 2))]
    assert wrong == []
    assert exchanger.most_in_flight == 1


def a_resolver(repository: InMemoryRepository, tokens: TokenCache, clock: Callable[[], datetime]) -> CredentialResolver:
    unused: Any = None
    credentials = CredentialReader(keys=unused, roles=unused, tokens=tokens, clock=clock)
    return CredentialResolver(
        integrations=repository,
        visibility=Visibility(InMemorySpaces()),
        credentials=credentials,
        ledger=build_ledger(clock=clock),
    )
