"""Cold starts: what a function's import costs, and its first request."""

from tests.benchmarks.bench import FLOOR, Bench
from tests.benchmarks.requests import FIRST
from tests.benchmarks.table import megabytes, millions, ratio, table


def measure(bench: Bench) -> tuple[dict[str, float], str]:
    """Return the ratios that are promised, and the table."""
    floor = bench.process("plain").instructions_of(FLOOR)
    imports = {name: bench.process(name).instructions({bench.first(name): 0}) for name in ["plain", *FIRST]}
    firsts = {name: bench.process(name).instructions({bench.first(name): 1}) for name in imports}
    resources = {name: bench.process(name).resources({bench.first(name): 1}) for name in imports}
    rows = [
        [
            name,
            millions(imports[name]),
            ratio(imports[name], floor),
            ratio(imports[name], imports["plain"]),
            millions(firsts[name]),
            ratio(firsts[name], firsts["plain"]),
            ratio(resources[name].cpu, resources["plain"].cpu),
            resources[name].modules,
            megabytes(resources[name].rss),
        ]
        for name in imports
    ]
    head = [
        "",
        "import, M instr",
        "x F0",
        "x plain",
        "with first request",
        "x plain",
        "CPU x plain",
        "modules",
        "RSS MB",
    ]
    promised = {
        "api_import_of_floor": imports["api"] / floor,
        "api_first_of_peer": firsts["api"] / PEER_FIRST,
        "authorizer_import_of_plain": imports["authorizer"] / imports["plain"],
    }
    return promised, f"F0 is {millions(floor)} M instructions.\n\n{table(head, rows)}"


# The public peer's cold import and first create, measured once in the same way (docs/performance.md).
PEER_FIRST = 2_454_000_000
