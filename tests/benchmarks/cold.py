"""Cold starts: what a function's import costs, and its first request."""

import os
from concurrent.futures import ThreadPoolExecutor

from tests.benchmarks.bench import AHEAD, FLOOR, OF_API_AHEAD, Bench, Section
from tests.benchmarks.promises import Promise
from tests.benchmarks.requests import FIRST
from tests.benchmarks.table import megabytes, millions, ratio, table

# The import and the first create of aws-lambda-handler-cookbook, a public peer, measured once in this way.
PEER_IMPORT, PEER_BOTH = 2_078_000_000, 2_454_000_000
HEAD = (
    "",
    "import, M instr",
    "x F0",
    "x plain",
    "first request",
    "both x plain",
    "CPU x plain",
    "modules",
    "RSS MB",
)


def measure(bench: Bench) -> Section:
    """Count the instructions of each function's start, and what else it takes."""
    processes = {name: bench.process(name) for name in ("plain", *FIRST)}
    processes[OF_API_AHEAD] = bench.process("api", AHEAD)
    plans = {name: ("requests", str(bench.first("api" if name == OF_API_AHEAD else name)), "1") for name in processes}
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        floor = pool.submit(bench.process("plain").instructions_of, FLOOR)
        counted = dict(
            zip(processes, pool.map(lambda name: processes[name].instructions(*plans[name]), processes), strict=True)
        )
    imports = {name: start for name, (start, _) in counted.items()}
    firsts = {name: first for name, (_, first) in counted.items()}
    both = {name: sum(steps) for name, steps in counted.items()}
    used = {name: process.resources(*plans[name]) for name, process in processes.items()}
    rows = [
        [
            name,
            millions(imports[name]),
            ratio(imports[name], floor.result()),
            ratio(imports[name], imports["plain"]),
            millions(firsts[name]),
            ratio(both[name], both["plain"]),
            ratio(sum(used[name].cpu), sum(used["plain"].cpu)),
            used[name].modules,
            megabytes(used[name].rss),
        ]
        for name in processes
    ]
    peer = ["peer", millions(PEER_IMPORT), ratio(PEER_IMPORT, floor.result()), ratio(PEER_IMPORT, imports["plain"])]
    peer += [millions(PEER_BOTH - PEER_IMPORT), ratio(PEER_BOTH, both["plain"]), "", "", ""]
    return Section(
        text=f"F0 is {millions(floor.result())} million instructions.\n\n{table(HEAD, [*rows, peer])}",
        promises=[
            Promise(what="import of api, x F0", most=1.34, measured=imports["api"] / floor.result()),
            Promise(what="start and first create of api, x the peer's", most=0.55, measured=both["api"] / PEER_BOTH),
            Promise(
                what="import of the authorizer, x plain", most=0.45, measured=imports["authorizer"] / imports["plain"]
            ),
        ],
    )
