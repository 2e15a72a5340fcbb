"""One account that gets all the calls: where it bends. `python -m tests.benchmarks.hot_account` prints the table.

An account is one partition of the table, and Secrets Manager counts for a whole AWS region. The simulation lets calls
of one kind come at random, each taking what it needs of every limit; a refused one comes again as the SDK's standard
retries do. What it assumes of AWS is in LIMITS: Secrets Manager's page "quotas" and DynamoDB's "partition key design".
"""

import heapq
import random
from dataclasses import dataclass

from ai_integrations.adapters.dynamodb import items
from ai_integrations.adapters.dynamodb.attributes import to_wire
from tests.benchmarks.capacity import read_units, size, write_units
from tests.builders import NOON, an_idempotency_key, an_integration

SECONDS = 10
ATTEMPTS = 3
MOMENT = 0.06  # seconds that one attempt takes
LIMITS = {
    "writes of the account's partition": 1_000.0,  # units a second
    "reads of the account's partition": 3_000.0,
    "new secrets of the region": 50.0,
    "keys read in the region": 10_000.0,
    "invocations at once": 1_000.0,  # a second's worth of them: each call holds one for MOMENT
}


def calls() -> dict[str, dict[str, float]]:
    """Return what one call of each kind takes of each limit, in the order in which it comes to them."""
    integration = an_integration(model_names=("gpt-4o",) * 5, headers={"X-Team": "search"})
    item = items.integration_item(integration)
    guards = items.name_item(integration), items.idempotency_item(integration, an_idempotency_key(), NOON)
    created = write_units(*(size(to_wire(each)) for each in (item, *guards)))
    writes, reads, secrets, keys, invocations = LIMITS
    page = read_units(51 * size(to_wire(item)))
    return {
        "create with a key": {invocations: MOMENT, reads: 2, secrets: 1, writes: created},
        "create without a key": {invocations: MOMENT, reads: 2, writes: created},
        "read one": {invocations: MOMENT, reads: 1},
        "read a page of 50": {invocations: MOMENT, reads: page},
        "resolve": {invocations: MOMENT, reads: 1, keys: 1},
    }


def bend(call: dict[str, float]) -> tuple[str, float]:
    """Return the limit that binds first, and how many calls a second it lets through."""
    name = min(call, key=lambda each: LIMITS[each] / call[each])
    return name, LIMITS[name] / call[name]


@dataclass
class Bucket:
    """What is left of one limit: it fills up for a second, no more."""

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
    """Return the share of calls that succeed, and how many attempts one takes."""
    chance = random.Random(seed)  # noqa: S311 no secret
    buckets = {name: Bucket(LIMITS[name]) for name in call}
    waiting = [(chance.uniform(0, SECONDS), 1) for _ in range(round(rate * SECONDS))]
    heapq.heapify(waiting)
    came, attempts, succeeded = len(waiting), 0, 0
    while waiting:
        now, attempt = heapq.heappop(waiting)
        attempts += 1
        if all(buckets[name].take(amount, now) for name, amount in call.items()):
            succeeded += 1
        elif attempt < ATTEMPTS:
            heapq.heappush(waiting, (now + MOMENT + chance.uniform(0, 2 ** (attempt - 1)), attempt + 1))
    return succeeded / came, attempts / came


def table() -> str:
    """Return where each kind of call bends, and what comes of half, all, twice and four times as many, in Markdown."""
    lines = [["calls to one account", "a second", "what binds", *(f"{load:g}x" for load in LOADS)], ["---"] * 7]
    for name, call in calls().items():
        limit, rate = bend(call)
        shares = [simulate(call, load * rate)[0] for load in LOADS]
        lines.append([name, f"{rate:,.0f}", limit, *(f"{share:.0%}" for share in shares)])
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


LOADS = (0.5, 1, 2, 4)

if __name__ == "__main__":
    print(table())
