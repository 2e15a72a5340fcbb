"""The folder in which mutmut works: `build/mutants/PACKAGE`.

mutmut derives a module's name from its path, so the packages must lie in `src`. Everything is a link except what mutmut
writes: its folder `mutants` holds the changed code, and the tests run there.
"""

import json
import shutil
from pathlib import Path

from tools.mutants.packages import ROOTS, Package

ROOT = Path(__file__).parents[2]
# Tests of the repository, its documents and its tools.
_NAMES = (
    "capacity",
    "dependencies",
    "design_documents",
    "iam",
    "imports",
    "makefile",
    "mutants",
    "operations_document",
    "security_document",
    "template_mutants",
    "tree",
)
_OTHER_TESTS = ("tests/unit/local", *(f"tests/unit/test_{name}.py" for name in _NAMES))
_KEPT_OUT = {"build", "functions", "mutants", "pyproject.toml", "tests"}
_MUTMUT_UPDATES = {".py", ".meta", ".spans"}  # changed code, verdicts, and the lines of each function


def prepare(name: str, package: Package) -> Path:
    """Create or update the folder of one package, and return it."""
    folder = ROOT / "build" / "mutants" / name
    for module, source in ROOTS.items():
        _link(folder / module, ROOT / source)
    _link(folder / "tests", ROOT / "tests")
    for path in ROOT.iterdir():
        if path.name not in _KEPT_OUT and not path.name.startswith("."):
            _link(folder / "mutants" / path.name, path)
    for path in (ROOT / "functions").iterdir():
        if f"functions/{path.name}" not in ROOTS:
            _link(folder / "mutants" / "functions" / path.name, path)
    _remove_copies(folder / "mutants")
    (folder / "pyproject.toml").write_text(_settings(package), encoding="utf-8")
    return folder


def _remove_copies(mutants: Path) -> None:
    """Remove the copied tests and data files: mutmut removes none, and replaces none that exists."""
    shutil.rmtree(mutants / "tests", ignore_errors=True)
    for path in (mutants / "src").rglob("*.*"):
        if path.suffix not in _MUTMUT_UPDATES and path.is_file():
            path.unlink()


def in_workspace(source: str) -> str:
    """Map the path of a source file in the repository to its path in the folder."""
    for module, path in ROOTS.items():
        if f"{source}/".startswith(f"{path}/"):
            return module + source.removeprefix(path)
    raise ValueError(source)


def in_repository(source: str) -> str:
    """Map the path of a source file in the folder to its path in the repository."""
    for module, path in ROOTS.items():
        if source.startswith(f"{module}/"):
            return path + source.removeprefix(module)
    raise ValueError(source)


def _link(link: Path, target: Path) -> None:
    link.parent.mkdir(parents=True, exist_ok=True)
    link.unlink(missing_ok=True)
    link.symlink_to(target)


def _settings(package: Package) -> str:
    """Extend the settings of pytest with those of mutmut."""
    project = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    pytest = project.replace('pythonpath = [".", "layers/client"]', 'pythonpath = ["."]')
    settings = {
        "source_paths": list(ROOTS),
        "only_mutate": [
            f"{in_workspace(source)}{'' if source.endswith('.py') else '/*'}" for source in package.sources
        ],
        "pytest_add_cli_args": [
            "-s",
            "-p",
            "no:cacheprovider",
            "-p",
            "tools.mutants.without_emulator",
            *(f"--ignore={each}" for each in _OTHER_TESTS),
        ],
        "pytest_add_cli_args_test_selection": list(package.tests),
        "on_dependency_change": "ignore",
        "timeout_constant": 5,  # mutmut's factor of 15 would wait minutes for each endless loop
        "timeout_multiplier": 4,
    }
    lines = [f"{name} = {json.dumps(value)}" for name, value in settings.items()]
    return "\n".join([pytest, "[tool.mutmut]", *lines, ""])
