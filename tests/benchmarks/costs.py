"""AWS costs per million calls (RESULTS.md) and per month by number of integrations (docs/deploy.md).

`python -m tests.benchmarks.costs` prints the tables for docs/deploy.md. Three inputs are assumptions. Adjust them to
your deployment:

- the list prices of us-east-1 in US dollars, without the free tier
- the monthly use of an integration
- the response times of AWS
"""

from dataclasses import dataclass
from math import ceil
from unittest.mock import Mock

from ai_integrations.adapters.dynamodb import items
from ai_integrations.adapters.dynamodb.attributes import to_wire
from ai_integrations.adapters.dynamodb.uses import DynamoDbUses
from ai_integrations.domain.uses import UsedBy
from tests import sam_template
from tests.benchmarks.bench import Bench, Section
from tests.benchmarks.calls import Used, measured
from tests.benchmarks.capacity import size
from tests.benchmarks.fake_aws import integration
from tests.benchmarks.report import table as markdown_table
from tests.benchmarks.requests import INVOCATIONS, SIGNED
from tests.builders import NOON, ULID, a_consumer

SIZES = (100, 10_000, 1_000_000)

SECRET_MONTH = 0.40
SECRETS_CALL = 0.05 / 10_000
KMS_KEY_MONTH = 1.00
KMS_CALL = 0.03 / 10_000
GATEWAY_CALL = 3.50 / 1e6
LAMBDA_CALL = 0.20 / 1e6
LAMBDA_GB_SECOND = 0.0000133334  # arm64
TABLE_WRITE_UNIT = 0.625 / 1e6
TABLE_READ_UNIT = 0.125 / 1e6
TABLE_GB_MONTH = 0.25 + 0.20  # storage and point-in-time recovery
BUS_EVENT = 1.00 / 1e6
LOG_GB = 0.50
ALARM_MONTH = 0.10
DASHBOARD_MONTH = 3.00
METRIC_MONTH = 0.30

MEMORY_GB = 0.5
OWN_SECONDS, TABLE_SECONDS, SECRETS_SECONDS = 0.015, 0.008, 0.060  # of a warm request, and of each AWS call in it
RUNS, RUN_SECONDS, WEEKS = 730, 870, 365 / 12 / 7  # of the sweep: a month, a run
MILLION = 1_000_000
FIXED = "fixed: KMS keys, alarms, dashboard"
LEDGER = "DynamoDB: use ledger"
EXCHANGES = "Lambda and logs: token exchanges"


@dataclass(frozen=True, kw_only=True)
class Use:
    """Average use of one integration per month, and resources per call."""

    changes: float = 0.5  # creates, updates, rotations, deletes
    reads: float = 60  # through the API
    resolves: float = 3_000  # 10 programs with a cache TTL of 5 minutes, running 50 minutes a day
    exchanges: float = 3_000  # of tokens, if federated: at most one for each resolution
    gb_seconds: float = MEMORY_GB * 0.03  # a warm call takes 30 ms
    exchange_gb_seconds: float = 2 * MEMORY_GB * 0.5  # two functions wait 500 ms for AWS STS and the provider
    log_kb: float = 1.3  # the line of the outcome and that of the end
    item_kb: float = 2.0  # an integration with its guard items
    users: float = 10  # consumers in the ledger
    recorded_hours: float = 60  # a month and consumer: 50 minutes a day are in two hours of the clock
    instances: float = 2  # that serve a consumer in an hour: each tries to write, and a refused write costs the same
    old_keys: float = 0.1  # share of the keys that have reached both limits

    # DynamoDB units per call; RESULTS.md has those of each operation.
    write_units: float = 11
    read_units: float = 2
    ledger_read_units: float = 1.5  # the uses of an integration by ten consumers, 9 KB


def month(integrations: int, use: Use | None = None) -> dict[str, float]:
    """Return the monthly cost in dollars by item."""
    use = use or Use()
    changes, reads, resolves = (integrations * each for each in (use.changes, use.reads, use.resolves))
    api_calls = changes + reads
    # Worst case: every API call also invokes the authorizer, because its result is not cached.
    invocations = 2 * api_calls + resolves + 2 * changes
    return {
        "Secrets Manager: stored secrets": integrations * SECRET_MONTH,
        "Secrets Manager and KMS: calls": (resolves + 3 * changes) * (SECRETS_CALL + KMS_CALL),
        "API Gateway": (api_calls + resolves) * GATEWAY_CALL,
        "Lambda": invocations * (LAMBDA_CALL + use.gb_seconds * LAMBDA_GB_SECOND),
        "DynamoDB": changes * use.write_units * TABLE_WRITE_UNIT
        + (2 * api_calls + resolves) * use.read_units * TABLE_READ_UNIT
        + integrations * use.item_kb / 1e6 * TABLE_GB_MONTH,
        LEDGER: integrations
        * use.users
        * (
            use.recorded_hours * use.instances * ceil(_use_bytes() / 1024) * TABLE_WRITE_UNIT
            + _use_bytes() / 1e9 * TABLE_GB_MONTH
        ),
        "EventBridge and logs": changes * 2 * BUS_EVENT + invocations * use.log_kb / 1e6 * LOG_GB,
        FIXED: _count("AWS::KMS::Key") * KMS_KEY_MONTH
        + _count("AWS::CloudWatch::Alarm") * ALARM_MONTH
        + _count("AWS::CloudWatch::Dashboard") * DASHBOARD_MONTH,
    }


