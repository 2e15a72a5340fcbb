"""The reviewed list of survivors, `survivors.toml`: mutants that change nothing, each with the reason.

An entry of `mutants` names one mutant. An entry of `kinds` is a regular expression for many, searched in their names.
"""

import re
import tomllib
from collections.abc import Collection, Iterator
from pathlib import Path
from typing import NamedTuple

_LIST = Path(__file__).with_name("survivors.toml")


class Reviewed(NamedTuple):
    """The names and kinds of mutants that change nothing."""

    names: frozenset[str]
    kinds: tuple[str, ...]

    def contains(self, name: str) -> bool:
        """Check whether a mutant is listed, by its name or by its kind."""
        return name in self.names or any(re.search(kind, name) for kind in self.kinds)


def reviewed() -> Reviewed:
    """Read the list."""
    groups = tomllib.loads(_LIST.read_text(encoding="utf-8"))["survivors"]
    return Reviewed(
        frozenset(name for group in groups for name in group.get("mutants", ())),
        tuple(kind for group in groups for kind in group.get("kinds", ())),
    )


def faults(survivors: Collection[str], listed: Reviewed, paths: Collection[str]) -> Iterator[str]:
    """Name the survivors that are not listed, and the mutants of these files that are listed but did not survive."""
    yield from (f"not noticed: {name}" for name in sorted(set(survivors)) if not listed.contains(name))
    yield from (
        f"listed, but noticed or gone: {name}"
        for name in sorted(listed.names - set(survivors))
        if name.partition(" ")[0] in paths
    )


def report(name: str, tested: int, alive: Collection[str], paths: Collection[str]) -> int:
    """Print the faults and the numbers of a package, and return 1 if there is a fault."""
    listed = reviewed()
    found = list(faults(alive, listed, paths))
    print("", *found, sep="\n")
    changes_nothing = sum(map(listed.contains, alive))
    print(
        f"{name}: {tested} mutants, {tested - len(alive)} killed, {changes_nothing} change nothing, "
        f"{len(alive) - changes_nothing} survived, {len(found)} faults"
    )
    return int(bool(found))
