"""Change what mutmut leaves out: tables and class bodies, which run at import, and decorated functions.

Each mutant is a changed module, imported by a process of its own. It runs the tests of the package until one fails.
"""

import difflib
import hashlib
import importlib.abc
import importlib.util
import os
import sys
from collections.abc import Iterator, Sequence
from importlib.machinery import ModuleSpec
from pathlib import Path
from types import ModuleType
from typing import Any

import libcst as cst
import pytest
from libcst.metadata import MetadataWrapper
from mutmut.configuration import config
from mutmut.mutation.file_mutation import MutationVisitor, deep_replace
from mutmut.mutation.mutators import mutation_operators
from mutmut.mutation.pragma_handling import get_ignored_lines
from mutmut.ui.terminal import print_status
from mutmut.utils.file_utils import walk_mutatable_files

from tools.mutants.mutant import Mutant

_RELOADED = {"ai_integrations", "ai_integrations_client", "functions", "tests"}
_NOTICED = Path("mutants/noticed-tables.txt")


def run() -> list[Mutant]:
    """Test every mutant that no test has noticed so far."""
    noticed = set(_NOTICED.read_text().split() if _NOTICED.exists() else ())
    mutants = [(path, source) for path in walk_mutatable_files() for source in _changed_sources(path)]
    results = []
    for index, (path, source) in enumerate(mutants):
        print_status(f"{index}/{len(mutants)} tables")
        digest = hashlib.sha256(f"{path} {source}".encode()).hexdigest()
        if digest not in noticed and _fails(path, source):
            noticed.add(digest)
        before, after = path.read_text().split("\n"), source.split("\n")
        diff = list(difflib.unified_diff(before, after, n=0, lineterm=""))[3:]
        results.append(Mutant.of(str(path), "", diff, noticed=digest in noticed))
        _NOTICED.write_text("\n".join(noticed))
    return results


class _Visitor(MutationVisitor):  # type: ignore[misc]
    """Visit decorated functions too."""

    def _skip_node_and_children(self, node: Any) -> bool:
        return not isinstance(node, cst.FunctionDef) and bool(super()._skip_node_and_children(node))


def _changed_sources(path: Path) -> Iterator[str]:
    module = MetadataWrapper(cst.parse_module(path.read_text()))
    visitor = _Visitor(mutation_operators, get_ignored_lines(str(path), path.read_text(), module))
    module.visit(visitor)
    for each in visitor.mutations:
        if not _is_changed_by_mutmut(each.contained_by_top_level_function):
            changed = deep_replace(module.module, each.original_node, each.mutated_node)
            yield cst.ensure_type(changed, cst.Module).code


def _is_changed_by_mutmut(container: Any) -> bool:
    if not isinstance(container, cst.FunctionDef):
        return False
    decorators = [each.decorator for each in container.decorators]
    return all(isinstance(each, cst.Name) and each.value in {"classmethod", "staticmethod"} for each in decorators)


class _Changed(importlib.abc.MetaPathFinder, importlib.abc.SourceLoader):
    """Import one module from a changed source."""

    def __init__(self, path: Path, source: str) -> None:
        self._name = ".".join(path.with_suffix("").parts).removeprefix("src.")
        self._path = str(Path("mutants", path).absolute())
        self._source = source

    def find_spec(self, name: str, _path: Sequence[str] | None, _target: ModuleType | None = None) -> ModuleSpec | None:
        return importlib.util.spec_from_loader(name, self, origin=self._path) if name == self._name else None

    def get_filename(self, fullname: str) -> str:  # noqa: ARG002
        return self._path

    def get_data(self, path: str | bytes) -> bytes:
        if path != self._path:
            raise OSError(path)  # no bytecode
        return self._source.encode()


def _fails(path: Path, source: str) -> bool:
    child = os.fork()
    if child:
        return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) != 0
    sys.stdout = sys.stderr = Path(os.devnull).open("w")  # noqa: SIM115
    for name in [name for name in sys.modules if name.partition(".")[0] in _RELOADED]:
        del sys.modules[name]
    sys.meta_path.insert(0, _Changed(path, source))
    os.chdir("mutants")
    settings = config()
    arguments = ["--rootdir=.", "-x", "-q", *settings.pytest_add_cli_args]
    os._exit(pytest.main([*arguments, *settings.pytest_add_cli_args_test_selection]))
