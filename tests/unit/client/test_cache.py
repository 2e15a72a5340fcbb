"""Caching: when the service is called, and what `resolve` returns while it is unavailable."""

import gc
import logging
import re
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Any

import pytest

from ai_integrations_client import Freshness, ResolutionError, Secret, UnavailableError, cache
from tests.builders import ROOT
from tests.unit.client.fixtures import KEY, NOON, TOKEN, ClientFixture, FakeService, a_problem, a_response

DOWN = OSError("down")
NEW = "sk-fake-second-key"


def timestamp(seconds: float) -> str:
    return datetime.fromtimestamp(NOON + seconds, UTC).isoformat()


def response_with_credentials(expires_in: float) -> dict[str, Any]:
    credentials = {"access_key_id": "fake", "secret_access_key": "fake", "session_token": "fake"}
    return a_response(aws_credentials=credentials, expires_at=timestamp(expires_in))


def secrets_in_memory() -> set[str]:
    gc.collect()
    return {each.reveal() for each in gc.get_objects() if isinstance(each, Secret)}


def fixture_with_entry(**freshness: float) -> ClientFixture:
    fixture = ClientFixture(freshness=Freshness(**freshness))
    assert fixture.key() == KEY
    fixture.service.change(api_key=NEW)
    fixture.run_in_background = True
    return fixture


def test_defaults_are_those_of_the_document() -> None:
    section = (ROOT / "docs/consuming.md").read_text().partition("### `Freshness`")[2].partition("\n### ")[0]
    documented = re.findall(r"^\| `(\w+)` \| ([\d.]+) \|", section, re.MULTILINE)
    assert {name: float(default) for name, default in documented} == asdict(Freshness())


def test_log_of_the_client_has_the_name_of_its_package() -> None:
    assert cache.logger is logging.getLogger("ai_integrations_client")


def test_resolve_fetches_once_while_entry_is_fresh() -> None:
    fixture = fixture_with_entry()
    fixture.now += 239
    assert fixture.key() == KEY
    assert fixture.background_work == []
    assert fixture.fetch_count == 1


def test_each_combination_of_arguments_has_its_own_entry() -> None:
    fixture = ClientFixture()
    for arguments in ({}, {"space": "s"}, {"space": "t"}, {"organization": "s"}, {"key_version": "version-1"}):
        fixture.key(**arguments)
        fixture.key(**arguments)
    fixture.key("production openai")
    assert fixture.fetch_count == 6


def test_entry_is_refreshed_once_in_background_before_it_is_stale() -> None:
    fixture = fixture_with_entry()
    fixture.now += 240
    assert [fixture.key() for _ in range(5)] == [KEY] * 5
    assert len(fixture.background_work) == 1
    fixture.run_background_work()
    assert fixture.key() == NEW
    assert fixture.fetch_count == 2


def test_resolve_waits_for_fetch_if_entry_is_stale() -> None:
    fixture = fixture_with_entry()
    fixture.run_in_background = False
    fixture.now += 300
    assert fixture.key() == NEW


@pytest.mark.parametrize(("random", "ttl"), [(0.0, 300), (0.5, 285), (1.0, 270)])
def test_jitter_shortens_ttl(random: float, ttl: float) -> None:
    fixture = ClientFixture(random=random)
    fixture.key()
    fixture.service.response = DOWN
    fixture.now = NOON + ttl * 0.8 - 0.01
    fixture.key()
    assert fixture.fetch_count == 1
    fixture.now = NOON + ttl * 0.8 + 0.01
    fixture.key()
    assert fixture.fetch_count == 2


def test_stale_entry_is_returned_until_max_stale_while_service_is_down() -> None:
    fixture = fixture_with_entry(max_stale=1000)
    fixture.run_in_background = False
    fixture.service.response = DOWN
    fixture.now = NOON + 1299
    assert fixture.key() == KEY
    fixture.now = NOON + 1300
    with pytest.raises(UnavailableError):
        fixture.key()


def test_unavailable_service_is_called_at_most_once_per_retry_interval() -> None:
    fixture = fixture_with_entry()
    fixture.run_in_background = False
    fixture.service.response = DOWN
    fixture.now = NOON + 400
    assert [fixture.key() for _ in range(5)] == [KEY] * 5
    assert fixture.fetch_count == 2
    fixture.now += 10
    fixture.key()
    assert fixture.fetch_count == 3


def test_failed_refresh_in_the_background_is_repeated_after_the_retry_interval() -> None:
    fixture = fixture_with_entry()
    fixture.service.response = DOWN
    fixture.now = NOON + 250
    for _ in range(3):
        assert fixture.key() == KEY
        fixture.run_background_work()
    assert fixture.fetch_count == 2
    fixture.now += 10
    fixture.key()
    fixture.run_background_work()
    assert fixture.fetch_count == 3


