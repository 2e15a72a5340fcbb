"""What `make mutants` accepts, runs and reports, and the list of mutants that change nothing."""

import re
import subprocess
import sys
import tomllib
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from tools.mutants.mutant import Mutant
from tools.mutants.packages import PACKAGES, selected
from tools.mutants.survivors import Reviewed, faults, report, reviewed
from tools.mutants.without_emulator import pytest_collection_modifyitems

from tests.builders import ROOT

LIST = ROOT / "tools/mutants/survivors.toml"
PATH = "layers/shared/ai_integrations/domain/rules.py"


def test_name_of_a_mutant_shows_its_place_and_the_changed_line() -> None:
    diff = ["@@ -1,2 +1,2 @@", " def check():", "-    return a and b", "+    return a or b"]
    mutant = Mutant.of("src/ai_integrations/domain/rules.py", "check", diff, noticed=False)
    assert mutant.name == f"{PATH} check: return a and b -> return a or b"


def test_client_and_service_are_different_packages() -> None:
    mutant = Mutant.of("src/ai_integrations_client/cache.py", "", ["-a", "+b"], noticed=False)
    assert mutant.name.startswith("layers/client/ai_integrations_client/cache.py ")


def test_survivor_is_a_fault_unless_its_name_or_kind_is_listed() -> None:
    survivors = [f"{PATH} check: a -> b", f"{PATH} check: a -> c", f'{PATH} check: cast("x", y) -> cast(None, y)']
    listed = Reviewed(frozenset({survivors[0]}), (r"cast\(",))
    assert list(faults(survivors, listed, {PATH})) == [f"not noticed: {survivors[1]}"]


def test_listed_mutant_that_did_not_survive_is_a_fault_if_its_file_was_changed() -> None:
    listed = Reviewed(frozenset({f"{PATH} check: a -> b", "layers/other.py f: a -> b"}), ())
    assert list(faults([], listed, {PATH})) == [f"listed, but noticed or gone: {PATH} check: a -> b"]


def test_list_gives_a_reason_for_every_group_and_names_existing_files() -> None:
    groups = tomllib.loads(LIST.read_text())["survivors"]
    assert all(group["reason"] and (group.get("mutants") or group.get("kinds")) for group in groups)
    assert all((ROOT / name.partition(" ")[0]).is_file() for name in reviewed().names)


def test_every_listed_mutant_is_of_lines_that_exist() -> None:
    for name in reviewed().names:
        path, _, rest = name.partition(" ")
        change = rest.partition(": ")[2]
        source = " ".join((ROOT / path).read_text().split())
        # A line of code may contain an arrow too.
        before = [" ".join(change[: arrow.start()].split()) for arrow in re.finditer(" -> ", change)]
        assert path == "template.yaml" or any(each in source for each in before), name


def test_report_of_listed_survivors_is_a_success(capsys: pytest.CaptureFixture[str]) -> None:
    listed = sorted(name for name in reviewed().names if name.startswith("layers/client/"))
    assert report("client", 10, listed, {name.partition(" ")[0] for name in listed}) == 0
    numbers = f"{10 - len(listed)} killed, {len(listed)} change nothing, 0 survived, 0 faults"
    assert capsys.readouterr().out.splitlines()[-1] == f"client: 10 mutants, {numbers}"


def test_report_of_another_survivor_is_a_failure(capsys: pytest.CaptureFixture[str]) -> None:
    assert report("client", 10, [f"{PATH} check: a -> b"], ()) == 1
    *_, fault, summary = capsys.readouterr().out.splitlines()
    assert fault == f"not noticed: {PATH} check: a -> b"
    assert summary == "client: 10 mutants, 9 killed, 0 change nothing, 1 survived, 1 faults"


def test_unknown_package_lists_the_packages() -> None:
    with pytest.raises(SystemExit, match=r"There is no such package\. Name one of these: make mutants PACKAGE=\w+\|"):
        selected(["domain", "unheard-of"])


def test_packages_are_all_selected_unless_some_are_named() -> None:
    assert selected(["domain"]) == ["domain"]
    assert {"domain", "template"} < set(selected([]))


