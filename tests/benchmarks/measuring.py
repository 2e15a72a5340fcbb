"""Measures of one process: instructions by callgrind, which repeat on a busy machine, and resources."""

import json
import os
import re
import statistics
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

CHILD = Path(__file__).parent / "child.py"
RESOURCE_RUNS = 5
WARM_RUNS = 20


@dataclass(frozen=True, kw_only=True)
class Resources:
    """What a process has used: seconds of CPU, bytes, modules."""

    cpu: float
    rss: int
    modules: int


@dataclass(frozen=True, kw_only=True)
class Process:
    """A process to be measured: where it finds its modules, and its environment."""

    path: list[Path]
    environment: dict[str, str]

    def instructions_of(self, code: str) -> int:
        """Return the instructions of a piece of Python, the interpreter's start included."""
        return self._counted(["-c", f"{code}\nimport os\nos._exit(0)"])

    def instructions(self, plan: dict[Path, int], what: str = "requests") -> int:
        """Return the instructions from the start to the end of so many requests of each kind."""
        return self._counted([str(CHILD), what, *_arguments(plan)])

    def warm_instructions(self, files: list[Path], what: str = "requests") -> list[int]:
        """Return the instructions of one request more of each kind."""
        few = dict.fromkeys(files, 5)
        base = self.instructions(few, what)
        return [(self.instructions({**few, file: 5 + WARM_RUNS}, what) - base) // WARM_RUNS for file in files]

    def resources(self, plan: dict[Path, int]) -> Resources:
        """Return the medians of some runs."""
        runs = [self._told(plan) for _ in range(RESOURCE_RUNS)]
        medians = {name: statistics.median(run[name] for run in runs) for name in runs[0]}
        return Resources(cpu=medians["cpu"], rss=int(medians["rss"]), modules=int(medians["modules"]))

    def _counted(self, arguments: list[str]) -> int:
        with tempfile.TemporaryDirectory() as folder:
            valgrind = ["valgrind", "--tool=callgrind", f"--callgrind-out-file={folder}/out"]
            run = self._run([*valgrind, sys.executable, "-S", *arguments])
        found = re.search(r"Collected : (\d+)", run.stderr)
        if found is None:
            raise SystemExit(f"valgrind has counted nothing: {run.stderr[-2000:]}")
        return int(found[1])

    def _told(self, plan: dict[Path, int]) -> dict[str, float]:
        run = self._run([sys.executable, "-S", str(CHILD), "requests", *_arguments(plan)], {"TELL": "1"})
        told: dict[str, float] = json.loads(run.stdout.splitlines()[-1])
        return told

    def _run(self, command: list[str], more: dict[str, str] | None = None) -> subprocess.CompletedProcess[str]:
        environment = {
            "PATH": os.environ["PATH"],
            "PYTHONHASHSEED": "0",
            "PYTHONPATH": os.pathsep.join(map(str, self.path)),
            "PYTHONDONTWRITEBYTECODE": "1",
            **self.environment,
            **(more or {}),
        }
        run = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)  # noqa: S603 - this very Python
        if run.returncode:
            raise SystemExit(f"{command} failed:\n{run.stdout[-2000:]}\n{run.stderr[-4000:]}")
        return run


def _arguments(plan: dict[Path, int]) -> list[str]:
    return [argument for file, times in plan.items() for argument in (str(file), str(times))]
