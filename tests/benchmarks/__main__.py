"""make bench: measure, print, and write docs/performance.md; each figure against a baseline of the same run."""

import shutil
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

from tests.benchmarks import artifacts, cold, warm
from tests.benchmarks.answers import serving
from tests.benchmarks.bench import Bench
from tests.benchmarks.table import write
from tests.builders import ROOT

SECTIONS: dict[str, Callable[[Bench], tuple[dict[str, float], str]]] = {
    "cold": cold.measure,
    "warm": warm.measure,
}


def main(wanted: list[str]) -> None:
    """Measure the wanted sections, or all."""
    artifacts.check_python()
    if shutil.which("valgrind") is None:
        raise SystemExit("make bench counts instructions with valgrind, which is not installed.")
    built = artifacts.build(ROOT / ".bench")
    with serving() as endpoint, tempfile.TemporaryDirectory() as folder:
        bench = Bench(artifacts=built, endpoint=endpoint, events=Path(folder))
        for section in wanted or SECTIONS:
            _, text = SECTIONS[section](bench)
            write(section, text)


if __name__ == "__main__":
    main(sys.argv[1:])
