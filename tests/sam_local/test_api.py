"""`sam local start-api` serves the whole API to the official client."""

import os
import subprocess
import urllib.error
import urllib.request

import pytest

from tests.builders import ROOT
from tests.sam_local.conftest import SamCli
from tests.stack.clients.releases import ALWAYS


def test_start_api_serves_the_official_client_and_rejects_requests_without_a_key(sam: SamCli) -> None:
    ALWAYS.install()
    key = sam.stack.issue_key(account="sam-local")
    with sam.start_api() as url:
        settings = {"AI_INTEGRATIONS_URL": url, "AI_INTEGRATIONS_API_KEY": key}
        command = [ALWAYS.folder / "bin/python", ROOT / "tests/smoke/lifecycle.py"]
        smoke_test = subprocess.run(  # noqa: S603 our own program
            command, env={**os.environ, **settings}, text=True, capture_output=True, check=False
        )
        assert smoke_test.returncode == 0, smoke_test.stdout + smoke_test.stderr
        with pytest.raises(urllib.error.HTTPError, match="401"):
            urllib.request.urlopen(f"{url}/v2/ai-integrations", timeout=60)  # noqa: S310 a port of this machine
