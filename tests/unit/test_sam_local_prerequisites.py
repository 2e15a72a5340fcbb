"""The list of programs that `make sam-local` lacks."""

from pathlib import Path

import pytest

from tests.sam_local.prerequisites import RUNTIME, missing


def install(folder: Path, program: str, script: str) -> None:
    (folder / program).write_text(f"#!/bin/sh\n{script}\n")
    (folder / program).chmod(0o755)


@pytest.fixture
def path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return the only folder on the PATH, with all programs."""
    monkeypatch.setenv("PATH", str(tmp_path))
    for program in ("sam", "docker", RUNTIME):
        install(tmp_path, program, "exit 0")
    return tmp_path


@pytest.mark.usefixtures("path")
def test_missing_is_empty_if_all_programs_run() -> None:
    assert missing() == []


@pytest.mark.parametrize("program", ["sam", "docker", RUNTIME])
def test_missing_lists_a_program_that_is_not_installed(path: Path, program: str) -> None:
    (path / program).unlink()
    [line] = missing()
    assert line.startswith(f"`{program} --version` does not work. Needed: ")


def test_missing_lists_a_python_that_is_on_the_path_but_fails(path: Path) -> None:
    install(path, RUNTIME, "echo command not found >&2; exit 127")
    [line] = missing()
    assert line.startswith(f"`{RUNTIME} --version` does not work. Needed: ")


def test_missing_reports_a_docker_daemon_that_does_not_answer(path: Path) -> None:
    install(path, "docker", 'test "$1" = --version || { echo Cannot connect >&2; exit 1; }')
    assert missing() == ["Docker does not answer: Cannot connect"]
