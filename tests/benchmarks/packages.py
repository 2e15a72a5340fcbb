"""Package sizes: the layers, and the baseline's package."""

from tests.benchmarks.bench import Bench, Section
from tests.benchmarks.report import megabytes, ratio, table
from tests.benchmarks.targets import Target


def measure(bench: Bench) -> Section:
    """Measure the packages, zipped and unzipped."""
    sizes = bench.artifacts.sizes()
    dependencies, shared = sizes["dependencies"], sizes["shared"]
    sizes["both layers"] = both = (dependencies[0] + shared[0], dependencies[1] + shared[1])
    rows = [
        [name, megabytes(zipped), megabytes(unzipped), ratio(zipped, sizes["baseline"][0])]
        for name, (zipped, unzipped) in sizes.items()
    ]
    return Section(
        text=table(["package", "zipped, MB", "unzipped, MB", "zipped, x baseline"], rows),
        targets=[Target(measurement="both layers", unit="MB, zipped", maximum=10, measured=both[0] / 1e6)],
    )
