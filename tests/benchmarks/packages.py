"""What is uploaded: the layers beside the baseline's package."""

from tests.benchmarks.bench import Bench, Section
from tests.benchmarks.promises import Promise
from tests.benchmarks.table import megabytes, ratio, table


def measure(bench: Bench) -> Section:
    """Weigh the packages, zipped and unzipped."""
    sizes = bench.artifacts.sizes()
    dependencies, shared = sizes["dependencies"], sizes["shared"]
    sizes["layers together"] = together = (dependencies[0] + shared[0], dependencies[1] + shared[1])
    rows = [
        [name, megabytes(zipped), megabytes(unzipped), ratio(zipped, sizes["plain"][0])]
        for name, (zipped, unzipped) in sizes.items()
    ]
    return Section(
        text=table(["", "zipped MB", "unzipped MB", "zipped x plain"], rows),
        promises=[Promise(what="layers together, MB zipped", most=10, measured=together[0] / 1e6)],
    )
