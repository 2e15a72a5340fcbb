import json
import subprocess
import sys
from pathlib import Path

import pytest
from tools.local.emulator import Emulator, rewind_stream_readers
from tools.local.errors import LocalStackError
from tools.local.workspace import Workspace


def test_serve_names_the_log_if_the_emulator_ends() -> None:
    with subprocess.Popen([sys.executable, "-c", "raise SystemExit(3)"]) as process:
        emulator = Emulator(process=process, port=1, log=Path("emulator.log"))
        with pytest.raises(LocalStackError, match=r"with status 3: see emulator\.log"):
            emulator.serve()


def test_rewind_stream_readers_resets_saved_positions(workspace: Workspace) -> None:
    saved = workspace.data / "services" / "lambda.json"
    saved.parent.mkdir()
    state = {"payload": {"functions": {"data": {"f": 1}}, "dynamodb_stream_positions": {"data": {"reader": 7}}}}
    saved.write_text(json.dumps(state))
    rewind_stream_readers(workspace)
    payload = json.loads(saved.read_text())["payload"]
    assert payload == {"functions": {"data": {"f": 1}}, "dynamodb_stream_positions": {"data": {"reader": 0}}}


def test_rewind_stream_readers_without_saved_state_does_nothing(workspace: Workspace) -> None:
    rewind_stream_readers(workspace)
    assert list(workspace.data.iterdir()) == []
