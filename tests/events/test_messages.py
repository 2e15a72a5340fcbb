"""Every message of events/ through its function: from the bus, the stream and CloudFormation, and what goes out."""

import json
from typing import Any

import pytest
from jsonschema import Draft202012Validator  # type: ignore[import-untyped]
from tools.apidoc.event_schemas import SCHEMA_FOLDER, file_name

from ai_integrations.adapters.dynamodb import items
from ai_integrations.adapters.dynamodb.attributes import to_wire
from ai_integrations.contracts.published_events import SOURCE
from tests.builders import API_KEY, EVENTS, an_event, an_integration
from tests.cloud import Cloud
from tests.event_subscriber import Subscriber
from tests.events.names import CUSTOM_RESOURCE, PROVISION, PUBLISH
from tests.messaging import bus
from tests.response_bucket import SIGNATURE, Bucket, bucket

__all__ = ["bucket", "bus"]

SENT = {each.stem: json.loads(each.read_text()) for each in (EVENTS / "bus").glob("*.json")}


def asked(name: str) -> dict[str, Any]:
    """Return the event in a message of the queue."""
    [record] = an_event(name)["Records"]
    envelope: dict[str, Any] = json.loads(record["body"])
    return envelope


def sample(detail_type: str) -> dict[str, Any]:
    event: dict[str, Any] = SENT[detail_type.lower().replace(" ", "_")]
    return event


def violations(envelope: dict[str, Any]) -> list[str]:
    """Return where a message does not follow the schema of its detail."""
    schema = json.loads((SCHEMA_FOLDER / file_name(envelope["detail-type"])).read_text())
    validator = Draft202012Validator(schema, format_checker=Draft202012Validator.FORMAT_CHECKER)
    return [error.json_path for error in validator.iter_errors(envelope["detail"])]


def keep_one(cloud: Cloud) -> None:
    """Keep the integration that the samples of changes, deletions and updates name."""
    cloud.dynamodb.put_item(TableName=cloud.table, Item=to_wire(items.integration_item(an_integration())))
    cloud.dynamodb.put_item(TableName=cloud.table, Item=to_wire(items.name_item(an_integration())))


def with_their_secret(cloud: Cloud, event: dict[str, Any]) -> dict[str, Any]:
    """Return the event with the ARN of a secret that is there."""
    tags: Any = [{"Key": "ai-integrations:account", "Value": "acme"}]
    made = cloud.secrets_manager.create_secret(Name="platform/openai", SecretString=API_KEY, Tags=tags)["ARN"]
    detail = asked("provision_create_by_reference")["detail"]
    text: dict[str, Any] = json.loads(json.dumps(event).replace(detail["integration"]["api_key_secret_arn"], made))
    return text


@pytest.mark.parametrize("name", PROVISION)
def test_carries_out_a_request(cloud: Cloud, bus: Subscriber, name: str) -> None:
    outcome, pointers = PROVISION[name]
    event = with_their_secret(cloud, an_event(name))
    if name in {"provision_update", "provision_delete"}:
        keep_one(cloud)
    assert cloud.function("provision")(event) == {"batchItemFailures": []}
    [told] = bus.receive()
    assert told.detail_type == f"AI Integration {outcome}"
    assert [each["pointer"] for each in told.detail.get("problem", {}).get("errors", ())] == pointers


@pytest.mark.parametrize("name", PROVISION)
def test_follows_the_schema_of_a_request_or_is_refused(name: str) -> None:
    _, pointers = PROVISION[name]
    assert bool(violations(asked(name))) is bool(pointers)


@pytest.mark.parametrize(("name", "detail_type"), PUBLISH.items())
def test_publishes_a_change_as_the_sample_shows(cloud: Cloud, bus: Subscriber, name: str, detail_type: str) -> None:
    assert cloud.function("publish_changes")(an_event(name)) == {"batchItemFailures": []}
    [told] = bus.receive()
    assert told.detail_type == detail_type
    assert told.detail == sample(detail_type)["detail"]


def test_gives_back_a_record_that_it_can_not_read(cloud: Cloud) -> None:
    event = an_event("publish_changes_unreadable")
    number = event["Records"][0]["dynamodb"]["SequenceNumber"]
    assert cloud.function("publish_changes")(event) == {"batchItemFailures": [{"itemIdentifier": number}]}


@pytest.mark.parametrize(("name", "status"), CUSTOM_RESOURCE.items())
def test_answers_cloudformation(cloud: Cloud, bucket: Bucket, name: str, status: str) -> None:
    cloud.keys.add(SIGNATURE)
    keep_one(cloud)
    event = {**an_event(name), "ResponseURL": bucket.url}
    if name == "custom_resource_create":
        event["ResourceProperties"]["Account"] = "another"  # where the name is free
    cloud.function("custom_resource")(event)
    assert [answer["Status"] for answer in bucket.responses()] == [status]


@pytest.mark.parametrize("name", SENT)
def test_follows_the_schema_of_what_goes_out(name: str) -> None:
    assert violations(SENT[name]) == []
    assert SENT[name]["source"] == SOURCE


def test_has_a_sample_of_every_message() -> None:
    schemas = {file.stem.replace("-", "_") for file in SCHEMA_FOLDER.glob("*.json")}
    assert {name for name in schemas if not name.endswith("_requested")} == set(SENT)
    requested = {file_name(asked(name)["detail-type"]) for name in PROVISION}
    assert requested == {file.name for file in SCHEMA_FOLDER.glob("*-requested.json")}
