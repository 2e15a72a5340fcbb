"""Performance targets: a measurement and its maximum."""

from collections.abc import Iterable
from dataclasses import dataclass

from tests.benchmarks.report import table


@dataclass(frozen=True, kw_only=True)
class Target:
    """A measurement, its unit (with the baseline, if it is a ratio) and its maximum.

    Missing an `enforced` target fails the run. Wall-clock times and known gaps are not enforced.
    """

    measurement: str
    unit: str
    maximum: float
    measured: float
    enforced: bool = True

    @property
    def is_met(self) -> bool:
        """Compare the figure as it is printed: rounded to two decimal places."""
        return round(self.measured, 2) <= self.maximum


def check(targets: Iterable[Target]) -> None:
    """Exit with an error if an enforced target is missed."""
    missed = [each for each in targets if each.enforced and not each.is_met]
    if missed:
        figures = "; ".join(
            f"{each.measurement}: {each.measured:.3g} instead of {each.maximum:g} {each.unit}" for each in missed
        )
        raise SystemExit(f"Performance targets missed: {figures}")


def targets_table(targets: Iterable[Target]) -> str:
    """Render the targets as a Markdown table."""
    rows = (
        [
            each.measurement,
            each.unit,
            f"{each.maximum:,g}",
            f"{round(each.measured, 2):,g}",
            "met" if each.is_met else "**missed**",
        ]
        for each in targets
    )
    return table(["measurement", "unit", "target, at most", "measured", ""], rows, text_columns=2)
