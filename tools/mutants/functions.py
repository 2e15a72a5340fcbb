"""Change functions with mutmut, which runs the tests that call the changed function."""

import gc
from collections.abc import Iterable, Iterator
from pathlib import Path

import libcst as cst
import pytest
from mutmut.__main__ import _run, status_by_exit_code
from mutmut.mutation.data import SourceFileMutationData
from mutmut.mutation.diff_apply import get_diff_for_mutant
from mutmut.runners.harness import PytestRunner
from mutmut.utils.file_utils import walk_mutatable_files
from mutmut.utils.format_utils import orig_function_and_class_names_from_key
from mutmut.workers import isolation

from tools.mutants.mutant import Mutant
from tools.mutants.tables import called_at_import

_TESTS_OF_FUNCTIONS = Path("mutants/mutmut-stats.json")
_FAILED_TESTS = Path("mutants/failed-tests.txt").absolute()
_NOTICED = {"killed", "timeout", "suspicious", "segfault", "check was interrupted by user"}


class _Runner(PytestRunner):  # type: ignore[misc]
    """Run those tests first that noticed the last changes, then unit tests, which need no server or emulated AWS."""

    def run_tests(self, *, mutant_name: str | None, tests: Iterable[str]) -> int:
        gc.freeze()  # otherwise the garbage collector visits, and so copies, the memory of the parent
        failed = _FAILED_TESTS.read_text().splitlines()[-5:] if _FAILED_TESTS.exists() else []
        first = [test for test in tests if test in failed]
        others = sorted(
            (test for test in tests if test not in failed), key=lambda test: not test.startswith("tests/unit/")
        )
        for group in [group for group in (first, others) if group] or [[]]:  # no test means all tests
            if code := int(super().run_tests(mutant_name=mutant_name, tests=group)):
                return code
        return 0

    def execute_pytest(self, params: list[str], **kwargs: list[object]) -> int:
        return int(super().execute_pytest(params, plugins=[*kwargs.get("plugins", ()), self]))

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if report.failed:
            with _FAILED_TESTS.open("a") as failed:
                print(report.nodeid, file=failed)


def run() -> list[Mutant]:
    """Test every mutant that no test has failed for so far. A timeout may be that of a busy machine."""
    for data in _results():
        verdicts = data.exit_code_by_key.items()
        data.exit_code_by_key = {name: code if _status(code) == "killed" else None for name, code in verdicts}
        data.save()
    _TESTS_OF_FUNCTIONS.unlink(missing_ok=True)  # mutmut would not learn what a changed test calls now
    isolation.PytestRunner = _Runner
    _run((), 1)
    return [mutant for data in _results() for mutant in _mutants(data)]


def _results() -> Iterator[SourceFileMutationData]:
    for path in walk_mutatable_files():
        data = SourceFileMutationData(path=path)
        data.load()
        if data.exit_code_by_key:
            yield data


def _is_noticed(exit_code: int | None) -> bool:
    return _status(exit_code) in _NOTICED


def _status(exit_code: int | None) -> str:
    return str(status_by_exit_code[exit_code])


def _mutants(data: SourceFileMutationData) -> Iterator[Mutant]:
    left_out = called_at_import(cst.parse_module(data.path.read_text()))
    for name, exit_code in data.exit_code_by_key.items():
        if orig_function_and_class_names_from_key(name)[0] not in left_out:
            yield _mutant(data.path, name, exit_code)


def _mutant(path: Path, name: str, exit_code: int | None) -> Mutant:
    function, class_name = orig_function_and_class_names_from_key(name)
    if _is_noticed(exit_code):
        return Mutant(str(path), "", "", noticed=True)
    diff = get_diff_for_mutant(name, path=path).split("\n")[3:]
    place = f"{class_name}.{function}" if class_name else function
    return Mutant.of(str(path), place, diff, noticed=False)
