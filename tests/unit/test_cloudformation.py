"""Answers to CloudFormation, over a real server on loopback. The URL is a credential: it is seen nowhere else."""

import logging
import traceback
from typing import Any

import pytest

from ai_integrations.adapters.cloudformation import CloudFormation, UnansweredError
from tests.response_bucket import SIGNATURE, Bucket, bucket

__all__ = ["bucket"]

NAMED = {"StackId": "arn:aws:cloudformation:fake:stack/app/1", "RequestId": "request-1", "LogicalResourceId": "Llm"}


@pytest.fixture
def pauses() -> list[float]:
    return []


@pytest.fixture
def cloudformation(pauses: list[float]) -> CloudFormation:
    return CloudFormation(pause=pauses.append)


def request(bucket: Bucket, **more: str) -> dict[str, str]:
    return {**NAMED, "ResponseURL": bucket.url, **more}


def answer(bucket: Bucket) -> dict[str, Any]:
    return bucket.responses()[-1]


def test_tells_what_ref_and_getatt_return(bucket: Bucket, cloudformation: CloudFormation) -> None:
    cloudformation.succeed(request(bucket), "id-1", {"name": "Büro"})
    assert answer(bucket) == {
        **NAMED,
        "Status": "SUCCESS",
        "PhysicalResourceId": "id-1",
        "Data": {"name": "Büro"},
    }


def test_sends_no_content_type_since_the_url_is_signed_without(bucket: Bucket, cloudformation: CloudFormation) -> None:
    cloudformation.succeed(request(bucket), "id-1", {})
    assert bucket.received[0][0]["content-type"] == ""


def test_gives_a_refused_creation_an_id_that_names_nothing(bucket: Bucket, cloudformation: CloudFormation) -> None:
    cloudformation.fail(request(bucket), "No.")
    assert answer(bucket) == {
        **NAMED,
        "Status": "FAILED",
        "PhysicalResourceId": "refused-request-1",
        "Reason": "No.",
    }


def test_keeps_the_id_of_a_resource_whose_change_is_refused(bucket: Bucket, cloudformation: CloudFormation) -> None:
    cloudformation.fail(request(bucket, PhysicalResourceId="id-1"), "No.")
    assert answer(bucket)["PhysicalResourceId"] == "id-1"


def test_stays_within_what_cloudformation_takes(bucket: Bucket, cloudformation: CloudFormation) -> None:
    cloudformation.fail(request(bucket), "very " * 10_000)
    cloudformation.succeed(request(bucket), "i" * 42, {"name": "𝄞" * 256})
    assert all(len(body) <= 4_096 for _, body in bucket.received)


@pytest.mark.parametrize("statuses", [[500], [503, 500, 503, 500]])
def test_tries_again_while_the_other_side_fails(
    bucket: Bucket, cloudformation: CloudFormation, pauses: list[float], statuses: list[int]
) -> None:
    bucket.statuses = [*statuses]
    cloudformation.succeed(request(bucket), "id-1", {})
    assert len(bucket.received) == len(statuses) + 1
    assert pauses == [0.2, 0.4, 0.8, 1.6][: len(statuses)]


@pytest.mark.parametrize(
    ("statuses", "told", "attempts"), [([500] * 5, "500", 5), ([403], "403", 1), ([307], "307", 1)]
)
def test_gives_up_without_a_word_about_the_url(
    bucket: Bucket, cloudformation: CloudFormation, statuses: list[int], told: str, attempts: int
) -> None:
    bucket.statuses = [*statuses]
    with pytest.raises(UnansweredError, match=f"^{told}$"):
        cloudformation.succeed(request(bucket), "id-1", {})
    assert len(bucket.received) == attempts


def test_gives_up_when_nobody_listens_and_shows_the_url_to_nobody(
    bucket: Bucket, cloudformation: CloudFormation, pauses: list[float], caplog: pytest.LogCaptureFixture
) -> None:
    event = request(bucket)
    bucket.server_close()
    with caplog.at_level(logging.INFO), pytest.raises(UnansweredError) as error:
        cloudformation.succeed(event, "id-1", {})
    assert len(pauses) == 4
    shown = [*traceback.format_exception(error.value), repr(error.value), caplog.text]
    assert not [text for text in shown if SIGNATURE in text]
