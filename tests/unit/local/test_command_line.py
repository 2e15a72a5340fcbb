import signal
from collections.abc import Iterator
from pathlib import Path

import pytest
from tools.local.__main__ import main

KEY = ["access-key", "--account", "local", "--user", "ann", "--role", "reader"]


@pytest.fixture(autouse=True)
def _restored_signal_handlers() -> Iterator[None]:
    before = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGHUP)}
    yield
    for number, handler in before.items():
        signal.signal(number, handler)


def run(folder: Path, *arguments: str) -> int:
    return main(["--state-dir", str(folder), *arguments])


def error_of(capsys: pytest.CaptureFixture[str]) -> str:
    """Return the one line that a command printed."""
    printed, error = capsys.readouterr()
    assert (printed, error.count("\n")) == ("", 1)
    return error.strip()


@pytest.mark.parametrize("port", ["", "0", "65536", "-1", "http", "٤"])
def test_up_rejects_an_invalid_port(tmp_path: Path, port: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(tmp_path, "up", "--port", port) == 1
    assert error_of(capsys) == "The port must be a number from 1 to 65535: make local PORT=4570"


@pytest.mark.parametrize("missing", ["--account", "--user", "--role"])
def test_access_key_names_an_empty_argument(tmp_path: Path, missing: str, capsys: pytest.CaptureFixture[str]) -> None:
    arguments = list(KEY)
    arguments[arguments.index(missing) + 1] = ""
    assert run(tmp_path, *arguments) == 1
    assert error_of(capsys).startswith(
        f"Missing: {missing.removeprefix('--').upper()}. Usage: make access-key ACCOUNT=…"
    )


def test_access_key_without_arguments_names_all_variables(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(tmp_path, "access-key") == 1
    assert error_of(capsys).startswith("Missing: ACCOUNT, USER, ROLE. Usage: ")


def test_access_key_with_an_unknown_role_lists_the_roles(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(tmp_path, *KEY[:-1], "owner") == 1
    assert error_of(capsys).endswith("ROLE=admin|member|reader")


@pytest.mark.parametrize("memberships", ["{", "{}", '"all"'])
def test_access_key_rejects_memberships_that_are_not_a_json_list(
    tmp_path: Path, memberships: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(tmp_path, *KEY, "--memberships", memberships) == 1
    assert error_of(capsys).startswith("The memberships must be a JSON list: make access-key ")


def test_access_key_without_a_running_stack_explains_how_to_start_it(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(tmp_path, *KEY) == 1
    assert capsys.readouterr() == ("", "The local stack is not running. Start it: make local\n")


def test_reset_deletes_the_data(tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    assert run(tmp_path, "reset") == 0
    assert not (tmp_path / "data").exists()
