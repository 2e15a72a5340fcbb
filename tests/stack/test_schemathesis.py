"""The service answers whatever fits its OpenAPI document, and whatever does not, as the document says.

`make test` tries about 1,000 cases. SCHEMATHESIS_CASES asks for more, which are others each time unless
SCHEMATHESIS_SEED says of which run.
"""

import json
import os
import re
import subprocess
from pathlib import Path

from tests.builders import ROOT
from tests.stack.conftest import Stack

DOCUMENT = ROOT / "layers/shared/ai_integrations/http/openapi.json"
SETTINGS = Path(__file__).parent / "schemathesis"
PROGRAM = ROOT / ".venv-schemathesis/bin/schemathesis"
CASES = int(os.environ.get("SCHEMATHESIS_CASES", "500"))
SEED = os.environ.get("SCHEMATHESIS_SEED", "1" if CASES <= 500 else "")
EXAMPLES_OF_EACH_OPERATION = max(20, CASES // 12)
SECONDS = 1800


def test_answers_as_its_document_says(stack: Stack, tmp_path: Path) -> None:
    assert PROGRAM.exists(), "schemathesis is not installed: make .venv-schemathesis/installed"
    callers = tmp_path / "callers.json"
    callers.write_text(json.dumps({"auth": [an_admin(stack, account) for account in ("ours", "theirs")]}))
    run = subprocess.run(  # noqa: S603 our own command
        [
            *(PROGRAM, "--config-file", SETTINGS / "schemathesis.toml"),
            *("run", DOCUMENT, "--url", stack.url, "--max-examples", str(EXAMPLES_OF_EACH_OPERATION)),
            *(("--seed", SEED) if SEED else ()),
        ],
        cwd=tmp_path,
        env={"PATH": os.environ["PATH"], "HOME": str(tmp_path), "PYTHONPATH": str(SETTINGS), "CALLERS": str(callers)},
        capture_output=True,
        text=True,
        timeout=SECONDS,
        check=False,
    )
    print(run.stdout)
    assert run.returncode == 0, run.stdout + run.stderr
    [generated] = re.findall(r"(\d+) generated, \1 passed", run.stdout)
    assert int(generated) >= CASES


def an_admin(stack: Stack, account: str) -> dict[str, object]:
    """Return an admin of an account in the form of Web Fuzzing Commons."""
    key = stack.issue_key(account=account)
    return {"name": account, "fixedHeaders": [{"name": "Authorization", "value": f"Bearer {key}"}]}