def federated_month(integrations: int, use: Use | None = None) -> dict[str, float]:
    """Return the monthly cost in dollars by item if no integration has a key. AWS does not charge for calls of STS."""
    use = use or Use()
    exchange = LAMBDA_CALL + use.exchange_gb_seconds * LAMBDA_GB_SECOND + use.log_kb / 1e6 * LOG_GB
    costs = {name: cost for name, cost in month(integrations, use).items() if not name.startswith("Secrets Manager")}
    return costs | {EXCHANGES: integrations * use.exchanges * exchange}


def reminders_month(integrations: int, use: Use | None = None) -> dict[str, float]:
    """Return the monthly cost in dollars of reminders of old keys by item."""
    use = use or Use()
    # A run has 15 minutes, without its reserve. Each key also costs the check of its secret.
    checks = RUNS * min(integrations, RUN_SECONDS / (SECRETS_SECONDS + TABLE_SECONDS))
    reminders = 2 * WEEKS * integrations * use.old_keys
    return {
        "DynamoDB: reads of the ledger and of reminders": checks
        * (use.ledger_read_units + use.old_keys * 0.5)
        * TABLE_READ_UNIT,
        "Lambda: time for these reads": checks * TABLE_SECONDS * MEMORY_GB * LAMBDA_GB_SECOND,
        "EventBridge and DynamoDB: reminders": reminders * (BUS_EVENT + TABLE_WRITE_UNIT),
        "CloudWatch: two metrics": 2 * METRIC_MONTH,
    }


def measure(bench: Bench) -> Section:
    """Calculate the cost of a million calls of each operation."""
    rows = [[name, *map(_dollars, _million(name, used))] for name, used in measured(bench).items()]
    head = ["a million calls", "API Gateway", "Lambda", "DynamoDB", "Secrets Manager, KMS", "total"]
    stored = size(to_wire(items.integration_item(integration()))) / 1e9 * TABLE_GB_MONTH
    storage = (
        f"Storing an integration costs ${SECRET_MONTH + stored:.4f} a month with its own secret, ${stored:.7f} without."
    )
    return Section(text=f"{markdown_table(head, rows)}\n\n{storage}", targets=[])


def _million(name: str, used: Used) -> list[float]:
    seconds = OWN_SECONDS + used.dynamodb * TABLE_SECONDS + used.secrets * SECRETS_SECONDS
    parts = [
        0 if name in {"authorizer", *INVOCATIONS.keys() - SIGNED} else GATEWAY_CALL,
        LAMBDA_CALL + seconds * MEMORY_GB * LAMBDA_GB_SECOND,
        used.reads * TABLE_READ_UNIT + used.writes * TABLE_WRITE_UNIT,
        used.secrets * (SECRETS_CALL + KMS_CALL),
    ]
    return [MILLION * part for part in (*parts, sum(parts))]


def table() -> str:
    """Render the monthly costs as a Markdown table."""
    months = [month(size) for size in SIZES]
    lines = [[name, *(_dollars(each[name]) for each in months)] for name in months[0]]
    total = ["**per month**", *(f"**{_dollars(sum(each.values()))}**" for each in months)]
    per_one = ["per integration", *(f"${sum(m.values()) / n:.2f}" for m, n in zip(months, SIZES, strict=True))]
    head = ["integrations", *(f"{size:,}" for size in SIZES)]
    return markdown_table(head, [*lines, total, per_one])


def reminders_table() -> str:
    """Render the monthly costs of reminders as a Markdown table."""
    months = [reminders_month(size) for size in SIZES]
    lines = [[name, *(_dollars(each[name]) for each in months)] for name in months[0]]
    total = ["**per month**", *(f"**{_dollars(sum(each.values()))}**" for each in months)]
    return markdown_table(["integrations", *(f"{size:,}" for size in SIZES)], [*lines, total])


def federation_table() -> str:
    """Render the monthly costs with stored keys and with federation as a Markdown table."""
    keys, federated = ([calculate(size) for size in SIZES] for calculate in (month, federated_month))
    lines = [
        ["with stored keys", *(_dollars(sum(each.values())) for each in keys)],
        ["with federation", *(_dollars(sum(each.values())) for each in federated)],
        ["of this, token exchanges", *(_dollars(each[EXCHANGES]) for each in federated)],
    ]
    return markdown_table(["integrations", *(f"{size:,}" for size in SIZES)], lines)


def _use_bytes() -> int:
    """Measure the item of a consumer that used an integration on each of the last 31 days."""
    client = Mock()
    consumer = UsedBy.principal(a_consumer().principal)
    DynamoDbUses(client, "table").record("acme", ULID, consumer, NOON)
    request = client.update_item.call_args.kwargs
    recorded = {name[1:]: value for name, value in request["ExpressionAttributeValues"].items() if name != ":hour"}
    [day] = [name for name in recorded if name.startswith("day_")]
    return size({**request["Key"], **recorded}) + 30 * size({day: recorded[day]})


def _count(resource_type: str) -> int:
    return len(sam_template.resources(resource_type))


def _dollars(amount: float) -> str:
    return f"${amount:,.2f}" if amount < 100 else f"${amount:,.0f}"


if __name__ == "__main__":
    print(table())
    print()
    print(federation_table())
    print()
    print(reminders_table())
