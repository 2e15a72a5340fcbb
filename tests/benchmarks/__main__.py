"""make bench: measure, print, and write docs/performance.md; each figure against a baseline of the same run."""

import shutil
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from tests.benchmarks import answers, artifacts, calls, cold, connections, costs, load, packages, scale, starts, warm
from tests.benchmarks.bench import Bench, Section
from tests.benchmarks.promises import Promise, promised, uphold
from tests.benchmarks.table import write
from tests.builders import ROOT
from tests.stack.conftest import Stack, running_stack

ON_ANSWERS: dict[str, Callable[[Bench], Section]] = {
    "cold": cold.measure,
    "starts": starts.measure,
    "connections": connections.measure,
    "warm": warm.measure,
    "calls": calls.measure,
    "packages": packages.measure,
    "cost": costs.measure,
}
ON_STACK: dict[str, Callable[[Bench, Stack], Section]] = {"load": load.measure, "scale": scale.measure}


def main(wanted: list[str]) -> None:
    """Measure the wanted sections, or all, which writes the table of promises too."""
    artifacts.check_python()
    for tool in ("valgrind", "wrk"):
        if shutil.which(tool) is None:
            raise SystemExit(f"make bench needs {tool}, which is not installed.")
    promises = _measured(wanted or [*ON_ANSWERS, *ON_STACK])
    table = promised(promises)
    if wanted:
        print(table)
    else:
        write("promises", table)
    uphold(promises)


def _measured(wanted: list[str]) -> list[Promise]:
    built = artifacts.build(ROOT / ".bench")
    promises = []
    with (
        tempfile.TemporaryDirectory() as folder,
        answers.serving() as endpoint,
        answers.serving_over_tls(Path(folder)) as over_tls,
    ):
        bench = Bench(artifacts=built, endpoint=endpoint, over_tls=over_tls, events=Path(folder))
        for name in (each for each in ON_ANSWERS if each in wanted):
            promises += _section(name, ON_ANSWERS[name], bench)
        if on_stack := [each for each in ON_STACK if each in wanted]:
            with running_stack(Path(folder) / "stack") as (stack, _):
                for name in on_stack:
                    promises += _section(name, ON_STACK[name], bench, stack)
    return promises


def _section(name: str, measure: Callable[..., Section], *of: object) -> list[Promise]:
    print(f"{name} …", end=" ", flush=True)
    begin = time.monotonic()
    section = measure(*of)
    print(f"{time.monotonic() - begin:.0f} s")
    write(name, section.text)
    return section.promises


if __name__ == "__main__":
    main(sys.argv[1:])
