"""Rotation under load: no request fails because of an invalid key. `make consumers` runs this test.

The operator makes each new key valid at the provider before the rotation, and revokes the previous key when its grace
period has ended.
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
from tests.stack.consumers.processes import Provider, running_provider

pytestmark = pytest.mark.consumers

ROTATIONS, SECONDS_BETWEEN = 50, 0.4
REQUESTS_A_SECOND, WORKERS = 200, 8
TTL, GRACE = 1.0, 8.0  # seconds; cached keys must be replaced well within the grace period
BODY = b'{"model": "gpt-4o", "messages": [{"role": "user", "content": "hi"}]}'


@pytest.fixture
def provider(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Provider]:
    with running_provider(tmp_path_factory.mktemp("provider")) as running:
        yield running


@dataclass
class Traffic:
    """Requests at a steady rate. The key is resolved for each request."""

    client: Client
    integration: str
    address: str
    stopped: threading.Event = field(default_factory=threading.Event)
    statuses: Counter[int] = field(default_factory=Counter)
    keys: Counter[str] = field(default_factory=Counter)
    resolve_times: list[float] = field(default_factory=list)

    def run(self, worker: int) -> None:
        """Send this worker's share of the requests, each at its scheduled time."""
        turn, start = worker, time.monotonic()
        with closing(http.client.HTTPConnection(urlsplit(self.address).netloc, timeout=10)) as provider:
            while not self.stopped.wait(max(0.0, start + turn / REQUESTS_A_SECOND - time.monotonic())):
                self.request(provider)
                turn += WORKERS

    def request(self, provider: http.client.HTTPConnection) -> None:
        before = time.monotonic()
        key = self.client.resolve(self.integration).api_key
        self.resolve_times.append(time.monotonic() - before)
        assert key is not None
        headers = {"Authorization": f"Bearer {key.reveal()}", "Content-Type": "application/json"}
        provider.request("POST", "/v1/chat/completions", BODY, headers)
        response = provider.getresponse()
        response.read()
        self.statuses[response.status] += 1
        self.keys[key.reveal()] += 1


@dataclass
class Operator:
    """Rotates the key, and revokes each previous key when its grace period has ended."""

    stack: Stack
    provider: Provider
    access_key: str
    client: Client
    integration: dict[str, Any]
    valid_until: dict[str, float] = field(default_factory=dict)

    def rotate(self, key: str, previous: str) -> None:
        version = self.client.resolve(self.integration["id"]).key_version
        self.valid_until[key] = float("inf")
        self.publish_valid_keys()
        body = {"api_key": key, "grace_seconds": 60}
        self.stack.call(self.access_key, "POST", f"/{self.integration['id']}/key-rotations", **body)
        self.valid_until[previous] = time.monotonic() + GRACE
        self.client.invalidate()
        old = self.client.resolve(self.integration["id"], key_version=version).api_key
        assert old is not None
        assert old.reveal() == previous, "the previous key is not available by its version"

    def publish_valid_keys(self) -> None:
        self.provider.accept(*(key for key, until in self.valid_until.items() if time.monotonic() < until))


def test_rotation_under_load_fails_no_request(stack: Stack, provider: Provider) -> None:
    keys = [f"sk-fake-rotated-{number}" for number in range(ROTATIONS + 1)]
    access_key = stack.issue_key(account="load")
    integration = stack.create(
        access_key, name="Loaded", provider="custom", base_url=provider.base_url, api_key=keys[0]
    )

    def create_client(freshness: Freshness) -> Client:
        function = stack.deployment.outputs()["CredentialsFunctionName"]
        lambda_ = aws("lambda", stack.deployment.endpoint)
        return Client(function=function, account="load", consumer="x", lambda_client=lambda_, freshness=freshness)

    cached = Traffic(client=create_client(Freshness(ttl=TTL)), integration="Loaded", address=provider.address)
    uncached = Traffic(
        client=create_client(Freshness(ttl=0, max_stale=0)), integration="Loaded", address=provider.address
    )
    operator = Operator(stack, provider, access_key, create_client(Freshness()), integration, {keys[0]: float("inf")})
    operator.publish_valid_keys()
    with ThreadPoolExecutor(WORKERS + 1) as pool:
        start = time.monotonic()
        workers = [pool.submit(cached.run, worker) for worker in range(WORKERS)]
        workers.append(pool.submit(uncached.run, 0))
        for previous, key in pairwise(keys):
            operator.rotate(key, previous)
            time.sleep(SECONDS_BETWEEN)
        time.sleep(2 * TTL)
        cached.stopped.set()
        uncached.stopped.set()
        for worker in workers:
            worker.result()
    seconds = time.monotonic() - start
    report("cached", cached, seconds)
    report("resolved for each request", uncached, seconds)
    assert set(cached.statuses) == set(uncached.statuses) == {200}
    assert cached.statuses[200] > 0.9 * REQUESTS_A_SECOND * seconds
    assert cached.keys[keys[-1]] > 0
    assert min(len(cached.keys), len(uncached.keys)) > ROTATIONS / 5


def report(name: str, traffic: Traffic, seconds: float) -> None:
    times = sorted(traffic.resolve_times)
    median, percentile_99 = times[len(times) // 2], times[int(len(times) * 0.99)]
    rate = traffic.statuses.total() / seconds
    print(
        f"{name}: {ROTATIONS} rotations in {seconds:.1f} s; {rate:.0f} requests/s, statuses {dict(traffic.statuses)}; "
        f"{len(traffic.keys)} keys used; resolving took {median * 1e6:.0f} µs (median), "
        f"{percentile_99 * 1e6:.0f} µs (99th percentile), {times[-1] * 1e3:.0f} ms (maximum)"
    )