def test_fetch_for_an_expired_entry_is_shared_although_another_fetch_ends_first() -> None:
    fixture = fixture_with_entry(patience=0, max_stale=100)
    fixture.now = NOON + 399
    assert fixture.key() == KEY  # begins a fetch
    fixture.now += 1
    [fetch] = fixture.background_work
    fixture.background_work.clear()
    fixture.run_in_background = False
    fixture.key("Another")
    fetch()
    assert fixture.key() == NEW
    assert fixture.fetch_count == 3


def test_entry_is_refreshed_after_outage() -> None:
    fixture = fixture_with_entry()
    fixture.run_in_background = False
    response, fixture.service.response = fixture.service.response, DOWN
    fixture.now += 1000
    assert fixture.key() == KEY
    fixture.service.response = response
    fixture.now += 10
    assert fixture.key() == NEW


def test_resolve_without_entry_raises_unavailable_and_calls_again() -> None:
    fixture = ClientFixture(FakeService(response=DOWN))
    for _ in range(3):
        with pytest.raises(UnavailableError):
            fixture.key()
    assert fixture.fetch_count == 3
    fixture.service.response = a_response()
    assert fixture.key() == KEY


@pytest.mark.parametrize("status", [400, 403, 404, 409, 422])
def test_entry_is_evicted_if_service_rejects_refresh(status: int) -> None:
    fixture = fixture_with_entry()
    fixture.now += 250
    fixture.service.response = a_problem(status)
    assert fixture.key() == KEY
    fixture.run_background_work()
    fixture.run_in_background = False
    with pytest.raises(ResolutionError):
        fixture.key()
    fixture.service.response = DOWN
    with pytest.raises(UnavailableError):
        fixture.key()


def test_caller_that_waits_gets_the_rejection_although_a_change_event_arrives_meanwhile() -> None:
    """The event keeps the entry, because the service may be unavailable. A rejection is an answer."""
    fixture = fixture_with_entry()
    fixture.run_in_background = False
    fixture.now += 300
    fixture.service.response = a_problem(403)
    fixture.service.before_response = fixture.client.invalidate
    with pytest.raises(ResolutionError):
        fixture.key()


def test_rejection_is_not_cached() -> None:
    fixture = ClientFixture(FakeService(response=a_problem(404)))
    with pytest.raises(ResolutionError):
        fixture.key()
    fixture.service.response = a_response()
    assert fixture.key() == KEY


def test_stale_entry_is_returned_if_fetch_exceeds_patience() -> None:
    fixture = fixture_with_entry(patience=0)
    fixture.now += 300
    assert [fixture.key() for _ in range(3)] == [KEY] * 3
    assert len(fixture.background_work) == 1
    fixture.run_background_work()
    assert fixture.key() == NEW


class Patience(float):
    """Count how often a caller waits for a fetch."""

    waits = 0

    def __gt__(self, other: float) -> bool:
        self.waits += 1
        return super().__gt__(other)


def test_callers_wait_for_a_slow_service_once_per_retry_interval() -> None:
    patience = Patience(0)
    fixture = fixture_with_entry(patience=patience)
    fixture.now = NOON + 250  # a refresh is due, but the entry is fresh
    fixture.key()
    assert patience.waits == 0
    fixture.now = NOON + 300
    assert [fixture.key() for _ in range(3)] == [KEY] * 3
    assert patience.waits == 1
    fixture.now += 10
    fixture.key()
    assert patience.waits == 2


def test_entry_that_expires_while_a_caller_waits_is_not_returned() -> None:
    fixture = fixture_with_entry(patience=0)
    fixture.now = NOON + 3899.5
    fixture.seconds_between_readings = 0.2
    with pytest.raises(UnavailableError, match=r"'Production OpenAI': .*no response in time"):
        fixture.key()


def test_temporary_credentials_are_refreshed_before_they_expire() -> None:
    fixture = ClientFixture(FakeService(response=response_with_credentials(3600)), freshness=Freshness(ttl=10_000))
    fixture.client.resolve("x")
    fixture.service.response = response_with_credentials(9000)
    fixture.now = NOON + 3300
    assert fixture.client.resolve("x").expires_at == datetime.fromisoformat(timestamp(9000))
    assert fixture.fetch_count == 2


