"""AWS calls of each operation, which run one after the other, and the DynamoDB capacity units they consume."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from tests.benchmarks.bench import Bench, Section
from tests.benchmarks.capacity import read_units, size, write_units
from tests.benchmarks.fake_aws import respond
from tests.benchmarks.report import table
from tests.benchmarks.requests import INVOCATIONS, ROUTES
from tests.benchmarks.targets import Target
from tests.benchmarks.warm import Call, calls_of, calls_with

# The target, and whether it is enforced. Updates and deletes miss it: they read before they write.
ROUND_TRIPS = {
    "create": (3, True),
    "create without key": (1, True),
    "create, name taken": (1, True),
    "create, replayed": (2, True),  # precheck, then Secrets Manager compares the key (ADR 37)
    "get": (1, True),
    "list of 50": (1, True),
    "update": (1, False),
    "update of the key": (2, False),
    "rename": (2, True),
    "delete": (1, False),
    "authorizer": (1, True),
    "resolve, cached token": (1, True),
}
FEDERATION_ON = {"EXCHANGE_TOKEN_FUNCTION": "exchange-token"}


@dataclass(frozen=True, kw_only=True)
class Used:
    """AWS operations of one request in order, DynamoDB read and write units, and the number of calls per service."""

    operations: list[str]
    reads: int
    writes: int
    dynamodb: int
    secrets: int


def measure(bench: Bench) -> Section:
    """Count the AWS calls and capacity units of each operation."""
    used = measured(bench)
    rows = [
        [route, ", ".join(each.operations), len(each.operations), each.reads, each.writes]
        for route, each in used.items()
    ]
    head = ["operation", "AWS calls, in sequence", "round trips", "read units", "write units"]
    return Section(
        text=table(head, rows, text_columns=2),
        targets=[
            Target(
                measurement=route,
                unit="sequential AWS calls",
                maximum=maximum,
                measured=len(used[route].operations),
                enforced=enforced,
            )
            for route, (maximum, enforced) in ROUND_TRIPS.items()
        ],
    )


def measured(bench: Bench) -> dict[str, Used]:
    """Return the AWS calls and capacity units of each operation.

    Replaced and deleted items count with the size of the sample integration.
    """
    recorded = {route: calls_of(bench, route) for route in ROUTES}
    recorded["authorizer"] = calls_with(bench.process("authorizer"), bench.first("authorizer"))
    for name in INVOCATIONS:
        function, event = bench.invocation(name)
        recorded[name] = calls_with(bench.process(function, FEDERATION_ON), event)
    return {route: _used(calls) for route, calls in recorded.items()}


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
            return read_units(size(respond("GetItem", dict(parameters))["Item"]))
        case "query":
            return read_units(sum(size(item) for item in respond("Query", dict(parameters))["Items"]))
        case "batch_get_item":
            return sum(len(keys["Keys"]) for keys in parameters["RequestItems"].values())
    return 0


def _writes(parameters: Mapping[str, Any]) -> int:
    return write_units(*(_written(action) for each in parameters["TransactItems"] for action in each.values()))


def _written(action: Mapping[str, Any]) -> int:
    if "Item" in action:
        return size(action["Item"])
    sort_key = action["Key"]["sk"]["S"]
    return size(respond("GetItem", {"Key": {"sk": {"S": sort_key}}})["Item"])
