import pytest
from tools.local.errors import LocalStackError
from tools.local.workspace import Workspace


def test_belongs_to_one_command_at_a_time(workspace: Workspace) -> None:
    with workspace.held(), pytest.raises(LocalStackError, match="stop it first"), workspace.held():
        pass


def test_is_free_again_afterwards(workspace: Workspace) -> None:
    for _ in range(2):
        with workspace.held():
            pass


def test_keeps_data_and_logs_from_one_start_to_the_next_and_nothing_else(workspace: Workspace) -> None:
    for folder in (workspace.data, workspace.logs, workspace.temporary, workspace.layers):
        (folder / "file").touch()
    workspace.connection.touch()
    workspace.prepare()
    files = {path.relative_to(workspace.folder).as_posix() for path in workspace.folder.rglob("*") if path.is_file()}
    assert files == {"data/file", "logs/file", "lock"}


def test_can_be_emptied(workspace: Workspace) -> None:
    (workspace.data / "file").touch()
    workspace.empty()
    assert not workspace.data.exists()


def test_is_for_its_owner_alone(workspace: Workspace) -> None:
    assert workspace.folder.stat().st_mode & 0o777 == 0o700