def test_command_imports_neither_the_code_nor_its_tests_before_they_are_changed() -> None:
    program = "import sys, tools.mutants.__main__; print({name.partition('.')[0] for name in sys.modules})"
    command = [sys.executable, "-c", program]
    imported = subprocess.run(command, cwd=ROOT, text=True, capture_output=True, check=True).stdout  # noqa: S603
    assert "'tools'" in imported
    assert not [name for name in ("ai_integrations", "functions", "tests") if f"'{name}'" in imported]


def test_every_package_names_existing_code_and_tests() -> None:
    named = {path for package in PACKAGES.values() for path in package.sources + package.tests}
    assert [path for path in named if not (ROOT / path).exists()] == []


def test_tests_on_the_emulator_are_left_out() -> None:
    kept = SimpleNamespace(name="test_read[moto]", fixturenames=["stores"])
    items: list[Any] = [
        SimpleNamespace(name="test_read[emulator]", fixturenames=["stores"]),
        SimpleNamespace(name="test_write", fixturenames=["emulator_stores", "emulator"]),
        kept,
    ]
    pytest_collection_modifyitems(items)
    assert items == [kept]


SUITE = """
import os
import sys
from pathlib import Path
from tools.mutants.suite import Suite

suite = Suite(["test_a.py", "test_b.py"])
change = lambda name: lambda: os.environ.update(CHANGED=name)
try:
    {code}
finally:
    print(Path("runs").read_text().split())
"""
RECORDING_TEST = """
import os
from pathlib import Path

def test_change():
    with Path("runs").open("a") as runs:
        print("{name}", file=runs)
    assert os.environ.get("CHANGED") != "{name}"
"""


def run_suite(folder: Path, code: str) -> list[str]:
    """Run code on a suite of test_a, which notices the change "a", and test_b; return its output."""
    for name in "ab":
        (folder / f"test_{name}.py").write_text(RECORDING_TEST.format(name=name))
    program = f"import sys; sys.path.insert(0, {str(ROOT)!r})" + SUITE.format(code=code)
    command = [sys.executable, "-c", program]  # a process without threads, which may fork
    run = subprocess.run(command, cwd=folder, text=True, capture_output=True, check=False, timeout=60)  # noqa: S603
    return [*run.stdout.splitlines(), *run.stderr.splitlines()]


def test_suite_notices_a_change_that_fails_a_test(tmp_path: Path) -> None:
    code = 'print(suite.notices(change("none")), suite.notices(change("b")))'
    assert run_suite(tmp_path, code)[0] == "False True"


def test_suite_runs_the_tests_that_noticed_the_last_change_first(tmp_path: Path) -> None:
    code = 'suite.notices(change("b")); suite.notices(change("b"))'
    assert run_suite(tmp_path, code) == ["['a', 'b', 'b']"]


def test_suite_runs_likely_tests_first_and_counts_a_file_without_tests_as_no_failure(tmp_path: Path) -> None:
    (tmp_path / "empty.py").touch()
    code = 'print(suite.notices(change("b"), ["test_b.py"]), suite.notices(change("none"), ["empty.py"]))'
    assert run_suite(tmp_path, code) == ["True False", "['b', 'b', 'a', 'b']"]


def test_suite_that_fails_without_a_change_ends_the_run(tmp_path: Path) -> None:
    code = 'suite.require_success(change("a"))'
    assert "The tests fail without a change: ['test_a.py']" in run_suite(tmp_path, code)


def test_suite_that_passes_without_a_change_continues(tmp_path: Path) -> None:
    assert run_suite(tmp_path, 'suite.require_success(change("none"))') == ["['a', 'b']"]


def test_suite_notices_a_change_that_makes_a_test_wait_forever(tmp_path: Path) -> None:
    (tmp_path / "waiting.py").write_text("import signal\ndef test_wait(): signal.pause()")
    code = 'suite.require_success(change("none")); print(suite.notices(change("none"), ["waiting.py"]))'
    assert run_suite(tmp_path, code)[0] == "True"
