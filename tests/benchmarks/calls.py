"""What each operation asks of AWS: calls, each of which waits for the one before, and units of capacity."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from tests.benchmarks.answers import answer
from tests.benchmarks.bench import Bench, Section
from tests.benchmarks.capacity import read_units, size, write_units
from tests.benchmarks.promises import Promise
from tests.benchmarks.requests import ROUTES
from tests.benchmarks.table import table
from tests.benchmarks.warm import Call, calls_of

# The most, and whether it is kept: a change reads before it writes (docs/decisions.md), which is one more.
ROUND_TRIPS = {
    "create": (3, True),
    "create without key": (1, True),
    "create, name taken": (1, True),
    "create, replayed": (1, True),
    "get": (1, True),
    "list of 50": (1, True),
    "update": (1, False),
    "update of the key": (2, False),
    "rename": (2, True),
    "delete": (1, False),
    "authorizer": (1, True),
}


@dataclass(frozen=True, kw_only=True)
class Used:
    """What one operation takes of AWS."""

    operations: list[str]
    reads: int
    writes: int
    dynamodb: int
    secrets: int


def measure(bench: Bench) -> Section:
    """Count what each operation asks of AWS."""
    used = measured(bench)
    rows = [
        [route, ", ".join(each.operations), len(each.operations), each.reads, each.writes]
        for route, each in used.items()
    ]
    head = ["", "calls, one after the other", "round trips", "read units", "write units"]
    return Section(
        text=table(head, rows),
        promises=[
            Promise(what=f"round trips: {route}", most=most, measured=len(used[route].operations), binding=binding)
            for route, (most, binding) in ROUND_TRIPS.items()
        ],
    )


def measured(bench: Bench) -> dict[str, Used]:
    """Return what each operation takes.

    What is written over or removed counts as an integration of the sample's size.
    """
    made = {route: calls_of(bench, route) for route in ROUTES}
    made["authorizer"] = calls_of(bench, "authorizer", "authorizer")
    return {route: _used(calls) for route, calls in made.items()}


def _used(calls: list[Call]) -> Used:
    of_table = [(operation, parameters) for service, operation, parameters in calls if service == "dynamodb"]
    return Used(
        operations=[operation for _, operation, _ in calls],
        reads=sum(_reads(operation, parameters) for operation, parameters in of_table),
        writes=sum(_writes(parameters) for operation, parameters in of_table if operation == "transact_write_items"),
        dynamodb=len(of_table),
        secrets=len(calls) - len(of_table),
    )


def _reads(operation: str, parameters: Mapping[str, Any]) -> int:
    match operation:
        case "get_item":
            return read_units(size(answer("GetItem", dict(parameters))["Item"]))
        case "query":
            return read_units(sum(size(item) for item in answer("Query", dict(parameters))["Items"]))
        case "batch_get_item":
            return sum(len(keys["Keys"]) for keys in parameters["RequestItems"].values())
    return 0


def _writes(parameters: Mapping[str, Any]) -> int:
    return write_units(*(_written(action) for each in parameters["TransactItems"] for action in each.values()))


def _written(action: Mapping[str, Any]) -> int:
    if "Item" in action:
        return size(action["Item"])
    sort_key = action["Key"]["sk"]["S"]
    return size(answer("GetItem", {"Key": {"sk": {"S": sort_key}}})["Item"])
