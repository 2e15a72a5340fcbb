"""Simulate overload of one account: which AWS quota limits it, and how many requests still succeed.

`python -m tests.benchmarks.hot_account` prints the table for docs/deploy.md. An account is one partition of the table;
Secrets Manager's quotas apply to an AWS account and region. Requests of one kind arrive at random, and each consumes
its share of every quota. A throttled request is retried like in the AWS SDK's standard mode. The quotas in LIMITS are
from Secrets Manager's page "quotas" and DynamoDB's "partition key design".
"""

import heapq
import random
from dataclasses import dataclass

from ai_integrations.adapters.dynamodb import items
from ai_integrations.adapters.dynamodb.attributes import to_wire
from tests.benchmarks.capacity import read_units, size, write_units
from tests.benchmarks.report import table as markdown_table
from tests.builders import NOON, an_idempotency_key, an_integration

SECONDS = 10
ATTEMPTS = 3
LOADS = (0.5, 1, 2, 4)  # multiples of the rate that the limit allows
DURATION = 0.06  # seconds per attempt
LIMITS = {
    "write units of the account's partition": 1_000.0,  # per second
    "read units of the account's partition": 3_000.0,
    "secret creations in the region": 50.0,
    "secret reads in the region": 10_000.0,
    "concurrent Lambda invocations": 1_000.0,  # each call holds one for DURATION
}


def calls() -> dict[str, dict[str, float]]:
    """Return how much of each limit a call of each kind consumes, in the order in which the call reaches the limits."""
    integration = an_integration(model_names=("gpt-4o",) * 5, headers={"X-Team": "search"})
    item = items.integration_item(integration)
    guards = *items.name_items(integration), items.idempotency_item(integration, an_idempotency_key(), NOON)
    created = write_units(*(size(to_wire(each)) for each in (item, *guards)))
    writes, reads, secrets, keys, invocations = LIMITS
    page = read_units(51 * size(to_wire(item)))
    return {
        "create with a key": {invocations: DURATION, reads: 2, secrets: 1, writes: created},
        "create without a key": {invocations: DURATION, reads: 2, writes: created},
        "read one": {invocations: DURATION, reads: 1},
        "read a page of 50": {invocations: DURATION, reads: page},
        "resolve": {invocations: DURATION, reads: 1, keys: 1},
    }


def binding_limit(call: dict[str, float]) -> tuple[str, float]:
    """Return the limit that is reached first, and the calls per second that it allows."""
    name = min(call, key=lambda each: LIMITS[each] / call[each])
    return name, LIMITS[name] / call[name]


@dataclass
class Bucket:
    """A token bucket that holds at most one second's worth of its rate."""

    rate: float
    left: float = 0
    at: float = 0

    def take(self, amount: float, now: float) -> bool:
        self.left = min(self.rate, self.left + (now - self.at) * self.rate)
        self.at = now
        granted = self.left >= amount
        self.left -= amount * granted
        return granted


def simulate(call: dict[str, float], rate: float, seed: int = 1) -> tuple[float, float]:
    """Return the share of calls that succeed, and the average number of attempts per call."""
    chance = random.Random(seed)  # noqa: S311 - not security-relevant
    buckets = {name: Bucket(LIMITS[name]) for name in call}
    waiting = [(chance.uniform(0, SECONDS), 1) for _ in range(round(rate * SECONDS))]
    heapq.heapify(waiting)
    calls_made, attempts, succeeded = len(waiting), 0, 0
    while waiting:
        now, attempt = heapq.heappop(waiting)
        attempts += 1
        if all(buckets[name].take(amount, now) for name, amount in call.items()):
            succeeded += 1
        elif attempt < ATTEMPTS:
            heapq.heappush(waiting, (now + DURATION + chance.uniform(0, 2 ** (attempt - 1)), attempt + 1))
    return succeeded / calls_made, attempts / calls_made


def table() -> str:
    """Render limits and success rates as a Markdown table."""
    head = ["operation", "limiting quota", "requests/s", *(f"{load:g}x" for load in LOADS)]
    rows = []
    for name, call in calls().items():
        limit, rate = binding_limit(call)
        shares = [simulate(call, load * rate)[0] for load in LOADS]
        rows.append([name, limit, f"{rate:,.0f}", *(f"{share:.0%}" for share in shares)])
    return markdown_table(head, rows, text_columns=2)


if __name__ == "__main__":
    print(table())
