"""The table of docs/sam-local.md has every event, and the responses of the functions."""

import json
from collections import Counter
from typing import Any

import pytest

from tests import sam_template
from tests.builders import EVENTS, an_event
from tests.cloud import Cloud
from tests.event_subscriber import Subscriber
from tests.events.table import Row, contains, rows
from tests.messaging import DeadLetters, bus
from tests.response_bucket import SIGNATURE, Bucket, bucket
from tests.seeds import SeedAccount

__all__ = ["bucket", "bus"]

FOLDERS = {
    name: each["Properties"]["CodeUri"].removeprefix("functions/")
    for name, each in sam_template.resources("AWS::Serverless::Function").items()
}


def test_table_lists_every_event_once() -> None:
    assert Counter(row.event for row in rows()) == Counter(file.stem for file in EVENTS.glob("*.json"))


@pytest.mark.parametrize("row", rows(), ids=str)
def test_function_returns_the_response_in_the_table(cloud: Cloud, bus: Subscriber, bucket: Bucket, row: Row) -> None:
    assert bus.receive() == []
    DeadLetters(cloud, "publish_changes")
    variables = sam_template.environment("api")
    account = SeedAccount(dynamodb=cloud.dynamodb, secrets_manager=cloud.secrets_manager, variables=variables)
    account.register_senders()
    cloud.respond("sts:GetWebIdentityToken", {"WebIdentityToken": "fake-identity-token"})  # moto has no such call
    if row.needs_seeds:
        cloud.keys.add(account.create_seeds())
    response = response_to(cloud, bucket, row)
    assert contains(response, row.response), response


def response_to(cloud: Cloud, bucket: Bucket, row: Row) -> Any:
    """Invoke a function and convert its result or exception as Lambda does.

    For a custom resource, the response is what it sends to CloudFormation.
    """
    event = an_event(row.event)
    if "ResponseURL" in event:
        cloud.keys.add(SIGNATURE)
        event["ResponseURL"] = bucket.url
    try:
        payload = json.loads(json.dumps(cloud.function(FOLDERS[row.function])(event)))
    except Exception as error:  # noqa: BLE001 - Lambda reports every exception like this
        return {"errorType": type(error).__name__, "errorMessage": str(error)}
    return bucket.responses()[0] if "ResponseURL" in event else payload


@pytest.mark.parametrize(
    ("payload", "expected"),
    [
        ({"a": 1, "b": 2}, {"a": 1}),
        ({"body": '{"errors": [{"pointer": "/name"}]}'}, {"body": {"errors": [{"pointer": "/name"}]}}),
        ({"key": "aik_fake"}, {"key": "…"}),
        ([1, 2], [1, "…"]),
        (None, None),
    ],
)
def test_contains_accepts_a_payload_with_all_expected_parts(payload: Any, expected: Any) -> None:
    assert contains(payload, expected)


@pytest.mark.parametrize(
    ("payload", "expected"),
    [({"a": 1}, {"a": 2}), ({}, {"a": "…"}), ([1], []), ({"body": "text"}, {"body": {}}), (None, {}), ("1", 1)],
)
def test_contains_rejects_a_payload_without_an_expected_part(payload: Any, expected: Any) -> None:
    assert not contains(payload, expected)
