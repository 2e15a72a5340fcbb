"""The lock file of the dependencies layer: the chosen packages and their dependencies, each with its digests."""

import importlib.metadata
import re

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
