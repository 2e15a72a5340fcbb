"""What is uploaded: the layers beside the baseline's package."""

from tests.benchmarks.bench import Bench
from tests.benchmarks.table import megabytes, ratio, table


def measure(bench: Bench) -> tuple[dict[str, float], str]:
    """Return the megabytes that are promised, and the table."""
    sizes = bench.artifacts.sizes()
    layers = [sizes["dependencies"], sizes["shared"]]
    sizes["layers together"] = (sum(zipped for zipped, _ in layers), sum(plain for _, plain in layers))
    rows = [
        [name, megabytes(zipped), megabytes(unzipped), ratio(zipped, sizes["plain"][0])]
        for name, (zipped, unzipped) in sizes.items()
    ]
    return {"layers_mb": sizes["layers together"][0] / 1e6}, table(
        ["", "zipped MB", "unzipped MB", "zipped x plain"], rows
    )
