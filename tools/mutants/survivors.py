"""The reviewed list of survivors, `survivors.toml`: mutants that change nothing, each with the reason."""

import tomllib
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from tools.mutants.mutant import Mutant

_LIST = Path(__file__).with_name("survivors.toml")


def reviewed() -> dict[str, str]:
    """Map the names of reviewed mutants to the reasons."""
    groups = tomllib.loads(_LIST.read_text(encoding="utf-8"))["survivors"]
    return {name: group["reason"] for group in groups for name in group["mutants"]}


def faults(mutants: Iterable[Mutant], reasons: Mapping[str, str], paths: Iterable[str]) -> Iterator[str]:
    """Name the survivors that are not listed, and what is listed but did not survive in these files."""
    survivors = {mutant.name for mutant in mutants if not mutant.noticed}
    yield from (f"not noticed: {name}" for name in sorted(survivors - reasons.keys()))
    listed = (name for name in reasons if name.split()[0] in set(paths))
    yield from (f"listed, but noticed or gone: {name}" for name in listed if name not in survivors)
