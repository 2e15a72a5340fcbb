"""The JSON schemas of what comes from the bus and goes to it: one file for each detail type, in docs/schemas."""

from pathlib import Path
from typing import Any

from pydantic.json_schema import JsonSchemaMode

from ai_integrations.contracts.provisioning_requests import REQUESTS, Request
from ai_integrations.contracts.published_events import CHANGE_EVENTS, OUTCOMES, Event, Failed, HealthChanged, SweepRan
from tools.apidoc import problems
from tools.apidoc.document import ROOT, text
from tools.apidoc.schemas import Generator, completed, readable

SCHEMAS = ROOT / "docs" / "schemas"
Message = type[Request] | type[Event]
MESSAGES: tuple[Message, ...] = (*REQUESTS.values(), *CHANGE_EVENTS, *OUTCOMES, HealthChanged, SweepRan)


def documents() -> dict[str, dict[str, Any]]:
    """Return the schemas by the names of their files."""
    return {file_name(message.detail_type): _schema(message) for message in MESSAGES}


def file_name(detail_type: str) -> str:
    """Return where the schema of a detail type is."""
    return f"{detail_type.lower().replace(' ', '-')}.json"


def differences(committed: Path) -> list[str]:
    """Name the files of a folder that are not what the code says, that are missing, and that are too many."""
    expected = {name: text(schema) for name, schema in documents().items()}
    found = {file.name: file.read_text() for file in committed.glob("*.json")}
    return sorted(name for name in expected | found if expected.get(name) != found.get(name))


def _schema(message: Message) -> dict[str, Any]:
    mode: JsonSchemaMode = "validation" if issubclass(message, Request) else "serialization"
    schema = readable(message.model_json_schema(mode=mode, schema_generator=Generator))
    if issubclass(message, Failed):
        schema["properties"]["problem"] = problems.SCHEMA
    parts = {"$defs": completed(schema.pop("$defs"))} if "$defs" in schema else {}
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": f"Detail of {message.detail_type}",
        **schema,
        **parts,
    }
