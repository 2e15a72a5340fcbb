"""Run a script that uses a page in Chromium, and read what it observed."""

import json
import os
import shutil
import subprocess
from pathlib import Path
from typing import Any

from tests.builders import ROOT

INSTALLED = ROOT / ".venv-browser"


def observe(script: str, **variables: str) -> dict[str, Any]:
    """Run a script of `browser/`, which prints its observations as JSON."""
    chromium = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    node = shutil.which("node")
    assert chromium, "Chromium is not installed"
    assert node, "Node.js is not installed"
    run = subprocess.run(  # noqa: S603 our own script
        [node, "--input-type=module", "-"],
        input=(Path(__file__).parent / "browser" / script).read_text(),
        cwd=INSTALLED,
        env={**os.environ, **variables, "CHROMIUM": chromium},
        capture_output=True,
        text=True,
        timeout=600,
        check=False,
    )
    assert run.returncode == 0, run.stderr
    observed: dict[str, Any] = json.loads(run.stdout)
    return observed
