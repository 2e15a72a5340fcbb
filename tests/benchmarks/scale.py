"""First pages of accounts with few and with many integrations, on the emulator's table."""

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
from tests.benchmarks.answers import integration
from tests.benchmarks.bench import Bench, Section
from tests.benchmarks.capacity import read_units
from tests.benchmarks.promises import Promise
from tests.benchmarks.table import table
from tests.builders import NOON
from tests.stack.conftest import Stack

TABLE = "scale"
SIZES = (10, 100, 1_000, 100_000)
PAGE = 50
BATCH = 25  # the most that one call takes


def measure(_bench: Bench, stack: Stack) -> Section:
    """Read first pages of accounts of all sizes, from a table like the stack's own but for the stream."""
    dynamodb: Any = client("dynamodb", stack.deployment.endpoint)
    dynamodb.create_table(**sam_template.table(TABLE))
    for size in SIZES:
        _fill(dynamodb, size)
    units = {size: _units(dynamodb, size) for size in SIZES}
    rows = [[f"{size:,}", min(size, PAGE), units[size]] for size in SIZES]
    return Section(
        text=table(["integrations", "of which listed", "read units"], rows),
        promises=[
            Promise(
                what="read units of 50 of 100,000, x those of 50 of 100", most=1, measured=units[100_000] / units[100]
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
    """Return the units of a first page's read, by what the store has looked at: it does not count them itself."""
    read: list[dict[str, Any]] = []
    event = "after-call.dynamodb.Query"
    dynamodb.meta.events.register(event, lambda parsed, **_: read.append(parsed), unique_id=event)
    DynamoDbIntegrations(dynamodb, TABLE, Transactor(dynamodb, TABLE)).newest(f"of {size}", None, PAGE + 1)
    dynamodb.meta.events.unregister(event, unique_id=event)
    assert all(each["ScannedCount"] == each["Count"] for each in read), "what is looked at and left out is paid for too"
    return sum(read_units(sum(map(capacity.size, each["Items"]))) for each in read)
