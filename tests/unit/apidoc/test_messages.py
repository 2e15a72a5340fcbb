"""`make schemas`, and what `make lint` says when it was forgotten."""

import json
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator  # type: ignore[import-untyped]
from tools.apidoc.__main__ import check_schemas, write_schemas
from tools.apidoc.messages import SCHEMAS, documents, file_name

from ai_integrations.contracts.provisioning_requests import REQUESTS
from ai_integrations.contracts.published_events import CHANGE_EVENTS, OUTCOMES


def test_has_the_schemas_of_the_code_in_the_documentation() -> None:
    check_schemas(SCHEMAS)


def test_has_a_schema_of_every_message() -> None:
    messages = [*REQUESTS, *(each.detail_type for each in (*CHANGE_EVENTS, *OUTCOMES))]
    assert {file_name(message) for message in messages} <= documents().keys()


@pytest.mark.parametrize("name", documents())
def test_writes_valid_schemas(name: str) -> None:
    Draft202012Validator.check_schema(documents()[name])


@pytest.mark.parametrize("name", documents())
def test_closes_what_it_takes_and_leaves_open_what_may_grow(name: str) -> None:
    """A consumer that follows the schema goes on when an event says more one day."""
    assert (documents()[name].get("additionalProperties") is False) is name.endswith("-requested.json")


def test_knows_no_key_in_any_message() -> None:
    assert '"api_key":' not in json.dumps(documents())


@pytest.mark.parametrize("change", ["changed", "missing", "too many"])
def test_says_how_to_mend_schemas_that_are_behind(tmp_path: Path, change: str) -> None:
    write_schemas(tmp_path)
    check_schemas(tmp_path)
    file = tmp_path / "ai-integration-created.json"
    if change == "missing":
        file.unlink()
    else:
        (tmp_path / "ai-integration-lost.json" if change == "too many" else file).write_text("{}")
    with pytest.raises(SystemExit, match=r"make schemas"):
        check_schemas(tmp_path)
    write_schemas(tmp_path)
    check_schemas(tmp_path)
