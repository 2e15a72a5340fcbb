"""The lock files: the chosen packages and their dependencies, each with its digests."""

import importlib.metadata
import os
import re
import subprocess
import sys
import tomllib
from pathlib import Path
from zipfile import ZipFile

import pytest
from tools.local.layers import with_dependencies

from tests.builders import ROOT
from tests.stack.clients.releases import ALWAYS

FOLDER = ROOT / "layers" / "dependencies"
DIRECT = re.findall(r"^([\w.-]+)==(\S+)", (FOLDER / "requirements.in").read_text(), re.MULTILINE)
LOCAL = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["optional-dependencies"]["local"]


def pins(text: str) -> list[tuple[str, str]]:
    """List the names and versions of the packages in a text."""
    return re.findall(r"^([\w.-]+)==(\S+)", text, re.MULTILINE)


def locked(file: Path) -> list[tuple[str, str]]:
    """List the names and versions of the packages in a lock file that have digests."""
    digests = r"(?: ;[^\n\\]*)? \\\n(?:    --hash=sha256:[0-9a-f]{64}(?: \\)?\n)+"
    return re.findall(r"^([\w.-]+)==(\S+)" + digests, file.read_text(), re.MULTILINE)


LOCKED = locked(FOLDER / "requirements.txt")
# Each lock file, and the packages that it is for.
LOCKS = {
    FOLDER / "requirements.txt": DIRECT,
    ROOT / "requirements" / "local.txt": pins("\n".join(LOCAL)),
    ROOT / "requirements" / "client.txt": pins((ROOT / "requirements" / "client.in").read_text()),
    ROOT / "requirements" / "sam-cli.txt": pins((ROOT / "requirements" / "sam-cli.in").read_text()),
}


@pytest.mark.parametrize("file", LOCKS, ids=lambda each: each.name)
def test_lock_file_contains_every_direct_dependency(file: Path) -> None:
    """If this fails, run `make lock`."""
    assert LOCKS[file]
    assert set(LOCKS[file]) <= set(locked(file))


def test_local_stack_has_the_packages_of_the_layer() -> None:
    assert set(LOCKED) <= set(locked(ROOT / "requirements" / "local.txt"))


def test_lock_file_of_the_client_is_for_the_release_that_tests_use() -> None:
    assert LOCKS[ROOT / "requirements" / "client.txt"] == [(ALWAYS.package, ALWAYS.version)]


def test_botocore_is_the_version_that_the_emulator_pins() -> None:
    """The tests, the local stack and the layer then have the same SDK."""
    required = importlib.metadata.requires("ministack") or []
    assert f"botocore=={dict(DIRECT)['botocore']}" in required


@pytest.mark.parametrize("file", LOCKS, ids=lambda each: each.name)
def test_lock_file_has_digests_for_every_package(file: Path) -> None:
    assert pins(file.read_text()) == locked(file)


def test_lock_file_contains_exactly_the_required_packages() -> None:
    needed = {name.lower().replace("_", "-") for name in with_dependencies({name for name, _ in DIRECT})}
    assert needed == {name for name, _ in LOCKED}


def test_layer_build_rejects_a_file_without_a_locked_digest(tmp_path: Path) -> None:
    """The build finds a wheel of every locked version, each with a content of its own."""
    for name, version in LOCKED:
        write_wheel(tmp_path, name.replace("-", "_"), version)
    variables = {"PYTHON": sys.executable, "ARTIFACTS_DIR": str(tmp_path / "layer")}
    command = ["make", "build-DependenciesLayer", *(f"{name}={value}" for name, value in variables.items())]
    build = subprocess.run(  # noqa: S603 - the project's Makefile
        command,
        cwd=FOLDER,
        env={
            "PATH": os.environ["PATH"],
            "PIP_NO_INDEX": "1",
            "PIP_FIND_LINKS": str(tmp_path),
            "PIP_CONFIG_FILE": os.devnull,
        },
        capture_output=True,
        text=True,
        check=False,
    )
    assert build.returncode != 0
    assert "DO NOT MATCH THE HASHES" in build.stderr


def write_wheel(folder: Path, name: str, version: str) -> None:
    """Write a wheel that contains only its metadata."""
    info = f"{name}-{version}.dist-info"
    with ZipFile(folder / f"{name}-{version}-py3-none-any.whl", "w") as wheel:
        wheel.writestr(f"{info}/METADATA", f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n")
        wheel.writestr(f"{info}/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
        wheel.writestr(f"{info}/RECORD", "")
