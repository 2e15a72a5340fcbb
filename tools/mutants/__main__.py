"""Test packages by mutation: `python -m tools.mutants [PACKAGE …]`, each in a process of its own."""

import os
import subprocess
import sys
from collections.abc import Sequence

from tools.mutants import survivors, workspace
from tools.mutants.packages import PACKAGES, selected


def main(arguments: Sequence[str]) -> int:
    """Test the packages, and return 1 if any has a survivor that is not listed."""
    names = selected(arguments)
    if len(names) == 1:
        return _test_template() if names == ["template"] else _test(names[0])
    commands = ([sys.executable, "-m", "tools.mutants", name] for name in names)
    codes = [subprocess.run(command, check=False).returncode for command in commands]  # noqa: S603
    return int(any(codes))


def _test_template() -> int:
    from tools.mutants import template  # noqa: PLC0415 - imports tests, and so the unchanged code

    return template.main([])


def _test(name: str) -> int:
    folder = workspace.prepare(name, PACKAGES[name])
    os.chdir(folder)  # before mutmut reads its settings
    from tools.mutants import operators  # noqa: PLC0415

    operators.install()
    from mutmut.utils.file_utils import walk_mutatable_files  # noqa: PLC0415

    from tools.mutants import functions, tables  # noqa: PLC0415

    mutants = [*functions.run(), *tables.run()]
    alive = [mutant.name for mutant in mutants if not mutant.noticed]
    paths = {workspace.in_repository(str(path)) for path in walk_mutatable_files()}
    return survivors.report(name, len(mutants), alive, paths)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
