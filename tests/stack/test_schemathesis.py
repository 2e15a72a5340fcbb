"""Requests generated from the OpenAPI document, valid and invalid ones, get the responses that it describes.

`make test` runs about 1,000 cases, the same each time. SCHEMATHESIS_CASES raises the number and makes them random;
SCHEMATHESIS_SEED reproduces an earlier run.
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
EXAMPLES_PER_OPERATION = max(20, CASES // 12)
TIMEOUT_SECONDS = 1800


def test_generated_requests_return_the_responses_of_the_openapi_document(stack: Stack, tmp_path: Path) -> None:
    assert PROGRAM.exists(), "schemathesis is not installed: make .venv-schemathesis/installed"
    callers = tmp_path / "callers.json"
    callers.write_text(json.dumps({"auth": [wfc_admin(stack, account) for account in ("ours", "theirs")]}))
    run = subprocess.run(  # noqa: S603 our own command
        [
            *(PROGRAM, "--config-file", SETTINGS / "schemathesis.toml"),
            *("run", DOCUMENT, "--url", stack.url, "--max-examples", str(EXAMPLES_PER_OPERATION)),
            *(("--seed", SEED) if SEED else ()),
        ],
        cwd=tmp_path,
        env={"PATH": os.environ["PATH"], "HOME": str(tmp_path), "PYTHONPATH": str(SETTINGS), "CALLERS": str(callers)},
        capture_output=True,
        text=True,
        timeout=TIMEOUT_SECONDS,
        check=False,
    )
    print(run.stdout)
    assert run.returncode == 0, run.stdout + run.stderr
    [generated] = re.findall(r"(\d+) generated, \1 passed", run.stdout)
    assert int(generated) >= CASES


def wfc_admin(stack: Stack, account: str) -> dict[str, object]:
    """Issue the key of an admin, in the format of Web Fuzzing Commons (WFC)."""
    key = stack.issue_key(account=account)
    return {"name": account, "fixedHeaders": [{"name": "Authorization", "value": f"Bearer {key}"}]}
