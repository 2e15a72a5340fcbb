"""What is promised of the figures."""

from collections.abc import Iterable
from dataclasses import dataclass

from tests.benchmarks.table import table


@dataclass(frozen=True, kw_only=True)
class Promise:
    """A figure and the most that it may be. To lose a `binding` one, which any machine repeats, is an error."""

    what: str
    most: float
    measured: float
    binding: bool = True

    @property
    def is_kept(self) -> bool:
        """Tell whether the figure is no larger, as it is printed."""
        return round(self.measured, 2) <= self.most


def uphold(promises: Iterable[Promise]) -> None:
    """End with an error if a binding promise is lost."""
    lost = [each for each in promises if each.binding and not each.is_kept]
    if lost:
        figures = "; ".join(f"{each.what}, {each.measured:.3g} instead of {each.most:g}" for each in lost)
        raise SystemExit(f"Promised and no longer kept: {figures}")


def promised(promises: Iterable[Promise]) -> str:
    """Return all as a table."""
    rows = (
        [each.what, f"{each.most:,g}", f"{round(each.measured, 2):,g}", "kept" if each.is_kept else "**missed**"]
        for each in promises
    )
    return table(["", "promised, at most", "measured", ""], rows)
