"""Measure one process: instructions with callgrind, which are reproducible on a busy machine; CPU time and memory."""

import itertools
import json
import os
import re
import statistics
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

CHILD = Path(__file__).parent / "child.py"
MARK = "getppid"  # child.py makes this system call after each step; callgrind writes its counts there
RUNS = 5


@dataclass(frozen=True, kw_only=True)
class Resources:
    """CPU seconds of each step, peak memory in bytes, and the number of loaded modules."""

    cpu: list[float]
    rss: float
    modules: int


@dataclass(frozen=True, kw_only=True)
class Process:
    """A process to measure: its PYTHONPATH and its environment."""

    path: list[Path]
    environment: dict[str, str]

    def instructions_of(self, code: str) -> int:
        """Count the instructions of a piece of Python code, interpreter start included."""
        return self._count("-c", f"{code}\nimport os\nos.{MARK}()\nos._exit(0)")[0]

    def instructions(self, *plan: str) -> list[int]:
        """Count the instructions of a plan for child.py: those until init ends, then those of each step."""
        return self._count(str(CHILD), *plan)

    def resources(self, *plan: str) -> Resources:
        """Return the medians of several runs of a plan for child.py."""
        runs = [self._report(*plan) for _ in range(RUNS)]
        return Resources(
            cpu=[statistics.median(step) for step in zip(*(run["cpu"] for run in runs), strict=True)],
            rss=statistics.median(run["rss"] for run in runs),
            modules=runs[0]["modules"],
        )

    def _count(self, *arguments: str) -> list[int]:
        with tempfile.TemporaryDirectory() as folder:
            valgrind = ["valgrind", "--tool=callgrind", f"--dump-before={MARK}", f"--callgrind-out-file={folder}/part"]
            self._run(*valgrind, sys.executable, "-S", *arguments)
            parts = (Path(folder, f"part.{number}") for number in itertools.count(1))
            return [_total(part.read_text()) for part in itertools.takewhile(Path.exists, parts)]

    def _report(self, *plan: str) -> dict[str, Any]:
        report: dict[str, Any] = json.loads(self._run(sys.executable, "-S", str(CHILD), *plan).splitlines()[-1])
        return report

    def _run(self, *command: str) -> str:
        environment = {
            "PATH": os.environ["PATH"],
            "PYTHONHASHSEED": "0",
            "PYTHONPATH": os.pathsep.join(map(str, self.path)),
            "PYTHONDONTWRITEBYTECODE": "1",
            **self.environment,
        }
        run = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)  # noqa: S603 - the running interpreter
        if run.returncode:
            raise SystemExit(f"{command} failed:\n{run.stdout[-2000:]}\n{run.stderr[-4000:]}")
        return run.stdout


def _total(part: str) -> int:
    found = re.search(r"^totals: (\d+)$", part, re.MULTILINE)
    assert found, "callgrind output ends with a total"
    return int(found[1])
