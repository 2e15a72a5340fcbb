"""What runs in Lambda is what was chosen and what that needs, each file of it known by its digest."""

import importlib.metadata
import re

from tools.local.layers import _with_requirements

from tests.builders import ROOT

FOLDER = ROOT / "layers" / "dependencies"
CHOSEN = re.findall(r"^([\w.-]+)==(\S+)", (FOLDER / "requirements.in").read_text(), re.MULTILINE)
LOCK = (FOLDER / "requirements.txt").read_text()
LOCKED = re.findall(r"^([\w.-]+)==(\S+) \\\n(?:    --hash=sha256:[0-9a-f]{64}(?: \\)?\n)+", LOCK, re.MULTILINE)


def test_locks_what_was_chosen() -> None:
    """Otherwise: make lock."""
    assert set(CHOSEN) <= set(LOCKED)


def test_botocore_is_the_version_that_the_emulator_pins() -> None:
    """The tests, the local stack and the layer then have the same SDK."""
    pins = importlib.metadata.requires("ministack") or []
    assert f"botocore=={dict(CHOSEN)['botocore']}" in pins


def test_knows_every_file_by_its_digest() -> None:
    pins = re.findall(r"^[\w.-]+==", LOCK, re.MULTILINE)
    assert len(pins) == len(LOCKED)


def test_locks_all_that_is_needed_and_no_more() -> None:
    needed = {name.lower().replace("_", "-") for name in _with_requirements({name for name, _ in CHOSEN})}
    assert needed == {name for name, _ in LOCKED}
