"""Every file of events/ through `sam local invoke`: the answers are those of the table in docs/sam-local.md."""

import json
from typing import Any
from urllib.parse import urlsplit

import pytest
from tools.local.aws import client
from tools.local.containers import HOST_OF_CONTAINERS

from tests.builders import an_event
from tests.events.table import Row, rows, shows
from tests.sam_local.conftest import Sam
from tests.seeds import account_of_stack

ANSWERS = "answers-to-cloudformation"


@pytest.mark.parametrize("row", rows(), ids=str)
def test_answers_as_the_table_says(sam: Sam, row: Row) -> None:
    account = account_of_stack(sam.stack.deployment.endpoint)
    account.empty()
    if row.kept:
        account.keep()
    answer = answered(sam, row)
    assert shows(answer, row.answer), answer


def answered(sam: Sam, row: Row) -> Any:
    """Return the payload; of a custom resource what CloudFormation gets, for which it gives a place in a bucket."""
    event = an_event(row.event)
    if "ResponseURL" not in event:
        return sam.invoke(row.function, event)
    endpoint = sam.stack.deployment.endpoint
    bucket = client("s3", endpoint)
    bucket.create_bucket(Bucket=ANSWERS)
    event["ResponseURL"] = f"http://{HOST_OF_CONTAINERS}:{urlsplit(endpoint).port}/{ANSWERS}/{row.event}"
    assert sam.invoke(row.function, event) is None
    return json.load(bucket.get_object(Bucket=ANSWERS, Key=row.event)["Body"])
