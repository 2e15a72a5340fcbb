"""Many processes record the uses of one table: each use is precise to the hour, with one write an hour and pair.

LEDGER_RESOLVES raises the number of resolves.
"""

import os
import random
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from datetime import timedelta
from multiprocessing import get_context

import pytest

from ai_integrations.adapters.dynamodb.uses import use_key
from ai_integrations.domain.principals import Principal
from ai_integrations.domain.uses import UsedBy
from tests.builders import NOON, ULID, a_consumer, an_integration
from tests.contract.ledger_worker import ACCOUNT, Resolve, Written, run, share
from tests.contract.stores import AwsStores

RESOLVES = int(os.environ.get("LEDGER_RESOLVES", "400"))
WORKERS, HOURS = 4, 6
HOUR = timedelta(hours=1)
ULIDS = [f"{ULID[:-2]}{number:02}" for number in range(20)]
PRINCIPALS = [Principal("aws", "111122223333", "role", f"job-{number}") for number in range(40)]
CONSUMERS: list[Principal | str] = [*PRINCIPALS, *(f"proxy-{number}" for number in range(10))]


def resolves() -> Iterator[Resolve]:
    """Choose who resolves what, evenly over the hours. Half of the resolves are by a few busy consumers."""
    chance = random.Random(RESOLVES)  # noqa: S311 - not security-relevant
    for number in range(RESOLVES):
        consumer = chance.choice(CONSUMERS[:: chance.choice([1, 10])])
        yield Resolve(NOON + number * HOURS * HOUR / RESOLVES, chance.choice(ULIDS), consumer)


def schedule(every: list[Resolve]) -> list[list[list[Resolve]]]:
    """Give each worker its resolves of each hour."""
    hours = [[each for each in every if (each.at - NOON) // HOUR == hour] for hour in range(HOURS)]
    return [[of_hour[worker::WORKERS] for of_hour in hours] for worker in range(WORKERS)]


def sort_key(resolve: Resolve) -> str:
    """Build the sort key of the item of a resolve."""
    who = resolve.consumer
    consumer = UsedBy.principal(who) if isinstance(who, Principal) else UsedBy.broker_states(who)
    return str(use_key(ACCOUNT, resolve.ulid, consumer)["sk"])


def test_each_pair_has_its_last_use_right_to_the_hour_and_one_write_an_hour(
    emulator_stores: AwsStores, emulator: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("POWERTOOLS_LOG_LEVEL", "ERROR")
    for number, ulid in enumerate(ULIDS):
        emulator_stores.repository.insert(an_integration(id=ulid, name=f"Integration {number}"), None)
    for number, principal in enumerate(PRINCIPALS):
        consumer = a_consumer(id=f"{ULID[:-2]}{number:02}", principal_arn=principal.arn)
        emulator_stores.consumers.insert(consumer)
    every = list(resolves())
    context = get_context("spawn")
    with ProcessPoolExecutor(WORKERS, context, share, (context.Barrier(WORKERS),)) as pool:
        running = [pool.submit(run, emulator, emulator_stores.table, hours) for hours in schedule(every)]
        results = [each.result() for each in running]

    written = [(each.sort_key, hour_of(each)) for result in results for each in result.written]
    assert len(written) == len(set(written)), "more than one write of a pair in one hour"
    assert set(written) == {(sort_key(each), (each.at - NOON) // HOUR) for each in every}
    uses = emulator_stores.uses.of_integrations(ACCOUNT, ULIDS[0], ULIDS[-1])
    last = {sort_key(each): (each.at - NOON) // HOUR for each in every}  # in order, so the last one remains
    assert {
        use_key(ACCOUNT, each.integration_id, each.consumer)["sk"]: (each.last_used_at - NOON) // HOUR for each in uses
    } == last
    print(
        f"{RESOLVES} resolves by {len(CONSUMERS)} consumers of {len(ULIDS)} integrations in {HOURS} hours, "
        f"from {WORKERS} processes: {len(last)} pairs, {len(written)} writes, "
        f"{sum(each.attempts for each in results) - len(written)} refused by their condition"
    )


def hour_of(written: Written) -> int:
    """Count the hours since the start."""
    return (written.last_used_at - NOON) // HOUR
