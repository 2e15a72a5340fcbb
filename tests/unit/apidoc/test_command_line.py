"""`make openapi`, and what `make lint` says when it was forgotten."""

import json
from pathlib import Path

import pytest
from tools.apidoc.__main__ import RELEASED, SERVED, check, release, write


def test_serves_the_document_of_the_code_and_breaks_nobody() -> None:
    check(SERVED, RELEASED)


def test_says_how_to_mend_a_copy_that_is_behind(tmp_path: Path) -> None:
    behind = tmp_path / "openapi.json"
    behind.write_text("{}")
    with pytest.raises(SystemExit, match=r"make openapi"):
        check(behind, RELEASED)


def test_writes_and_releases_what_passes_its_check(tmp_path: Path) -> None:
    served, released = tmp_path / "openapi.json", tmp_path / "released.json"
    write(served)
    release(served, released)
    check(served, released)


def test_names_what_breaks_the_last_release(tmp_path: Path) -> None:
    former = json.loads(RELEASED.read_text())
    former["paths"]["/v2/teams"] = {"get": {"responses": {}}}
    released = tmp_path / "released.json"
    released.write_text(json.dumps(former))
    with pytest.raises(SystemExit, match="GET /v2/teams: the operation is gone"):
        check(SERVED, released)
