"""docs/deploy.md: its numbers are those of tests/benchmarks, and its parameters those of the template."""

import pytest

from tests.benchmarks import costs, hot_account
from tests.builders import ROOT

PAGE = (ROOT / "docs" / "deploy.md").read_text()


def test_shows_what_a_month_costs() -> None:
    assert costs.table() in PAGE


@pytest.mark.parametrize("kind", hot_account.calls())
def test_shows_what_binds_one_account(kind: str) -> None:
    limit, rate = hot_account.bend(hot_account.calls()[kind])
    assert f"| {kind} | {rate:,.0f} | {limit} |" in PAGE


def test_costs_in_proportion_but_for_what_is_fixed() -> None:
    few, many = (costs.month(size) for size in (100, 10_000))
    fixed = "fixed: keys, alarms, dashboard"
    assert few.pop(fixed) == many.pop(fixed)
    assert sum(many.values()) == pytest.approx(100 * sum(few.values()))


@pytest.mark.parametrize(("load", "least", "most"), [(0.5, 1, 1), (2, 0.5, 0.65), (4, 0.25, 0.35)])
def test_gives_as_many_answers_as_the_limit_allows_whatever_comes(load: float, least: float, most: float) -> None:
    call = hot_account.calls()["create with a key"]
    _, rate = hot_account.bend(call)
    succeeded, attempts = hot_account.simulate(call, load * rate)
    assert least <= succeeded <= most
    assert attempts <= hot_account.ATTEMPTS
