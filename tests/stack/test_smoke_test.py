"""`make smoke` passes on the stack. Where it cannot, its last line names what to check."""

import os
import subprocess

import pytest

from tests.builders import ROOT
from tests.stack.clients.releases import ALWAYS
from tests.stack.conftest import Stack


def run(url: str, key: str) -> tuple[int, str]:
    """Run the smoke test; return its exit code and its last line of output."""
    if ALWAYS.missing:
        pytest.skip(ALWAYS.missing)
    done = subprocess.run(  # noqa: S603 our own program
        [ALWAYS.folder / "bin/python", ROOT / "tests/smoke/lifecycle.py"],
        env={"PATH": os.environ["PATH"], "AI_INTEGRATIONS_URL": url, "AI_INTEGRATIONS_API_KEY": key},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    return done.returncode, done.stdout.splitlines()[-1]


def test_smoke_test_passes_and_leaves_no_integration(stack: Stack) -> None:
    key = stack.issue_key(account="smoke")
    assert run(stack.url, key) == (0, "ok: delete")
    assert stack.call(key, "GET", "")["ai_integrations"] == []


def test_smoke_test_with_a_key_that_may_not_create_names_the_key(stack: Stack) -> None:
    reader = stack.issue_key(account="smoke", role="reader")
    advice = "Check that KEY is valid and may create integrations."
    assert run(stack.url, reader) == (1, f"The API returns 403. {advice}")


def test_smoke_test_at_another_address_names_the_url(stack: Stack) -> None:
    elsewhere, nowhere = f"{stack.url}/elsewhere", "http://127.0.0.1:1"
    code, line = run(elsewhere, "aik_fake-key")
    assert code == 1
    assert line.startswith(f"{elsewhere} is not this API, or accepts an unknown access key: status ")
    assert run(nowhere, "aik_fake-key") == (1, f"{nowhere} does not respond: MaxRetryError. Check URL.")
