"""Measure performance, print the tables, and write them to tests/benchmarks/RESULTS.md and docs/performance.md."""

import argparse
import shutil
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from tests.benchmarks import artifacts, calls, cold, connections, costs, fake_aws, load, packages, scale, starts, warm
from tests.benchmarks.bench import Bench, Section
from tests.benchmarks.report import RESULTS, SUMMARY, update, write
from tests.benchmarks.targets import Target, check, targets_table
from tests.builders import ROOT
from tests.stack.conftest import Stack, running_stack

ON_FAKE_AWS: dict[str, Callable[[Bench], Section]] = {
    "cold": cold.measure,
    "starts": starts.measure,
    "connections": connections.measure,
    "warm": warm.measure,
    "calls": calls.measure,
    "packages": packages.measure,
    "cost": costs.measure,
}
ON_STACK: dict[str, Callable[[Bench, Stack], Section]] = {"load": load.measure, "scale": scale.measure}


def main(arguments: Sequence[str]) -> None:
    """Measure the given sections, or all, and write their tables and targets."""
    sections = _sections(arguments)
    artifacts.check_python()
    for tool in ("valgrind", "wrk"):
        if shutil.which(tool) is None:
            raise SystemExit(f"make bench needs {tool}, which is not installed.")
    targets = _measure(sections or [*ON_FAKE_AWS, *ON_STACK])
    (update if sections else write)("targets", targets_table(targets), SUMMARY)
    check(targets)


def _sections(arguments: Sequence[str]) -> list[str]:
    every = [*ON_FAKE_AWS, *ON_STACK]
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks", description=__doc__)
    parser.add_argument("sections", nargs="*", help=f"default: all of {', '.join(every)}")
    sections: list[str] = parser.parse_args(arguments).sections
    if not set(sections) <= set(every):
        sys.exit(f"There is no such section. Name some of these: make bench SECTIONS='{' '.join(every)}'")
    return sections


def _measure(sections: Sequence[str]) -> list[Target]:
    built = artifacts.build(ROOT / ".bench")
    targets = []
    with (
        tempfile.TemporaryDirectory() as folder,
        fake_aws.serving() as endpoint,
        fake_aws.serving_over_tls(Path(folder)) as over_tls,
    ):
        bench = Bench(artifacts=built, endpoint=endpoint, over_tls=over_tls, events=Path(folder))
        for name in (each for each in ON_FAKE_AWS if each in sections):
            targets += _section(name, ON_FAKE_AWS[name], bench)
        if on_stack := [each for each in ON_STACK if each in sections]:
            with running_stack(Path(folder) / "stack") as (stack, _):
                for name in on_stack:
                    targets += _section(name, ON_STACK[name], bench, stack)
    return targets


def _section(name: str, measure: Callable[..., Section], *arguments: object) -> list[Target]:
    print(f"{name} …", end=" ", flush=True)
    begin = time.monotonic()
    section = measure(*arguments)
    print(f"{time.monotonic() - begin:.0f} s")
    write(name, section.text, RESULTS)
    return section.targets


if __name__ == "__main__":
    main(sys.argv[1:])
