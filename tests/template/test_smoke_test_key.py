"""`.github/issue-smoke-test-key`: how the access key of the smoke test gets from one job to the other."""

import json
import os
import subprocess
from datetime import UTC, datetime, timedelta
from pathlib import Path

from tests.builders import ROOT

KEY = "aik_fake-key-of-the-smoke-test"
# Stands in for the AWS CLI. Records each call, and the file that it names by file://.
AWS = """#!/usr/bin/env python3
import json, pathlib, sys
folder, arguments = pathlib.Path(__file__).parent, sys.argv[1:]
value = arguments[-1].removeprefix("file://") if "put-parameter" in arguments else ""
with (folder / "calls").open("a") as calls:
    print(json.dumps({"arguments": arguments, "file": pathlib.Path(value).read_text() if value else ""}), file=calls)
if "invoke" in arguments:
    pathlib.Path(arguments[-1]).write_text(json.dumps({"id": "ak_1", "access_key": "%s"}))
if "describe-stacks" in arguments:
    print("https://api.example.com/live" if "ApiUrl" in arguments[-1] else "access-keys")
"""


def test_key_is_stored_encrypted_and_only_the_url_is_an_output(tmp_path: Path) -> None:
    (tmp_path / "aws").write_text(AWS % KEY)
    (tmp_path / "aws").chmod(0o755)
    before = datetime.now(UTC)
    run = subprocess.run(  # noqa: S603 - the project's script
        [str(ROOT / ".github" / "issue-smoke-test-key")],
        env={
            "PATH": f"{tmp_path}{os.pathsep}{os.environ['PATH']}",
            "STACK": "stack",
            "GITHUB_OUTPUT": str(tmp_path / "output"),
        },
        capture_output=True,
        text=True,
        check=True,
    )
    calls = [json.loads(line) for line in (tmp_path / "calls").read_text().splitlines()]
    [invoked] = [each["arguments"] for each in calls if "invoke" in each["arguments"]]
    [stored] = [each for each in calls if "put-parameter" in each["arguments"]]
    issued = json.loads(invoked[invoked.index("--payload") + 1])
    assert (issued["action"], issued["account"]) == ("issue", "smoke-test")
    assert datetime.fromisoformat(issued["expires_at"]) <= before + timedelta(minutes=16)
    assert stored["file"] == KEY
    assert stored["arguments"][2:6] == ["--name", "/stack/smoke-test-key", "--type", "SecureString"]
    assert not [each for each in calls if KEY in str(each["arguments"])]
    assert (tmp_path / "output").read_text() == "url=https://api.example.com/live\n"
    assert run.stdout == f"::add-mask::{KEY}\n"
