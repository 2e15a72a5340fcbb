"""The table of docs/sam-local.md: it has every event, and its answers are those of the functions."""

import json
from collections import Counter
from typing import Any

import pytest

from tests import sam_template
from tests.builders import EVENTS, an_event
from tests.cloud import Cloud
from tests.event_subscriber import Subscriber
from tests.events.table import Row, rows, shows
from tests.messaging import bus
from tests.response_bucket import SIGNATURE, Bucket, bucket
from tests.seeds import Account

__all__ = ["bucket", "bus"]

FOLDERS = {
    name: each["Properties"]["CodeUri"].removeprefix("functions/")
    for name, each in sam_template.resources("AWS::Serverless::Function").items()
}


def test_has_every_event_once() -> None:
    assert Counter(row.event for row in rows()) == Counter(file.stem for file in EVENTS.glob("*.json"))


@pytest.mark.parametrize("row", rows(), ids=str)
def test_says_what_the_function_answers(cloud: Cloud, bus: Subscriber, bucket: Bucket, row: Row) -> None:
    assert bus.receive() == []
    if row.kept:
        variables = sam_template.environment("api")
        kept = Account(dynamodb=cloud.dynamodb, secrets_manager=cloud.secrets_manager, variables=variables)
        cloud.keys.add(kept.keep())
    answer = answered(cloud, bucket, row)
    assert shows(answer, row.answer), answer


def answered(cloud: Cloud, bucket: Bucket, row: Row) -> Any:
    """Return what Lambda would: an answer by way of JSON, an exception as a document; or what CloudFormation gets."""
    event = an_event(row.event)
    if "ResponseURL" in event:
        cloud.keys.add(SIGNATURE)
        event["ResponseURL"] = bucket.url
    try:
        payload = json.loads(json.dumps(cloud.function(FOLDERS[row.function])(event)))
    except Exception as error:  # noqa: BLE001 - whatever it is, Lambda describes it so
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
def test_finds_what_is_expected(payload: Any, expected: Any) -> None:
    assert shows(payload, expected)


@pytest.mark.parametrize(
    ("payload", "expected"),
    [({"a": 1}, {"a": 2}), ({}, {"a": "…"}), ([1], []), ({"body": "text"}, {"body": {}}), (None, {}), ("1", 1)],
)
def test_misses_what_is_not_there(payload: Any, expected: Any) -> None:
    assert not shows(payload, expected)
