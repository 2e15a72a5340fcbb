"""The service answers whatever fits its OpenAPI document, and whatever does not, as the document says.

`make test` tries some 1,000 cases; SCHEMATHESIS_CASES asks for more, SCHEMATHESIS_SEED for those of an earlier run.
"""

import os
from pathlib import Path

from tests.builders import ROOT

DOCUMENT = ROOT / "layers/shared/ai_integrations/http/openapi.json"
SETTINGS = Path(__file__).parent / "schemathesis"
PROGRAM = ROOT / ".venv-schemathesis/bin/schemathesis"
CASES = int(os.environ.get("SCHEMATHESIS_CASES", "1000"))
SEED = os.environ.get("SCHEMATHESIS_SEED", "1")
SECONDS = 3600
