"""Cold starts: what a function's import costs, and its first request."""

import os
from concurrent.futures import ThreadPoolExecutor

from tests.benchmarks.bench import FLOOR, Bench, Section
from tests.benchmarks.promises import Promise
from tests.benchmarks.requests import FIRST
from tests.benchmarks.table import megabytes, millions, ratio, table

# The import and the first create of aws-lambda-handler-cookbook, a public peer, measured once in this way.
PEER_IMPORT, PEER_FIRST = 2_078_000_000, 2_454_000_000
HEAD = (
    "",
    "import, M instr",
    "x F0",
    "x plain",
    "with first request",
    "x plain",
    "CPU x plain",
    "modules",
    "RSS MB",
)


def measure(bench: Bench) -> Section:
    """Count the instructions of each function's start, and what else it takes."""
    names = ["plain", *FIRST]
    plans = {name: ("requests", str(bench.first(name)), "1") for name in names}
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        floor = pool.submit(bench.process("plain").instructions_of, FLOOR)
        counted = list(pool.map(lambda name: bench.process(name).instructions(*plans[name]), names))
    imports = {name: start for name, (start, _) in zip(names, counted, strict=True)}
    firsts = {name: sum(steps) for name, steps in zip(names, counted, strict=True)}
    used = {name: bench.process(name).resources(*plans[name]) for name in names}
    rows = [
        [
            name,
            millions(imports[name]),
            ratio(imports[name], floor.result()),
            ratio(imports[name], imports["plain"]),
            millions(firsts[name]),
            ratio(firsts[name], firsts["plain"]),
            ratio(sum(used[name].cpu), sum(used["plain"].cpu)),
            used[name].modules,
            megabytes(used[name].rss),
        ]
        for name in names
    ]
    peer = ["peer", millions(PEER_IMPORT), ratio(PEER_IMPORT, floor.result()), ratio(PEER_IMPORT, imports["plain"])]
    peer += [millions(PEER_FIRST), ratio(PEER_FIRST, firsts["plain"]), "", "", ""]
    return Section(
        text=f"F0 is {millions(floor.result())} million instructions.\n\n{table(HEAD, [*rows, peer])}",
        promises=[
            Promise(what="import of api, x F0", most=1.36, measured=imports["api"] / floor.result(), binding=False),
            Promise(
                what="start and first create of api, x the peer's",
                most=0.55,
                measured=firsts["api"] / PEER_FIRST,
                binding=False,
            ),
            Promise(
                what="import of the authorizer, x plain", most=0.45, measured=imports["authorizer"] / imports["plain"]
            ),
        ],
    )
