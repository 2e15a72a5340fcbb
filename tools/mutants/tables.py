"""Change what mutmut leaves out: tables and class bodies, which run at import, and decorated functions.

Each mutant is a changed module, imported by a process of its own. It runs the tests of the package until one fails.
"""

import difflib
import hashlib
import importlib.abc
import importlib.util
import os
import re
import sys
from collections.abc import Iterator, Sequence
from functools import cache, partial
from importlib.machinery import ModuleSpec
from pathlib import Path
from types import ModuleType

import libcst as cst
import libcst.matchers as m
from libcst.metadata import MetadataWrapper
from mutmut.configuration import config
from mutmut.mutation.file_mutation import MutationVisitor, deep_replace
from mutmut.mutation.mutators import mutation_operators
from mutmut.mutation.pragma_handling import get_ignored_lines
from mutmut.ui.terminal import print_status
from mutmut.utils.file_utils import walk_mutatable_files

from tools.mutants.mutant import Mutant
from tools.mutants.suite import Suite

_RELOADED = re.compile(r"(ai_integrations|ai_integrations_client|functions|tests|tools\.(?!mutants)\w+)\b")
_NOTICED = Path("mutants/noticed-tables.txt").absolute()


def run() -> list[Mutant]:
    """Test every mutant that no test has noticed so far."""
    noticed = set(_NOTICED.read_text().split() if _NOTICED.exists() else ())
    mutants = [(path, source) for path in walk_mutatable_files() for source in _changed_sources(path)]
    suite = Suite(config().pytest_add_cli_args_test_selection, ["--rootdir=.", *config().pytest_add_cli_args])
    paths = list(walk_mutatable_files())
    alone = sorted({each for path in paths for each in _tests_importing(path)})
    suite.require_success(partial(_apply, paths[0], paths[0].read_text()), alone)
    results: list[Mutant] = []
    for index, (path, source) in enumerate(mutants):
        print_status(f"tables: {index} of {len(mutants)}, {sum(not each.noticed for each in results)} not noticed")
        digest = hashlib.sha256(f"{path} {source}".encode()).hexdigest()
        if digest not in noticed and suite.notices(partial(_apply, path, source), _tests_importing(path)):
            noticed.add(digest)
            _NOTICED.write_text("\n".join(noticed))
        before, after = path.read_text().split("\n"), source.split("\n")
        diff = list(difflib.unified_diff(before, after, n=0, lineterm=""))[3:]
        results.append(Mutant.of(str(path), "", diff, noticed=digest in noticed))
    return results


class _Visitor(MutationVisitor):  # type: ignore[misc]
    """Visit decorated functions too."""

    def _skip_node_and_children(self, node: cst.CSTNode) -> bool:
        return not isinstance(node, cst.FunctionDef) and bool(super()._skip_node_and_children(node))


def _changed_sources(path: Path) -> Iterator[str]:
    module = MetadataWrapper(cst.parse_module(path.read_text()))
    visitor = _Visitor(mutation_operators, get_ignored_lines(str(path), path.read_text(), module))
    module.visit(visitor)
    for each in visitor.mutations:
        is_table = not is_changed_by_mutmut(module.module, each.contained_by_top_level_function)
        if is_table and not _is_other_case(each.original_node, each.mutated_node):
            changed = deep_replace(module.module, each.original_node, each.mutated_node)
            yield cst.ensure_type(changed, cst.Module).code


@cache
def _tests_importing(path: Path) -> list[str]:
    """List the test files of the package that import a module: they are likely to notice its changes."""
    imports = re.compile(rf"\b{re.escape(_module_name(path))}\b")
    return [each for each in _test_files() if imports.search(Path("mutants", each).read_text())]


@cache
def _test_files() -> list[str]:
    selected = tuple(config().pytest_add_cli_args_test_selection)
    ignored = tuple(each.removeprefix("--ignore=") for each in config().pytest_add_cli_args)
    files = sorted(str(each.relative_to("mutants")) for each in Path("mutants/tests").rglob("test_*.py"))
    return [each for each in files if each.startswith(selected) and not each.startswith(ignored)]


def _module_name(path: Path) -> str:
    return ".".join(path.with_suffix("").parts).removeprefix("src.")


def called_at_import(module: cst.Module) -> set[str]:
    """Name the functions that the statements of a module call."""
    statements = (each for each in module.body if not isinstance(each, cst.FunctionDef | cst.ClassDef))
    calls = (call for each in statements for call in m.findall(each, m.Call(func=m.Name())))
    return {cst.ensure_type(call.func, cst.Name).value for call in calls}


def _is_other_case(original: cst.CSTNode, mutated: cst.CSTNode) -> bool:
    """Check for a text in upper or lower case: one change of each text is enough."""
    texts = [each.value.lower() for each in (original, mutated) if isinstance(each, cst.SimpleString)]
    return len(texts) > len(set(texts))


def is_changed_by_mutmut(module: cst.Module, container: cst.CSTNode | None) -> bool:
    """Check whether mutmut changes a function: it has run no code at import, and has no decorator that mutmut skips."""
    if not isinstance(container, cst.FunctionDef) or container.name.value in called_at_import(module):
        return False
    decorators = [each.decorator for each in container.decorators]
    return all(isinstance(each, cst.Name) and each.value in {"classmethod", "staticmethod"} for each in decorators)


class _Changed(importlib.abc.MetaPathFinder, importlib.abc.SourceLoader):  # type: ignore[misc]
    """Import one module from a changed source."""

    def __init__(self, path: Path, source: str) -> None:
        self._name = _module_name(path)
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


def _apply(path: Path, source: str) -> None:
    """Import the code and the tests again, with one changed module."""
    for name in [*filter(_RELOADED.match, sys.modules)]:
        del sys.modules[name]
    sys.meta_path.insert(0, _Changed(path, source))
    os.chdir("mutants")