def test_expired_credentials_are_never_returned() -> None:
    fixture = ClientFixture(
        FakeService(response=response_with_credentials(3600)), freshness=Freshness(max_stale=100_000)
    )
    fixture.client.resolve("x")
    fixture.service.response = DOWN
    fixture.now = NOON + 3599
    assert fixture.client.resolve("x").aws_credentials is not None
    fixture.now = NOON + 3600
    with pytest.raises(UnavailableError):
        fixture.client.resolve("x")


def test_short_lived_credentials_are_cached_for_most_of_their_lifetime() -> None:
    fixture = ClientFixture(FakeService(response=response_with_credentials(100)))
    fixture.client.resolve("x")
    fixture.now = NOON + 63
    fixture.client.resolve("x")
    assert fixture.fetch_count == 1


def response_with_token(expires_in: float, value: str = TOKEN) -> dict[str, Any]:
    token = {"value": value, "token_type": "Bearer"}
    return a_response(api_key=..., key_version=..., access_token=token, expires_at=timestamp(expires_in))


def token_of(fixture: ClientFixture) -> str:
    token = fixture.client.resolve("x").access_token
    assert token is not None
    return token.value.reveal()


# The last tokens come from the service's own cache, with little time left.
@pytest.mark.parametrize(
    ("lifetime", "refresh_at"), [(3600, 240), (900, 240), (600, 240), (300, 192), (60, 38.4), (10, 6.4)]
)
def test_access_token_is_refreshed_in_background_before_it_expires(lifetime: float, refresh_at: float) -> None:
    fixture = ClientFixture(FakeService(response=response_with_token(lifetime)))
    token_of(fixture)
    fixture.run_in_background = True
    fixture.service.response = response_with_token(2 * lifetime, "fake-renewed-token")
    fixture.now = NOON + refresh_at - 0.1
    assert token_of(fixture) == TOKEN
    assert fixture.background_work == []
    fixture.now = NOON + refresh_at + 0.1
    assert token_of(fixture) == TOKEN
    fixture.run_background_work()
    assert token_of(fixture) == "fake-renewed-token"
    assert fixture.fetch_count == 2


@pytest.mark.parametrize("lifetime", [3600, 600, 60])
def test_access_token_is_returned_until_it_expires_while_service_is_down(lifetime: float) -> None:
    fixture = ClientFixture(FakeService(response=response_with_token(lifetime)))
    token_of(fixture)
    fixture.service.response = DOWN
    for seconds in (0.5 * lifetime, 0.7 * lifetime, 0.9 * lifetime, lifetime - 0.1):
        fixture.now = NOON + seconds
        assert token_of(fixture) == TOKEN
    fixture.now = NOON + lifetime
    with pytest.raises(UnavailableError):
        token_of(fixture)


def test_access_token_is_not_returned_if_the_provider_rejected_the_exchange() -> None:
    fixture = ClientFixture(FakeService(response=response_with_token(600)))
    token_of(fixture)
    fixture.service.response = a_problem(409, "The token exchange was rejected")
    fixture.now = NOON + 300
    with pytest.raises(ResolutionError):
        token_of(fixture)
    fixture.service.response = DOWN
    with pytest.raises(UnavailableError):
        token_of(fixture)


def test_fetched_credentials_are_returned_even_if_already_expired() -> None:
    fixture = ClientFixture(FakeService(response=response_with_credentials(-1)))
    assert fixture.client.resolve("x").aws_credentials is not None
    fixture.client.resolve("x")
    assert fixture.fetch_count == 2


def test_entry_is_stale_if_clock_was_set_back() -> None:
    fixture = fixture_with_entry()
    fixture.run_in_background = False
    fixture.now -= 3600
    assert fixture.key() == NEW


def test_expired_keys_do_not_stay_in_memory() -> None:
    key = "sk-fake-key-that-expires"
    fixture = ClientFixture(FakeService(response=a_response(api_key=key)))
    fixture.key("first")
    fixture.service.change(api_key=NEW)
    assert key in secrets_in_memory()
    fixture.now += 4000
    fixture.key("second")
    assert key not in secrets_in_memory()


def test_failed_first_fetch_is_raised_and_not_logged(caplog: pytest.LogCaptureFixture) -> None:
    fixture = ClientFixture(FakeService(response=DOWN))
    with pytest.raises(UnavailableError):
        fixture.key()
    assert caplog.messages == []


def test_failed_refresh_is_logged_without_key(caplog: pytest.LogCaptureFixture) -> None:
    fixture = fixture_with_entry()
    fixture.run_in_background = False
    fixture.service.response = OSError(KEY)
    fixture.now += 300
    fixture.key()
    assert caplog.messages == [
        "A cached resolution could not be refreshed. "
        "Integration 'Production OpenAI': The AI integrations service is unavailable: OSError"
    ]
    assert KEY not in caplog.text
