"""Check regular expressions with recheck (https://makenowjust-labs.github.io/recheck), a checker for JavaScript.

No checker for Python finds the quadratic patterns that recheck finds: redoctor 0.1.5 reports them as linear, because it
does not consider that a search starts at every character, and its licence forbids commercial use.
"""

import json
import os
import re
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from tests.builders import ROOT
from tests.regexes.collection import Use

INSTALLED = ROOT / ".venv-recheck"
SCRIPT = Path(__file__).parent / "check.mjs"


def check(uses: Sequence[Use]) -> list[dict[str, Any]]:
    """Return the status of each use, `safe` if the time is linear, and how to attack it otherwise."""
    node = shutil.which("node")
    assert node, "Node.js is not installed"
    run = subprocess.run(  # noqa: S603 - our own script
        [node, "--input-type=module", "-e", SCRIPT.read_text()],
        input=json.dumps([in_javascript(each) for each in uses]),
        cwd=INSTALLED,
        env={**os.environ, "RECHECK_BACKEND": "pure"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode == 0, run.stderr
    results: list[dict[str, Any]] = json.loads(run.stdout)
    return results


def in_javascript(use: Use) -> tuple[str, str]:
    """Translate an expression to JavaScript: source and flags. Its function becomes anchors."""
    source, flags = use.expression, use.flags
    if flags & re.VERBOSE:
        source = re.sub(r"(\\.|\[(?:\\.|[^\]\\])*\])|\s+|#.*", lambda found: found[1] or "", source)
    source = re.sub(r"^\(\?[a-z]+\)", "", source).replace("(?P<", "(?<")
    if "(?i:" in source:  # JavaScript ignores the case everywhere or nowhere
        source, flags = source.replace("(?i:", "(?:"), flags | re.IGNORECASE
    if r"\U" in source:
        source = re.sub(r"\\U0*([0-9a-f]+)", r"\\u{\1}", source)
    letters = {"i": flags & re.IGNORECASE, "s": flags & re.DOTALL, "u": r"\u{" in source}
    anchored = {"match": f"^(?:{source})", "fullmatch": f"^(?:{source})$"}.get(use.function, source)
    return anchored, "".join(letter for letter, is_set in letters.items() if is_set)
