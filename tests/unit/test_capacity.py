"""docs/deploy.md: its numbers are those of tests/benchmarks."""

import pytest

from tests.benchmarks import costs, hot_account
from tests.builders import ROOT

DOCUMENT = (ROOT / "docs" / "deploy.md").read_text()


def test_monthly_costs_equal_the_calculation() -> None:
    assert costs.table() in DOCUMENT


def test_overload_table_equals_the_simulation() -> None:
    assert hot_account.table() in DOCUMENT


def test_monthly_costs_with_federation_equal_the_calculation() -> None:
    assert costs.federation_table() in DOCUMENT


def test_monthly_costs_of_reminders_equal_the_calculation() -> None:
    assert costs.reminders_table() in DOCUMENT


def test_federated_integrations_cost_nothing_in_secrets_manager() -> None:
    removed = costs.month(100).keys() - costs.federated_month(100).keys()
    assert removed == {"Secrets Manager: stored secrets", "Secrets Manager and KMS: calls"}


def test_costs_are_proportional_except_the_fixed_part() -> None:
    few, many = (costs.month(size) for size in (100, 10_000))
    assert few.pop(costs.FIXED) == many.pop(costs.FIXED)
    assert sum(many.values()) == pytest.approx(100 * sum(few.values()))


@pytest.mark.parametrize(("load", "least", "most"), [(0.5, 1, 1), (2, 0.5, 0.65), (4, 0.25, 0.35)])
def test_throughput_under_overload_stays_at_the_limit(load: float, least: float, most: float) -> None:
    call = hot_account.calls()["create with a key"]
    _, rate = hot_account.binding_limit(call)
    succeeded, attempts = hot_account.simulate(call, load * rate)
    assert least <= succeeded <= most
    assert attempts <= hot_account.ATTEMPTS
