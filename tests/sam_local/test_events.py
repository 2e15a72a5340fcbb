"""Invoke each function with its events by `sam local invoke`, and compare the responses with docs/sam-local.md."""

import json
from typing import Any
from urllib.parse import urlsplit

import pytest
from tools.local.aws import client
from tools.local.containers import HOST_OF_CONTAINERS

from tests.builders import an_event
from tests.events.table import Row, contains, rows
from tests.sam_local.conftest import SamCli
from tests.seeds import account_of_stack

RESPONSE_BUCKET = "cloudformation-responses"


@pytest.mark.parametrize("row", rows(), ids=str)
def test_invoke_with_an_event_returns_the_documented_response(sam: SamCli, row: Row) -> None:
    account = account_of_stack(sam.stack.deployment.endpoint)
    account.empty()
    account.register_senders()
    if row.needs_seeds:
        account.create_seeds()
    response = invoke(sam, row)
    assert contains(response, row.response), response


def invoke(sam: SamCli, row: Row) -> Any:
    """Return the payload, or for a custom resource the response that it uploads to the event's ResponseURL."""
    event = an_event(row.event)
    if "ResponseURL" not in event:
        return sam.invoke(row.function, event)
    endpoint = sam.stack.deployment.endpoint
    bucket = client("s3", endpoint)
    bucket.create_bucket(Bucket=RESPONSE_BUCKET)
    event["ResponseURL"] = f"http://{HOST_OF_CONTAINERS}:{urlsplit(endpoint).port}/{RESPONSE_BUCKET}/{row.event}"
    assert sam.invoke(row.function, event) is None
    return json.load(bucket.get_object(Bucket=RESPONSE_BUCKET, Key=row.event)["Body"])
