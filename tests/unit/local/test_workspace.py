import pytest
from tools.local.errors import LocalStackError
from tools.local.workspace import Workspace


def test_locked_rejects_a_second_command(workspace: Workspace) -> None:
    with workspace.locked(), pytest.raises(LocalStackError, match="stop it first"), workspace.locked():
        pass


def test_locked_can_be_repeated_after_release(workspace: Workspace) -> None:
    for _ in range(2):
        with workspace.locked():
            pass


def test_prepare_keeps_only_data_and_logs(workspace: Workspace) -> None:
    for folder in (workspace.data, workspace.logs, workspace.temporary, workspace.layers):
        (folder / "file").touch()
    workspace.connection.touch()
    workspace.prepare()
    files = {path.relative_to(workspace.folder).as_posix() for path in workspace.folder.rglob("*") if path.is_file()}
    assert files == {"data/file", "logs/file", "lock"}


def test_delete_data_removes_the_data_folder(workspace: Workspace) -> None:
    (workspace.data / "file").touch()
    workspace.delete_data()
    assert not workspace.data.exists()


def test_folder_is_accessible_only_to_its_owner(workspace: Workspace) -> None:
    assert workspace.folder.stat().st_mode & 0o777 == 0o700
