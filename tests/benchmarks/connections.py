"""New connections: what a create takes over TLS when each of its calls of AWS finds no connection open."""

import os
from concurrent.futures import ThreadPoolExecutor

from tests.benchmarks.bench import AHEAD, OF_API_AHEAD, Bench, Section
from tests.benchmarks.promises import Promise
from tests.benchmarks.table import millions, ratio, table


def measure(bench: Bench) -> Section:
    """Count the instructions of a start, of the first create and of a later one, all over TLS."""
    create = str(bench.route("create"))
    processes = {
        "plain": bench.process("plain", bench.over_tls),
        "api": bench.process("api", bench.over_tls),
        OF_API_AHEAD: bench.process("api", bench.over_tls | AHEAD),
    }
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        counted = pool.map(lambda each: each.instructions("requests", create, "1", create, "1"), processes.values())
        steps = dict(zip(processes, counted, strict=True))
    *_, plain = steps["plain"]
    rows = [[name, *map(millions, counts), ratio(counts[-1], plain)] for name, counts in steps.items()]
    head = ["", "import, M instr", "first create", "a later create", "x plain"]
    return Section(
        text=table(head, rows),
        promises=[Promise(what="create over new connections, x plain", most=0.2, measured=steps["api"][-1] / plain)],
    )
