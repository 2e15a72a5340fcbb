import io
import zipfile
from pathlib import Path

from tools.local.packages import bootstrap, package


def a_bootstrap(folder: Path) -> str:
    return bootstrap(
        function="it's",
        runtime="python3.13",
        search_path=[folder / "with space", folder],
        log=folder / "it.log",
        emulator_settings=["STATE_DIR"],
    )


def test_package_contains_the_files_of_the_function_and_the_bootstrap(tmp_path: Path) -> None:
    (tmp_path / "handler.py").write_text("x = 1\n")
    (tmp_path / "__pycache__").mkdir()
    (tmp_path / "__pycache__" / "handler.pyc").write_bytes(b"")
    archive = zipfile.ZipFile(io.BytesIO(package(tmp_path, "#!/bin/sh\n")))
    assert archive.namelist() == ["bootstrap", "handler.py"]
    assert archive.read("bootstrap") == b"#!/bin/sh\n"


def test_package_of_equal_files_is_byte_identical(tmp_path: Path) -> None:
    file = tmp_path / "handler.py"
    file.write_text("x = 1\n")
    first = package(tmp_path, "")
    file.touch()
    assert package(tmp_path, "") == first


def test_bootstrap_quotes_values_for_the_shell(tmp_path: Path) -> None:
    script = a_bootstrap(tmp_path)
    assert f"PYTHONPATH='{tmp_path / 'with space'}:{tmp_path}'" in script
    assert "AWS_SDK_UA_APP_ID='it'\"'\"'s'" in script
