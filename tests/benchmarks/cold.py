"""Cold starts: instructions of a function's init phase and of its first request."""

import os
from concurrent.futures import ThreadPoolExecutor

from tests.benchmarks.bench import API_UNDER_SNAPSTART, LIBRARY_FLOOR, SIGNED_RESOLVE, SNAPSTART, Bench, Section
from tests.benchmarks.report import megabytes, millions, ratio, table
from tests.benchmarks.requests import FIRST
from tests.benchmarks.targets import Target

# aws-lambda-handler-cookbook, a public example of a similar API, measured once: init, and init with a create.
COOKBOOK_INIT, COOKBOOK_BOTH = 2_078_000_000, 2_454_000_000
HEAD = (
    "function",
    "init, M instr",
    "x floor",
    "x baseline",
    "first request, M instr",
    "both, x baseline",
    "CPU time, x baseline",
    "modules",
    "RSS, MB",
)


def measure(bench: Bench) -> Section:
    """Count the instructions of each function's cold start; measure CPU time, modules and memory."""
    processes = {name: bench.process(name) for name in ("baseline", *FIRST, SIGNED_RESOLVE)}
    processes[API_UNDER_SNAPSTART] = bench.process("api", SNAPSTART)
    plans = {
        name: ("requests", str(bench.first("api" if name == API_UNDER_SNAPSTART else name)), "1") for name in processes
    }
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        floor = pool.submit(bench.process("baseline").instructions_of, LIBRARY_FLOOR)
        counted = dict(
            zip(processes, pool.map(lambda name: processes[name].instructions(*plans[name]), processes), strict=True)
        )
    init = {name: first for name, (first, _) in counted.items()}
    requests = {name: second for name, (_, second) in counted.items()}
    both = {name: sum(steps) for name, steps in counted.items()}
    used = {name: process.resources(*plans[name]) for name, process in processes.items()}
    rows = [
        [
            name,
            millions(init[name]),
            ratio(init[name], floor.result()),
            ratio(init[name], init["baseline"]),
            millions(requests[name]),
            ratio(both[name], both["baseline"]),
            ratio(sum(used[name].cpu), sum(used["baseline"].cpu)),
            used[name].modules,
            megabytes(used[name].rss),
        ]
        for name in processes
    ]
    rows.append(_cookbook(floor.result(), init["baseline"], both["baseline"]))
    return Section(
        text=f"The library floor is {millions(floor.result())} million instructions.\n\n{table(HEAD, rows)}",
        targets=[
            Target(
                measurement="init phase of `api`",
                unit="instructions, relative to the library floor",
                maximum=1.34,
                measured=init["api"] / floor.result(),
            ),
            Target(
                measurement="cold start of `api` with a create",
                unit="instructions, relative to aws-lambda-handler-cookbook",
                maximum=0.55,
                measured=both["api"] / COOKBOOK_BOTH,
            ),
            Target(
                measurement="init phase of `authorizer`",
                unit="instructions, relative to the baseline",
                maximum=0.45,
                measured=init["authorizer"] / init["baseline"],
            ),
        ],
    )


def _cookbook(floor: int, baseline_init: int, baseline_both: int) -> list[object]:
    init = [millions(COOKBOOK_INIT), ratio(COOKBOOK_INIT, floor), ratio(COOKBOOK_INIT, baseline_init)]
    both = [millions(COOKBOOK_BOTH - COOKBOOK_INIT), ratio(COOKBOOK_BOTH, baseline_both)]
    return ["aws-lambda-handler-cookbook", *init, *both, "", "", ""]
