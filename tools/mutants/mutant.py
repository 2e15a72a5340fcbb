"""One mutant: a small change of the code, and whether a test noticed it."""

from collections.abc import Sequence
from typing import NamedTuple

from tools.mutants.workspace import in_repository


class Mutant(NamedTuple):
    """`change` shows the changed lines before and after; `place` is the function, or empty for a table."""

    path: str
    place: str
    change: str
    noticed: bool

    @classmethod
    def of(cls, path: str, place: str, diff: Sequence[str], *, noticed: bool) -> "Mutant":
        """Build a mutant from the body of a unified diff."""
        before, after = (" ".join(line[1:].strip() for line in diff if line.startswith(sign)) for sign in "-+")
        return cls(path, place, f"{before} -> {after}", noticed)

    @property
    def name(self) -> str:
        """The name in the list of survivors. It stays the same when other code of the file changes."""
        return f"{in_repository(self.path)} {self.place}: {self.change}"
