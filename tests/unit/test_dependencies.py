"""The lock file of the dependencies layer: the chosen packages and their dependencies, each with its digests."""

import importlib.metadata
import os
import re
import subprocess
import sys
from pathlib import Path
from zipfile import ZipFile

from tools.local.layers import with_dependencies

from tests.builders import ROOT

FOLDER = ROOT / "layers" / "dependencies"
DIRECT = re.findall(r"^([\w.-]+)==(\S+)", (FOLDER / "requirements.in").read_text(), re.MULTILINE)
LOCK = (FOLDER / "requirements.txt").read_text()
LOCKED = re.findall(r"^([\w.-]+)==(\S+) \\\n(?:    --hash=sha256:[0-9a-f]{64}(?: \\)?\n)+", LOCK, re.MULTILINE)


def test_lock_file_contains_every_direct_dependency() -> None:
    """If this fails, run `make lock`."""
    assert set(DIRECT) <= set(LOCKED)


def test_botocore_is_the_version_that_the_emulator_pins() -> None:
    """The tests, the local stack and the layer then have the same SDK."""
    pins = importlib.metadata.requires("ministack") or []
    assert f"botocore=={dict(DIRECT)['botocore']}" in pins


def test_lock_file_has_digests_for_every_package() -> None:
    pins = re.findall(r"^[\w.-]+==", LOCK, re.MULTILINE)
    assert len(pins) == len(LOCKED)


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
