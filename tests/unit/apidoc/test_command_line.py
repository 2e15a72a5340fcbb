"""`make openapi`, `make openapi-release` and the check in `make lint`."""

import json
from pathlib import Path

import pytest
from tools.apidoc.__main__ import BASELINE, SERVED, check, release, write


def test_check_passes_for_the_committed_document() -> None:
    check(SERVED, BASELINE)


def test_check_names_the_command_if_the_document_is_outdated(tmp_path: Path) -> None:
    outdated = tmp_path / "openapi.json"
    outdated.write_text("{}")
    with pytest.raises(SystemExit, match=r"make openapi"):
        check(outdated, BASELINE)


def test_check_passes_after_write_and_release(tmp_path: Path) -> None:
    served, baseline = tmp_path / "openapi.json", tmp_path / "baseline.json"
    write(served)
    release(served, baseline)
    check(served, baseline)


def test_check_lists_changes_that_break_the_baseline(tmp_path: Path) -> None:
    document = json.loads(BASELINE.read_text())
    document["paths"]["/v2/teams"] = {"get": {"responses": {}}}
    baseline = tmp_path / "baseline.json"
    baseline.write_text(json.dumps(document))
    with pytest.raises(SystemExit, match="GET /v2/teams: the operation was removed"):
        check(SERVED, baseline)
