import json
import subprocess
import sys
from pathlib import Path

import pytest
from tools.local.emulator import Emulator, rewind_stream_readers
from tools.local.errors import LocalStackError
from tools.local.workspace import Workspace


def test_says_where_to_look_when_the_emulator_ends_by_itself() -> None:
    with subprocess.Popen([sys.executable, "-c", "raise SystemExit(3)"]) as process:
        emulator = Emulator(process=process, port=1, log=Path("emulator.log"))
        with pytest.raises(LocalStackError, match=r"with status 3: see emulator\.log"):
            emulator.serve()


def test_lets_stream_readers_begin_with_the_records_of_this_run(workspace: Workspace) -> None:
    saved = workspace.data / "services" / "lambda.json"
    saved.parent.mkdir()
    state = {"payload": {"functions": {"data": {"f": 1}}, "dynamodb_stream_positions": {"data": {"reader": 7}}}}
    saved.write_text(json.dumps(state))
    rewind_stream_readers(workspace)
    payload = json.loads(saved.read_text())["payload"]
    assert payload == {"functions": {"data": {"f": 1}}, "dynamodb_stream_positions": {"data": {"reader": 0}}}


def test_has_no_readers_to_rewind_at_the_first_start(workspace: Workspace) -> None:
    rewind_stream_readers(workspace)
    assert list(workspace.data.iterdir()) == []
