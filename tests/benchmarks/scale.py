"""Read units of the first list page, in accounts with 10 to 100,000 integrations, on the emulator's table."""

from collections.abc import Iterator
from itertools import islice
from typing import Any

from tools.local.aws import client
from ulid import ULID

from ai_integrations.adapters.dynamodb import items
from ai_integrations.adapters.dynamodb.attributes import to_wire
from ai_integrations.adapters.dynamodb.integrations import DynamoDbIntegrations
from ai_integrations.adapters.dynamodb.transactions import Transactor
from tests import sam_template
from tests.benchmarks import capacity
from tests.benchmarks.bench import Bench, Section
from tests.benchmarks.capacity import read_units
from tests.benchmarks.fake_aws import integration
from tests.benchmarks.report import table
from tests.benchmarks.targets import Target
from tests.builders import NOON
from tests.stack.conftest import Stack

TABLE = "scale"
SIZES = (10, 100, 1_000, 100_000)
PAGE = 50
BATCH = 25  # maximum of BatchWriteItem


def measure(_bench: Bench, stack: Stack) -> Section:
    """Read the first page of accounts of each size, from a table like the stack's but without a stream."""
    dynamodb: Any = client("dynamodb", stack.deployment.endpoint)
    dynamodb.create_table(**sam_template.table(TABLE))
    for size in SIZES:
        _fill(dynamodb, size)
    units = {size: _units(dynamodb, size) for size in SIZES}
    rows = [[f"{size:,}", min(size, PAGE), units[size]] for size in SIZES]
    return Section(
        text=table(["integrations", "listed", "read units"], rows),
        targets=[
            Target(
                measurement="first page of 100,000 integrations",
                unit="read units, relative to 100 integrations",
                maximum=1,
                measured=units[100_000] / units[100],
            )
        ],
    )


def _fill(dynamodb: Any, size: int) -> None:
    requests = ({"PutRequest": {"Item": item}} for item in _items(size))
    while batch := list(islice(requests, BATCH)):
        dynamodb.batch_write_item(RequestItems={TABLE: batch})


def _items(size: int) -> Iterator[dict[str, Any]]:
    for number in range(size):
        ulid = str(ULID.from_timestamp(NOON.timestamp() + number))
        yield to_wire(items.integration_item(integration(id=ulid, account=f"of {size}", name=f"Number {number}")))


def _units(dynamodb: Any, size: int) -> int:
    """Return the read units of a first page, calculated from the items read: the emulator does not report them."""
    read: list[dict[str, Any]] = []
    event = "after-call.dynamodb.Query"
    dynamodb.meta.events.register(event, lambda parsed, **_: read.append(parsed), unique_id=event)
    DynamoDbIntegrations(dynamodb, TABLE, Transactor(dynamodb, TABLE)).newest(f"of {size}", None, PAGE + 1)
    dynamodb.meta.events.unregister(event, unique_id=event)
    assert all(each["ScannedCount"] == each["Count"] for each in read), "items that a filter drops are charged too"
    return sum(read_units(sum(map(capacity.size, each["Items"]))) for each in read)
