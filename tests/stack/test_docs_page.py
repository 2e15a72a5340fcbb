"""The API documentation page in a real browser; `make docs-page` runs this where Chromium and Node.js are installed."""

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
def page(stack: Stack) -> dict[str, Any]:
    """Create, read and delete an integration from the page, and return what the browser observed."""
    chromium = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    node = shutil.which("node")
    assert chromium, "Chromium is not installed"
    assert node, "Node.js is not installed"
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
    observed: dict[str, Any] = json.loads(run.stdout)
    return observed


@pytest.mark.browser
def test_docs_page_shows_every_operation_without_errors(page: dict[str, Any]) -> None:
    paths = json.loads((ROOT / "layers/shared/ai_integrations/http/openapi.json").read_text())["paths"]
    described = [operation["operationId"] for methods in paths.values() for operation in methods.values()]
    assert sorted(page["operations"]) == sorted(described)
    assert page["errors"] == []


@pytest.mark.browser
def test_docs_page_try_it_button_calls_the_api(page: dict[str, Any]) -> None:
    assert [page[each].split()[0] for each in ("create", "get", "remove")] == ["201", "200", "204"]


@pytest.mark.browser
def test_docs_page_contacts_no_other_host_and_stores_no_data(page: dict[str, Any], stack: Stack) -> None:
    assert page["hosts"] == [urlsplit(stack.url).netloc]
    assert page["stored"] == [0, 0, 0]


@pytest.mark.browser
def test_docs_page_fits_a_narrow_window(page: dict[str, Any]) -> None:
    assert page["overflow"] <= 0
