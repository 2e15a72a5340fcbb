"""make bench: measure, print, and write docs/performance.md; each figure against a baseline of the same run."""

import shutil
import sys
import tempfile
from collections.abc import Callable, Iterable
from pathlib import Path

from tests.benchmarks import answers, artifacts, calls, cold, cost, load, packages, scale, starts, warm
from tests.benchmarks.bench import Bench
from tests.benchmarks.table import write
from tests.builders import ROOT
from tests.stack.conftest import Stack, serving

Measured = tuple[dict[str, float], str]
ON_ANSWERS: dict[str, Callable[[Bench], Measured]] = {
    "cold": cold.measure,
    "starts": starts.measure,
    "warm": warm.measure,
    "calls": calls.measure,
    "packages": packages.measure,
    "cost": cost.measure,
}
ON_STACK: dict[str, Callable[[Bench, Stack], Measured]] = {"load": load.measure, "scale": scale.measure}


def main(wanted: list[str]) -> None:
    """Measure the wanted sections, or all."""
    artifacts.check_python()
    if shutil.which("valgrind") is None:
        raise SystemExit("make bench counts instructions with valgrind, which is not installed.")
    built = artifacts.build(ROOT / ".bench")
    with answers.serving() as endpoint, tempfile.TemporaryDirectory() as folder:
        bench = Bench(artifacts=built, endpoint=endpoint, events=Path(folder))
        for section in _chosen(wanted, ON_ANSWERS):
            write(section, ON_ANSWERS[section](bench)[1])
        if chosen := _chosen(wanted, ON_STACK):
            with serving(Path(folder) / "stack") as (stack, _):
                for section in chosen:
                    write(section, ON_STACK[section](bench, stack)[1])


def _chosen(wanted: list[str], sections: Iterable[str]) -> list[str]:
    return [section for section in sections if not wanted or section in wanted]


if __name__ == "__main__":
    main(sys.argv[1:])
