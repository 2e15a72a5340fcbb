"""What calls cost, and what a month costs by the number of integrations: docs/performance.md and docs/deploy.md.

`python -m tests.benchmarks.costs` prints the latter's table. Prices are inputs: those of us-east-1 as AWS lists them,
in dollars, without any free allowance. So are the use of one integration in a month, and the time of AWS's own answers,
which no measure on one machine can tell. All are meant to be changed to one's own.
"""

from dataclasses import dataclass

from ai_integrations.adapters.dynamodb import items
from ai_integrations.adapters.dynamodb.attributes import to_wire
from tests.benchmarks.answers import integration
from tests.benchmarks.bench import Bench, Section
from tests.benchmarks.calls import Used, measured
from tests.benchmarks.capacity import size
from tests.benchmarks.table import table as in_markdown

DAYS = 30
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
TABLE_GB_MONTH = 0.25 + 0.20  # kept, and kept for recovery to a point in time
BUS_EVENT = 1.00 / 1e6
LOG_GB = 0.50
ALARM_MONTH = 0.10
DASHBOARD_MONTH = 3.00

MEMORY_GB = 0.5
OWN_SECONDS, TABLE_SECONDS, SECRETS_SECONDS = 0.015, 0.008, 0.060  # of a warm call, and of each call of AWS in it
MILLION = 1_000_000


@dataclass(frozen=True, kw_only=True)
class Use:
    """What happens to one integration in a month, on average, and what one call takes."""

    changes: float = 0.5  # creations, updates, rotations, deletions
    reads: float = 60  # by the API: pages open, pipelines check
    resolves: float = 3_000  # by programs: ten, each with a cache of five minutes' length, for 2 h 24 min a day
    gb_seconds: float = MEMORY_GB * 0.03  # memory, times a warm call of 30 ms
    log_kb: float = 0.6
    item_kb: float = 2.0  # an integration with its guards

    # Units of the table: architecture.md, "Order of writes"; performance.md counts those of each operation.
    write_units: float = 10
    read_units: float = 2


def month(integrations: int, use: Use | None = None) -> dict[str, float]:
    """Return the dollars of a month, by what they are paid for."""
    use = use or Use()
    changes, reads, resolves = (integrations * each for each in (use.changes, use.reads, use.resolves))
    api_calls = changes + reads
    # Each call to the API may ask the authorizer too: at least one a minute for each caller, at most all of them.
    invocations = 2 * api_calls + resolves + 2 * changes
    return {
        "secrets kept": integrations * SECRET_MONTH,
        "keys read and written": (resolves + 3 * changes) * (SECRETS_CALL + KMS_CALL),
        "API Gateway": api_calls * GATEWAY_CALL,
        "Lambda": invocations * (LAMBDA_CALL + use.gb_seconds * LAMBDA_GB_SECOND),
        "DynamoDB": changes * use.write_units * TABLE_WRITE_UNIT
        + (2 * api_calls + resolves) * use.read_units * TABLE_READ_UNIT
        + integrations * use.item_kb / 1e6 * TABLE_GB_MONTH,
        "events and logs": changes * 2 * BUS_EVENT + invocations * use.log_kb / 1e6 * LOG_GB,
        "fixed: keys, alarms, dashboard": 2 * KMS_KEY_MONTH + 20 * ALARM_MONTH + DASHBOARD_MONTH,
    }


def measure(bench: Bench) -> Section:
    """Price the calls and units of each operation."""
    rows = [[name, *map(_dollars, _million(name, used))] for name, used in measured(bench).items()]
    head = ["a million calls", "API Gateway", "Lambda", "DynamoDB", "keys", "together"]
    stored = size(to_wire(items.integration_item(integration()))) / 1e9 * TABLE_GB_MONTH
    keyed = (
        f"An integration costs ${SECRET_MONTH + stored:.4f} a month with a key of its own, ${stored:.7f} without one."
    )
    return Section(text=f"{in_markdown(head, rows)}\n\n{keyed}", promises=[])


def _million(name: str, used: Used) -> list[float]:
    seconds = OWN_SECONDS + used.dynamodb * TABLE_SECONDS + used.secrets * SECRETS_SECONDS
    parts = [
        0 if name == "authorizer" else GATEWAY_CALL,
        LAMBDA_CALL + seconds * MEMORY_GB * LAMBDA_GB_SECOND,
        used.reads * TABLE_READ_UNIT + used.writes * TABLE_WRITE_UNIT,
        used.secrets * (SECRETS_CALL + KMS_CALL),
    ]
    return [MILLION * part for part in (*parts, sum(parts))]


def table() -> str:
    """Return the table, in Markdown."""
    months = [month(size) for size in SIZES]
    lines = [[name, *(_dollars(each[name]) for each in months)] for name in months[0]]
    total = ["**a month**", *(f"**{_dollars(sum(each.values()))}**" for each in months)]
    per_one = ["for one integration", *(f"${sum(m.values()) / n:.2f}" for m, n in zip(months, SIZES, strict=True))]
    head = ["integrations", *(f"{size:,}" for size in SIZES)]
    return "\n".join(f"| {' | '.join(line)} |" for line in [head, ["---"] + ["---:"] * 3, *lines, total, per_one])


def _dollars(amount: float) -> str:
    return f"${amount:,.2f}" if amount < 100 else f"${amount:,.0f}"


if __name__ == "__main__":
    print(table())
