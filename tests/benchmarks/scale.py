"""Lists of few and of many integrations, on the emulator's table."""

import time
import urllib.request
from collections.abc import Iterator
from itertools import islice
from typing import Any

from local.aws import client
from ulid import ULID

from ai_integrations import items
from ai_integrations.dynamodb import to_wire
from ai_integrations.repository import DynamoDbRepository
from ai_integrations.transactions import Transactor
from tests.benchmarks.answers import integration
from tests.benchmarks.bench import Bench, Section
from tests.benchmarks.promises import Promise
from tests.benchmarks.table import ratio, table
from tests.builders import NOON
from tests.stack.conftest import Stack

SIZES = (10, 100, 1_000, 100_000)
CALLS = 5
BATCH = 25  # the most that one call takes


def measure(_bench: Bench, stack: Stack) -> Section:
    """Read first pages of accounts of all sizes."""
    rows, found = [], {}
    for count in SIZES:
        account = f"scale-{count}"
        _fill(stack, account, count)
        units, seconds = _read_units(stack, account), _seconds(stack, account)
        found[count] = (units, seconds)
    for count, (units, seconds) in found.items():
        rows.append([f"{count:,}", min(count, 50), f"{units:g}", ratio(seconds, found[100][1])])
    head = ["integrations", "of which listed", "read units", "time x that of 100"]
    promise = Promise(
        what="read units of 50 of 100,000 integrations, x those of 50 of 100",
        most=1,
        measured=found[100_000][0] / found[100][0],
    )
    return Section(text=table(head, rows), promises=[promise])


def _fill(stack: Stack, account: str, count: int) -> None:
    dynamodb: Any = client("dynamodb", stack.deployment.endpoint)
    table_name = _table(stack)
    requests = ({"PutRequest": {"Item": item}} for item in _items(account, count))
    while batch := list(islice(requests, BATCH)):
        dynamodb.batch_write_item(RequestItems={table_name: batch})


def _items(account: str, count: int) -> Iterator[dict[str, Any]]:
    for number in range(count):
        ulid = str(ULID.from_timestamp(NOON.timestamp() + number))
        yield to_wire(items.integration_item(integration(id=ulid, account=account, name=f"Number {number}")))


def _read_units(stack: Stack, account: str) -> float:
    """Return what the store counts for the read that a first page is made of."""
    counted: list[float] = []
    dynamodb: Any = client("dynamodb", stack.deployment.endpoint)
    dynamodb.meta.events.register(
        "before-parameter-build.dynamodb.Query", lambda params, **_: params.update(ReturnConsumedCapacity="TOTAL")
    )
    dynamodb.meta.events.register(
        "after-call.dynamodb.Query", lambda parsed, **_: counted.append(parsed["ConsumedCapacity"]["CapacityUnits"])
    )
    DynamoDbRepository(dynamodb, _table(stack), Transactor(dynamodb, _table(stack))).newest(account, None, 51)
    return sum(counted)


def _seconds(stack: Stack, account: str) -> float:
    """Return the time of the fastest of some lists through the gateway."""
    key = stack.issue_key(account=account)
    return min(_list(stack, key) for _ in range(CALLS))


def _list(stack: Stack, key: str) -> float:
    address = f"{stack.url}/v2/ai-integrations?limit=50"
    request = urllib.request.Request(address, headers={"Authorization": f"Bearer {key}"})  # noqa: S310 - our own stack
    begin = time.perf_counter()
    with urllib.request.urlopen(request, timeout=60) as answer:  # noqa: S310
        answer.read()
    return time.perf_counter() - begin


def _table(stack: Stack) -> str:
    [name] = [each for each in _tables(stack) if each != "baseline"]
    return name


def _tables(stack: Stack) -> list[str]:
    dynamodb: Any = client("dynamodb", stack.deployment.endpoint)
    return list(dynamodb.list_tables()["TableNames"])
