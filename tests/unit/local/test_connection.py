import shutil
import subprocess
from pathlib import Path

import pytest
from tools.local.connection import Connection, published, read
from tools.local.errors import LocalStackError

CONNECTION = Connection(
    endpoint="http://127.0.0.1:4570",
    api_key="aik_a-b_c",
    account="local",
    access_key_id="AKIAFAKE",
    secret_access_key="fake/secret+key",
    outputs={"ApiUrl": "http://127.0.0.1:4570/live", "CredentialsFunctionName": "credentials", "TableName": "table"},
)


def test_connection_file_exists_only_while_published(tmp_path: Path) -> None:
    file = tmp_path / "connection.env"
    with published(CONNECTION, file):
        assert file.exists()
    assert list(tmp_path.iterdir()) == []


def test_connection_file_is_deleted_after_an_error(tmp_path: Path) -> None:
    file = tmp_path / "connection.env"
    with pytest.raises(LocalStackError), published(CONNECTION, file):
        raise LocalStackError
    assert not file.exists()


def test_connection_file_is_readable_only_by_its_owner(tmp_path: Path) -> None:
    file = tmp_path / "connection.env"
    with published(CONNECTION, file):
        assert file.stat().st_mode & 0o777 == 0o600


def test_published_replaces_files_of_an_earlier_run(tmp_path: Path) -> None:
    file = tmp_path / "connection.env"
    file.write_text("AI_INTEGRATIONS_URL=http://127.0.0.1:1\n")
    file.with_suffix(".draft").write_text("half")
    with published(CONNECTION, file):
        assert read(file)["AI_INTEGRATIONS_URL"] == CONNECTION.outputs["ApiUrl"]


def test_read_returns_the_same_variables_as_a_shell(tmp_path: Path) -> None:
    file = tmp_path / "connection.env"
    shell, env = (shutil.which(name) or name for name in ("sh", "env"))
    with published(CONNECTION, file):
        script = f"set -a; . {file}; set +a; {env}"
        result = subprocess.run([shell, "-c", script], env={}, text=True, stdout=subprocess.PIPE, check=True)  # noqa: S603
        assert read(file) == CONNECTION.variables()
        assert {f"{name}={value}" for name, value in read(file).items()} <= set(result.stdout.splitlines())


def test_connection_file_has_the_outputs_of_the_stack_by_their_names(tmp_path: Path) -> None:
    with published(CONNECTION, tmp_path / "connection.env"):
        assert CONNECTION.outputs.items() <= read(tmp_path / "connection.env").items()


def test_read_without_a_running_stack_explains_how_to_start_it(tmp_path: Path) -> None:
    with pytest.raises(LocalStackError, match="make local"):
        read(tmp_path / "connection.env")
