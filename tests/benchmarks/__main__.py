"""make bench: measure, print, and write docs/performance.md; each figure against a baseline of the same run."""

import shutil
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from tests.benchmarks import answers, artifacts, cold, warm
from tests.benchmarks.bench import Bench, Section
from tests.benchmarks.promises import promised
from tests.benchmarks.table import write
from tests.builders import ROOT
from tests.stack.conftest import Stack, serving

ON_ANSWERS: dict[str, Callable[[Bench], Section]] = {
    "cold": cold.measure,
    "warm": warm.measure,
}
ON_STACK: dict[str, Callable[[Bench, Stack], Section]] = {}


def main(wanted: list[str]) -> None:
    """Measure the wanted sections, or all, which alone writes the promises' table."""
    artifacts.check_python()
    for tool in ("valgrind", "wrk"):
        if shutil.which(tool) is None:
            raise SystemExit(f"make bench needs {tool}, which is not installed.")
    chosen = wanted or [*ON_ANSWERS, *ON_STACK]
    built = artifacts.build(ROOT / ".bench")
    promises = []
    with answers.serving() as endpoint, tempfile.TemporaryDirectory() as folder:
        bench = Bench(artifacts=built, endpoint=endpoint, events=Path(folder))
        for name in chosen:
            begin = time.monotonic()
            print(f"{name} …", end=" ", flush=True)
            section = ON_ANSWERS[name](bench)
            print(f"{time.monotonic() - begin:.0f} s", flush=True)
            write(name, section.text)
            promises += section.promises
    print(promised(promises))


if __name__ == "__main__":
    main(sys.argv[1:])
