"""What a call and an integration cost: the units that are measured times prices that are given.

The prices are inputs, in the structure of AWS's public price list: put your region's in their place. So are the
milliseconds that AWS's own answers take, which no measure on one machine can tell.
"""

from dataclasses import dataclass

from ai_integrations import items
from ai_integrations.dynamodb import to_wire
from tests.benchmarks.answers import integration
from tests.benchmarks.bench import Bench
from tests.benchmarks.calls import measured
from tests.benchmarks.capacity import size
from tests.benchmarks.table import table

MILLION = 1_000_000


@dataclass(frozen=True, kw_only=True)
class Inputs:
    """US dollars, and milliseconds."""

    gateway_per_million: float = 3.50
    lambda_per_million: float = 0.20
    lambda_per_gb_second: float = 0.0000133334
    read_units_per_million: float = 0.125
    write_units_per_million: float = 0.625
    table_gb_month: float = 0.25
    secrets_per_10_000: float = 0.05
    secret_month: float = 0.40
    kms_per_10_000: float = 0.03
    events_per_million: float = 1.00
    dynamodb_ms: float = 8
    secrets_manager_ms: float = 60
    own_ms: float = 15
    memory_gb: float = 0.5


def measure(bench: Bench, inputs: Inputs | None = None) -> tuple[dict[str, float], str]:
    """Return the dollars of a million calls, and the tables."""
    prices = inputs or Inputs()
    rows, totals = [], {}
    for route, used in measured(bench).items():
        milliseconds = prices.own_ms + used.dynamodb * prices.dynamodb_ms + used.secrets * prices.secrets_manager_ms
        gateway = 0 if route == "authorizer" else prices.gateway_per_million
        compute = prices.lambda_per_million + milliseconds * 1000 * prices.memory_gb * prices.lambda_per_gb_second
        store = used.reads * prices.read_units_per_million + used.writes * prices.write_units_per_million
        secrets = used.secrets * MILLION / 10_000 * (prices.secrets_per_10_000 + prices.kms_per_10_000)
        totals[route] = gateway + compute + store + secrets
        rows.append([route, *(f"{each:,.2f}" for each in (gateway, compute, store, secrets, totals[route]))])
    head = ["per million calls, $", "gateway", "Lambda", "DynamoDB", "Secrets Manager and KMS", "together"]
    return totals, f"{table(head, rows)}\n\n{_month(prices)}"


def _month(prices: Inputs) -> str:
    stored = size(to_wire(items.integration_item(integration()))) / 1e9 * prices.table_gb_month
    keyed = prices.secret_month + stored
    return f"An integration costs ${keyed:.4f} a month with a key of its own, ${stored:.7f} without."
