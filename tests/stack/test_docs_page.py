"""The page of the API's description in a real browser: `make docs-page`, where Chromium and Node.js are."""

import json
import os
import shutil
import subprocess
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from tests.builders import ROOT
from tests.stack.conftest import Stack

SCRIPT = Path(__file__).parent / "browser/docs_page.mjs"
INSTALLED = ROOT / ".venv-browser"


@pytest.fixture(scope="module")
def seen(stack: Stack) -> dict[str, Any]:
    """Return what the browser saw, after a create, a read and a deletion were tried from the page."""
    chromium = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    node = shutil.which("node")
    assert chromium, "no Chromium is installed"
    assert node, "no Node.js is installed"
    variables = {
        "DOCS_URL": f"{stack.url}/v2/docs",
        "ACCESS_KEY": stack.issue_key(account="page"),
        "CHROMIUM": chromium,
    }
    run = subprocess.run(  # noqa: S603 our own script
        [node, "--input-type=module", "-"],
        input=SCRIPT.read_text(),
        cwd=INSTALLED,
        env={**os.environ, **variables},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert run.returncode == 0, run.stderr
    found: dict[str, Any] = json.loads(run.stdout)
    return found


@pytest.mark.browser
def test_shows_every_operation_without_an_error(seen: dict[str, Any]) -> None:
    paths = json.loads((ROOT / "layers/shared/ai_integrations/http/openapi.json").read_text())["paths"]
    described = [operation["operationId"] for methods in paths.values() for operation in methods.values()]
    assert sorted(seen["operations"]) == sorted(described)
    assert seen["errors"] == []


@pytest.mark.browser
def test_tries_calls(seen: dict[str, Any]) -> None:
    assert [seen[each].split()[0] for each in ("create", "get", "remove")] == ["201", "200", "204"]


@pytest.mark.browser
def test_asks_nobody_else_and_keeps_nothing(seen: dict[str, Any], stack: Stack) -> None:
    assert seen["hosts"] == [urlsplit(stack.url).netloc]
    assert seen["stored"] == [0, 0, 0]


@pytest.mark.browser
def test_fits_a_narrow_window(seen: dict[str, Any]) -> None:
    assert seen["overflow"] <= 0
