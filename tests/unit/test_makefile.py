"""The Makefile: its help, and the creation of virtual environments."""

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.builders import ROOT

MAKEFILE = (ROOT / "Makefile").read_text()
# A program in the place of Python: it records its arguments, and `-m venv` creates pip.
PYTHON = """#!/bin/sh
echo "$@" >>calls
case "$*" in '-m venv '*) mkdir -p "$3/bin"; cp "$0" "$3/bin/python"; cp "$0" "$3/bin/pip";; esac
"""

# The targets with a number that the caller may choose, and its name.
LONG_CHECKS = re.findall(r"^([a-z-]+):.*\n\t\w+=\$\(call number,(\w+),\d+\)", MAKEFILE, re.MULTILINE)


def make(folder: Path, *arguments: str) -> str:
    program = shutil.which("make")
    if program is None:
        pytest.skip("make is not installed")
    command = [program, "--no-print-directory", *arguments]  # as if `make test` did not run it
    run = subprocess.run(command, cwd=folder, text=True, capture_output=True, check=True)  # noqa: S603
    return run.stdout


def test_help_has_one_line_of_at_most_80_columns_for_each_command() -> None:
    lines = make(ROOT, "help").splitlines()
    assert [line for line in lines if len(line) > 80] == []
    commands = re.findall(r"^([a-z-]+):.* ## ", MAKEFILE, re.MULTILINE)
    assert re.findall(r"^  make (\S+) +\S", "\n".join(lines), re.MULTILINE) == commands


def test_help_groups_commands_by_purpose() -> None:
    headings = [line.split(" ")[0] for line in make(ROOT, "help").splitlines() if line and not line.startswith(" ")]
    assert headings == ["Run", "Change", "Long", "Release", "Operate"]


def test_number_of_a_long_check_is_its_default_or_the_chosen_one() -> None:
    assert len(LONG_CHECKS) == MAKEFILE.count("$(call number,") == 7
    assert "KILL_OPERATIONS=2000 " in make(ROOT, "--dry-run", "kills")
    assert "KILL_OPERATIONS=60 " in make(ROOT, "--dry-run", "kills", "OPERATIONS=60")


@pytest.mark.parametrize("value", ["many", "0", "-1", "1.5", "1 2", "2e3"])
@pytest.mark.parametrize(("target", "name"), LONG_CHECKS)
def test_text_in_place_of_a_number_stops_a_long_check_with_an_example(target: str, name: str, value: str) -> None:
    with pytest.raises(subprocess.CalledProcessError) as error:
        make(ROOT, "--dry-run", target, f"{name}={value}")
    assert f"{name} must be a whole number from 1 on, for example: make {target} {name}=" in error.value.stderr


def test_environment_without_pip_from_a_failed_try_is_created_again(tmp_path: Path) -> None:
    shutil.copy(ROOT / "Makefile", tmp_path)
    shutil.copytree(ROOT / "requirements", tmp_path / "requirements")
    for python in (tmp_path / "python", tmp_path / ".venv" / "bin" / "python"):
        python.parent.mkdir(parents=True, exist_ok=True)
        python.write_text(PYTHON)
        python.chmod(0o755)
    make(tmp_path, ".venv/local", "PYTHON=./python")
    assert "-m venv .venv" in (tmp_path / "calls").read_text().splitlines()


def test_every_environment_is_created_in_the_same_way() -> None:
    assert re.findall(r".*-m venv.*", MAKEFILE) == ["make_venv = test -x $(1)/bin/pip || $(PYTHON) -m venv $(1)"]
