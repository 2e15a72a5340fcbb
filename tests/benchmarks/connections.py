"""New connections: instructions of a create over TLS when each of its AWS calls opens a connection."""

import os
from concurrent.futures import ThreadPoolExecutor

from tests.benchmarks.bench import API_UNDER_SNAPSTART, SNAPSTART, Bench, Section
from tests.benchmarks.report import millions, ratio, table
from tests.benchmarks.targets import Target


def measure(bench: Bench) -> Section:
    """Count the instructions of the init phase, of the first create and of the second, all over TLS."""
    create = str(bench.route("create"))
    processes = {
        "baseline": bench.process("baseline", bench.over_tls),
        "api": bench.process("api", bench.over_tls),
        API_UNDER_SNAPSTART: bench.process("api", bench.over_tls | SNAPSTART),
    }
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        counted = pool.map(lambda each: each.instructions("requests", create, "1", create, "1"), processes.values())
        steps = dict(zip(processes, counted, strict=True))
    *_, baseline = steps["baseline"]
    rows = [[name, *map(millions, counts), ratio(counts[-1], baseline)] for name, counts in steps.items()]
    head = ["function", "init, M instr", "first create, M instr", "second create, M instr", "second, x baseline"]
    return Section(
        text=table(head, rows),
        targets=[
            Target(
                measurement="create over new TLS connections",
                unit="instructions, relative to the baseline",
                maximum=0.2,
                measured=steps["api"][-1] / baseline,
            )
        ],
    )
