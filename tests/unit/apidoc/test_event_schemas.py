"""The JSON schemas of events: `make schemas` writes them, and `make lint` checks them."""

import json
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator  # type: ignore[import-untyped]
from tools.apidoc.__main__ import check_schemas, write_schemas
from tools.apidoc.event_schemas import SCHEMA_FOLDER, build_schemas, file_name

from ai_integrations.contracts.provisioning_requests import REQUESTS
from ai_integrations.contracts.published_events import CHANGE_EVENTS, OUTCOMES


def test_check_schemas_passes_for_the_committed_files() -> None:
    check_schemas(SCHEMA_FOLDER)


def test_build_schemas_covers_every_request_change_and_outcome() -> None:
    detail_types = [*REQUESTS, *(each.detail_type for each in (*CHANGE_EVENTS, *OUTCOMES))]
    assert {file_name(detail_type) for detail_type in detail_types} <= build_schemas().keys()


@pytest.mark.parametrize("name", build_schemas())
def test_build_schemas_returns_valid_json_schemas(name: str) -> None:
    Draft202012Validator.check_schema(build_schemas()[name])


@pytest.mark.parametrize("name", build_schemas())
def test_request_schemas_forbid_and_event_schemas_allow_extra_fields(name: str) -> None:
    """Published events may gain fields, so a consumer's validation must accept them."""
    assert (build_schemas()[name].get("additionalProperties") is False) is name.endswith("-requested.json")


def test_event_schemas_never_have_an_api_key_field() -> None:
    assert '"api_key":' not in json.dumps(build_schemas())


@pytest.mark.parametrize("change", ["modified", "missing", "surplus"])
def test_check_schemas_names_the_command_if_a_file_is_outdated(tmp_path: Path, change: str) -> None:
    write_schemas(tmp_path)
    check_schemas(tmp_path)
    file = tmp_path / "ai-integration-created.json"
    if change == "missing":
        file.unlink()
    else:
        (tmp_path / "ai-integration-surplus.json" if change == "surplus" else file).write_text("{}")
    with pytest.raises(SystemExit, match=r"make schemas"):
        check_schemas(tmp_path)
    write_schemas(tmp_path)
    check_schemas(tmp_path)
