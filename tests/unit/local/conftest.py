from pathlib import Path

import pytest
from tools.local.workspace import Workspace


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    workspace = Workspace(folder=tmp_path / "state")
    with workspace.locked():
        workspace.prepare()
    return workspace
