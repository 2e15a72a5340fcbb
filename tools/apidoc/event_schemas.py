"""JSON schemas of the events that the service receives and publishes: one file per detail type in docs/schemas."""

from pathlib import Path
from typing import Any

from pydantic.json_schema import JsonSchemaMode

from ai_integrations.contracts.provisioning_requests import REQUESTS, ProvisioningRequest
from ai_integrations.contracts.published_events import (
    CHANGE_EVENTS,
    CONSUMER_EVENTS,
    KEY_REMINDERS,
    OUTCOMES,
    Event,
    Failed,
    HealthChanged,
    SweepRan,
)
from tools.apidoc import problems
from tools.apidoc.body_schemas import Generator, arrange_properties, complete_schemas
from tools.apidoc.document import ROOT, to_text

SCHEMA_FOLDER = ROOT / "docs" / "schemas"
EventModel = type[ProvisioningRequest] | type[Event]
EVENT_MODELS: tuple[EventModel, ...] = (
    *REQUESTS.values(),
    *CHANGE_EVENTS,
    *OUTCOMES,
    HealthChanged,
    SweepRan,
    *CONSUMER_EVENTS,
    *KEY_REMINDERS,
)


def build_schemas() -> dict[str, dict[str, Any]]:
    """Build all schemas, by file name."""
    return {file_name(model.detail_type): _schema(model) for model in EVENT_MODELS}


def file_name(detail_type: str) -> str:
    """Name the schema file of a detail type, such as `ai-integration-created.json`."""
    return f"{detail_type.lower().replace(' ', '-')}.json"


def outdated_files(folder: Path) -> list[str]:
    """List the files that are missing from the folder, differ from the code, or have no event."""
    expected = {name: to_text(schema) for name, schema in build_schemas().items()}
    found = {file.name: file.read_text() for file in folder.glob("*.json")}
    return sorted(name for name in expected | found if expected.get(name) != found.get(name))


def _schema(model: EventModel) -> dict[str, Any]:
    mode: JsonSchemaMode = "validation" if issubclass(model, ProvisioningRequest) else "serialization"
    schema = arrange_properties(model.model_json_schema(mode=mode, schema_generator=Generator))
    if issubclass(model, Failed):
        schema["properties"]["problem"] = problems.SCHEMA
    parts = {"$defs": complete_schemas(schema.pop("$defs"))} if "$defs" in schema else {}
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": f"Detail of {model.detail_type}",
        **schema,
        **parts,
    }
