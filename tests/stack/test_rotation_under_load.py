"""Keys are rotated while they are used: no request fails for want of a valid key. `make consumers` runs this.

The operator does as one does with a provider: a new key is valid before it is stored, and the one before is withdrawn
at the provider when its grace is over.
"""

import http.client
import threading
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any
from urllib.parse import urlsplit

import pytest
from tools.local.aws import client as aws

from ai_integrations_client import Client, Freshness
from tests.stack.conftest import Stack
from tests.stack.consumers.world import Provider, a_provider

pytestmark = pytest.mark.consumers

ROTATIONS, SECONDS_BETWEEN = 50, 0.4
REQUESTS_A_SECOND, WORKERS = 200, 8
TTL, GRACE = 1.0, 8.0  # seconds; what a client keeps must be replaced well within the grace
BODY = b'{"model": "gpt-4o", "messages": [{"role": "user", "content": "hi"}]}'


@pytest.fixture
def provider(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Provider]:
    with a_provider(tmp_path_factory.mktemp("provider")) as running:
        yield running


@dataclass
class Traffic:
    """Requests at a steady rate, each with the key that is resolved for it."""

    client: Client
    integration: str
    address: str
    over: threading.Event = field(default_factory=threading.Event)
    statuses: Counter[int] = field(default_factory=Counter)
    keys: Counter[str] = field(default_factory=Counter)
    resolving: list[float] = field(default_factory=list)

    def flow(self, worker: int) -> None:
        """Send every so manieth request of the rate, at its own time."""
        turn, start = worker, time.monotonic()
        with closing(http.client.HTTPConnection(urlsplit(self.address).netloc, timeout=10)) as provider:
            while not self.over.wait(max(0.0, start + turn / REQUESTS_A_SECOND - time.monotonic())):
                self.request(provider)
                turn += WORKERS

    def request(self, provider: http.client.HTTPConnection) -> None:
        before = time.monotonic()
        key = self.client.resolve(self.integration).api_key
        self.resolving.append(time.monotonic() - before)
        assert key is not None
        headers = {"Authorization": f"Bearer {key.reveal()}", "Content-Type": "application/json"}
        provider.request("POST", "/v1/chat/completions", BODY, headers)
        answer = provider.getresponse()
        answer.read()
        self.statuses[answer.status] += 1
        self.keys[key.reveal()] += 1


@dataclass
class Operator:
    """Rotates the key, and withdraws the ones before when their grace is over."""

    stack: Stack
    provider: Provider
    access_key: str
    client: Client
    integration: dict[str, Any]
    valid: dict[str, float] = field(default_factory=dict)  # until when

    def rotate(self, key: str, former: str) -> None:
        version = self.client.resolve(self.integration["id"]).key_version
        self.valid[key] = float("inf")
        self._announce()
        body = {"api_key": key, "grace_seconds": 60}
        self.stack.call(self.access_key, "POST", f"/{self.integration['id']}/key-rotations", **body)
        self.valid[former] = time.monotonic() + GRACE
        self.client.invalidate()
        old = self.client.resolve(self.integration["id"], key_version=version).api_key
        assert old is not None
        assert old.reveal() == former, "the key before can not be had by its version"

    def _announce(self) -> None:
        self.provider.accept(*(key for key, until in self.valid.items() if time.monotonic() < until))


def test_never_lacks_a_valid_key(stack: Stack, provider: Provider) -> None:
    keys = [f"sk-fake-rotated-{number}" for number in range(ROTATIONS + 1)]
    access_key = stack.issue_key(account="load")
    integration = stack.create(
        access_key, name="Loaded", provider="custom", base_url=provider.base_url, api_key=keys[0]
    )

    def a_client(freshness: Freshness) -> Client:
        function = stack.deployment.output("CredentialsFunctionName")
        lambda_ = aws("lambda", stack.deployment.endpoint)
        return Client(function=function, account="load", consumer="x", lambda_client=lambda_, freshness=freshness)

    kept = Traffic(client=a_client(Freshness(ttl=TTL)), integration="Loaded", address=provider.address)
    fresh = Traffic(client=a_client(Freshness(ttl=0, max_stale=0)), integration="Loaded", address=provider.address)
    operator = Operator(stack, provider, access_key, a_client(Freshness()), integration, {keys[0]: float("inf")})
    operator._announce()
    with ThreadPoolExecutor(WORKERS + 1) as pool:
        start = time.monotonic()
        flows = [pool.submit(kept.flow, worker) for worker in range(WORKERS)]
        flows.append(pool.submit(fresh.flow, 0))
        for former, key in pairwise(keys):
            operator.rotate(key, former)
            time.sleep(SECONDS_BETWEEN)
        time.sleep(2 * TTL)
        kept.over.set()
        fresh.over.set()
        for flow in flows:
            flow.result()
    seconds = time.monotonic() - start
    report("kept", kept, seconds)
    report("resolved anew each time", fresh, seconds)
    assert set(kept.statuses) == set(fresh.statuses) == {200}
    assert kept.statuses[200] > 0.9 * REQUESTS_A_SECOND * seconds
    assert kept.keys[keys[-1]] > 0
    assert min(len(kept.keys), len(fresh.keys)) > ROTATIONS / 5


def report(what: str, traffic: Traffic, seconds: float) -> None:
    times = sorted(traffic.resolving)
    middle, late = times[len(times) // 2], times[int(len(times) * 0.99)]
    rate = traffic.statuses.total() / seconds
    print(
        f"{what}: {ROTATIONS} rotations in {seconds:.1f} s; {rate:.0f} requests/s, answered {dict(traffic.statuses)}; "
        f"{len(traffic.keys)} keys used; resolving took {middle * 1e6:.0f} µs in the middle, "
        f"{late * 1e6:.0f} µs at the 99th percentile, {times[-1] * 1e3:.0f} ms at the most"
    )
