"""`make sweep-findings` and `make confirm-sweep` on a deployed stack."""

import json
from typing import Any
from uuid import uuid4

import pytest
from tools.operations.__main__ import main

from tests.stack.conftest import Stack
from tests.stack.platform_client import PlatformClient


@pytest.fixture(autouse=True)
def _environment(stack: Stack, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in PlatformClient(stack, f"account-{uuid4().hex}").aws_environment().items():
        monkeypatch.setenv(name, value)


def printed_by(capsys: pytest.CaptureFixture[str], *arguments: str) -> dict[str, Any]:
    main(arguments)
    printed: dict[str, Any] = json.loads(capsys.readouterr().out)
    return printed


def test_sweep_findings_and_confirm_sweep_print_what_the_function_returns(capsys: pytest.CaptureFixture[str]) -> None:
    assert printed_by(capsys, "sweep-findings")["dry_run"] is True
    assert printed_by(capsys, "confirm-sweep", "--removals", "3")["confirmed"] == 3


def test_confirm_sweep_ends_with_the_reason_of_a_rejected_number() -> None:
    with pytest.raises(SystemExit, match="/confirm"):
        main(["confirm-sweep", "--removals", "99999999999"])
