"""The events of events/ for the event-driven functions, and the samples of published events."""

import json
from typing import Any

import pytest
from jsonschema import Draft202012Validator  # type: ignore[import-untyped]
from tools.apidoc.event_schemas import SCHEMA_FOLDER, file_name

from ai_integrations.adapters.dynamodb import items
from ai_integrations.adapters.dynamodb.attributes import to_wire
from ai_integrations.contracts.published_events import SOURCE
from tests.builders import API_KEY, EVENTS, a_source, an_event, an_integration, the_stacks
from tests.cloud import Cloud
from tests.event_subscriber import Subscriber
from tests.events.expected_outcomes import CUSTOM_RESOURCE, PROVISION, PUBLISH
from tests.messaging import DeadLetters, bus
from tests.response_bucket import SIGNATURE, Bucket, bucket

__all__ = ["bucket", "bus"]

PUBLISHED_SAMPLES = {each.stem: json.loads(each.read_text()) for each in (EVENTS / "bus").glob("*.json")}


def request_of(name: str) -> dict[str, Any]:
    """Read the request event in a message of the queue."""
    [record] = an_event(name)["Records"]
    envelope: dict[str, Any] = json.loads(record["body"])
    return envelope


def sample(detail_type: str) -> dict[str, Any]:
    event: dict[str, Any] = PUBLISHED_SAMPLES[detail_type.lower().replace(" ", "_")]
    return event


def violations(envelope: dict[str, Any]) -> list[str]:
    """Validate the detail of an event against its schema, and list the paths of the errors."""
    schema = json.loads((SCHEMA_FOLDER / file_name(envelope["detail-type"])).read_text())
    validator = Draft202012Validator(schema, format_checker=Draft202012Validator.FORMAT_CHECKER)
    return [error.json_path for error in validator.iter_errors(envelope["detail"])]


def store_integration(cloud: Cloud) -> None:
    """Store the integration that the update and delete events refer to."""
    cloud.dynamodb.put_item(TableName=cloud.table, Item=to_wire(items.integration_item(an_integration())))
    cloud.dynamodb.put_item(TableName=cloud.table, Item=to_wire(*items.name_items(an_integration())))


def with_existing_secret(cloud: Cloud, event: dict[str, Any]) -> dict[str, Any]:
    """Replace the secret ARN in an event by that of an existing secret."""
    tags: Any = [{"Key": "ai-integrations:account", "Value": "acme"}]
    arn = cloud.secrets_manager.create_secret(Name="platform/openai", SecretString=API_KEY, Tags=tags)["ARN"]
    detail = request_of("provision_create_by_reference")["detail"]
    replaced: dict[str, Any] = json.loads(json.dumps(event).replace(detail["integration"]["api_key_secret_arn"], arn))
    return replaced


@pytest.mark.parametrize("name", PROVISION)
def test_provision_publishes_the_outcome_of_a_request(cloud: Cloud, bus: Subscriber, name: str) -> None:
    outcome, pointers = PROVISION[name]
    event = with_existing_secret(cloud, an_event(name))
    cloud.register(a_source())
    if name in {"provision_update", "provision_delete"}:
        store_integration(cloud)
    assert cloud.function("provision")(event) == {"batchItemFailures": []}
    [published] = bus.receive()
    assert published.detail_type == f"AI Integration {outcome}"
    assert [each["pointer"] for each in published.detail.get("problem", {}).get("errors", ())] == pointers


@pytest.mark.parametrize("name", PROVISION)
def test_request_schema_accepts_exactly_the_valid_requests(name: str) -> None:
    _, pointers = PROVISION[name]
    assert bool(violations(request_of(name))) is bool(pointers)


@pytest.mark.parametrize(("name", "detail_type"), PUBLISH.items())
def test_publish_changes_publishes_the_sample_event(cloud: Cloud, bus: Subscriber, name: str, detail_type: str) -> None:
    assert cloud.function("publish_changes")(an_event(name)) == {"batchItemFailures": []}
    [published] = bus.receive()
    assert published.detail_type == detail_type
    assert published.detail == sample(detail_type)["detail"]


def test_publish_changes_dead_letters_an_unreadable_record(cloud: Cloud) -> None:
    event = an_event("publish_changes_unreadable")
    number = event["Records"][0]["dynamodb"]["SequenceNumber"]
    dead_letters = DeadLetters(cloud, "publish_changes")
    assert cloud.function("publish_changes")(event) == {"batchItemFailures": []}
    assert f'"startSequenceNumber": "{number}"' in dead_letters.receive()[0]


@pytest.mark.parametrize(("name", "status"), CUSTOM_RESOURCE.items())
def test_custom_resource_sends_its_status_to_cloudformation(
    cloud: Cloud, bucket: Bucket, name: str, status: str
) -> None:
    cloud.keys.add(SIGNATURE)
    cloud.register(the_stacks())
    store_integration(cloud)
    event = {**an_event(name), "ResponseURL": bucket.url}
    if name == "custom_resource_create":
        event["ResourceProperties"]["Account"] = "other"  # in which the name is not taken
        cloud.register(the_stacks(account="other"))
    cloud.function("custom_resource")(event)
    assert [response["Status"] for response in bucket.responses()] == [status]


@pytest.mark.parametrize("name", PUBLISHED_SAMPLES)
def test_published_sample_conforms_to_its_schema(name: str) -> None:
    assert violations(PUBLISHED_SAMPLES[name]) == []
    assert PUBLISHED_SAMPLES[name]["source"] == SOURCE


def test_every_schema_has_a_sample() -> None:
    schemas = {file.stem.replace("-", "_") for file in SCHEMA_FOLDER.glob("*.json")}
    assert {name for name in schemas if not name.endswith("_requested")} == set(PUBLISHED_SAMPLES)
    requested = {file_name(request_of(name)["detail-type"]) for name in PROVISION}
    assert requested == {file.name for file in SCHEMA_FOLDER.glob("*-requested.json")}
