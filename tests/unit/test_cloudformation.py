"""Responses to CloudFormation, over a real server on loopback. No error or log contains the URL, a credential."""

import logging
import socket
import traceback
from typing import Any

import pytest

from ai_integrations.adapters.cloudformation import (
    CloudFormationResponder,
    ResponseNotDeliveredError,
    UntrustedResponseUrlError,
    response_hosts,
)
from tests.response_bucket import SIGNATURE, Bucket

IDENTITY = {
    "StackId": "arn:aws:cloudformation:fake:stack/app/1",
    "RequestId": "request-1",
    "LogicalResourceId": "Llm",
}


@pytest.fixture
def pauses() -> list[float]:
    return []


@pytest.fixture
def responder(pauses: list[float]) -> CloudFormationResponder:
    return CloudFormationResponder(None, pause=pauses.append)


def request(bucket: Bucket, **more: str) -> dict[str, str]:
    return {**IDENTITY, "ResponseURL": bucket.url, **more}


def last_response(bucket: Bucket) -> dict[str, Any]:
    return bucket.responses()[-1]


def test_success_response_contains_values_of_ref_and_getatt(bucket: Bucket, responder: CloudFormationResponder) -> None:
    responder.succeed(request(bucket), "id-1", {"name": "Büro"})
    assert last_response(bucket) == {
        **IDENTITY,
        "Status": "SUCCESS",
        "PhysicalResourceId": "id-1",
        "Data": {"name": "Büro"},
    }


def test_response_has_no_content_type_because_the_url_is_signed_without(
    bucket: Bucket, responder: CloudFormationResponder
) -> None:
    responder.succeed(request(bucket), "id-1", {})
    assert bucket.received[0][0]["content-type"] == ""


def test_failed_creation_gets_a_placeholder_id(bucket: Bucket, responder: CloudFormationResponder) -> None:
    responder.fail(request(bucket), "Rejected.")
    assert last_response(bucket) == {
        **IDENTITY,
        "Status": "FAILED",
        "PhysicalResourceId": "refused-request-1",
        "Reason": "Rejected.",
    }


def test_failed_update_keeps_the_id(bucket: Bucket, responder: CloudFormationResponder) -> None:
    responder.fail(request(bucket, PhysicalResourceId="id-1"), "Rejected.")
    assert last_response(bucket)["PhysicalResourceId"] == "id-1"


def test_response_stays_within_the_size_limit(bucket: Bucket, responder: CloudFormationResponder) -> None:
    responder.fail(request(bucket), "very " * 10_000)
    responder.succeed(request(bucket), "i" * 42, {"name": "𝄞" * 256})
    assert all(len(body) <= 4_096 for _, body in bucket.received)
    assert "𝄞".encode() in bucket.received[-1][1], "an escaped character takes three times the bytes"


@pytest.mark.parametrize("statuses", [[500], [503, 500, 503, 500]], ids=["one error", "four errors"])
def test_server_errors_are_retried_with_backoff(
    bucket: Bucket, responder: CloudFormationResponder, pauses: list[float], statuses: list[int]
) -> None:
    bucket.statuses = [*statuses]
    responder.succeed(request(bucket), "id-1", {})
    assert len(bucket.received) == len(statuses) + 1
    assert pauses == [0.2, 0.4, 0.8, 1.6][: len(statuses)]


@pytest.mark.parametrize(
    ("statuses", "message", "attempts"),
    [([500] * 5, "500", 5), ([403], "403", 1), ([300], "300", 1), ([307], "307", 1)],
    ids=["server errors", "client error", "several choices", "redirect"],
)
def test_undeliverable_response_raises_without_disclosing_the_url(
    bucket: Bucket, responder: CloudFormationResponder, statuses: list[int], message: str, attempts: int
) -> None:
    bucket.statuses = [*statuses]
    with pytest.raises(ResponseNotDeliveredError, match=f"^{message}$"):
        responder.succeed(request(bucket), "id-1", {})
    assert len(bucket.received) == attempts


def test_response_to_a_malformed_url_raises_without_disclosing_it(responder: CloudFormationResponder) -> None:
    event = {**IDENTITY, "ResponseURL": f"http://127.0.0.1:99999/responses?X-Amz-Signature={SIGNATURE}"}
    with pytest.raises(ResponseNotDeliveredError) as error:
        responder.succeed(event, "id-1", {})
    assert SIGNATURE not in "".join(traceback.format_exception(error.value))


def test_refused_connection_raises_without_disclosing_the_url(
    bucket: Bucket, responder: CloudFormationResponder, pauses: list[float], caplog: pytest.LogCaptureFixture
) -> None:
    event = request(bucket)
    bucket.server_close()
    with caplog.at_level(logging.INFO), pytest.raises(ResponseNotDeliveredError) as error:
        responder.succeed(event, "id-1", {})
    assert (str(error.value), len(pauses)) == ("NewConnectionError", 4)
    texts = [*traceback.format_exception(error.value), repr(error.value), caplog.text]
    assert not [text for text in texts if SIGNATURE in text]


class RetriedError(Exception):
    """The responder waits before another attempt."""


@pytest.mark.usefixtures("bucket")  # enables sockets
def test_attempt_ends_if_the_bucket_does_not_respond() -> None:
    def stop(_seconds: float) -> None:
        raise RetriedError

    with socket.create_server(("127.0.0.1", 0)) as silent:
        event = {**IDENTITY, "ResponseURL": f"http://127.0.0.1:{silent.getsockname()[1]}/responses"}
        with pytest.raises(RetriedError):
            CloudFormationResponder(None, pause=stop).succeed(event, "id-1", {})


@pytest.mark.parametrize(
    ("region", "suffix", "host"),
    [
        ("us-east-1", "amazonaws.com", "useast1.s3.amazonaws.com"),
        ("us-west-2", "amazonaws.com", "uswest2.s3-us-west-2.amazonaws.com"),
        ("eu-central-1", "amazonaws.com", "eucentral1.s3.eu-central-1.amazonaws.com"),
        ("eu-south-2", "amazonaws.com", "eu-south-2.s3.eu-south-2.amazonaws.com"),
        ("us-gov-west-1", "amazonaws.com", "usgovwest1.s3.us-gov-west-1.amazonaws.com"),
        ("cn-north-1", "amazonaws.com.cn", "cnnorth1.s3.cn-north-1.amazonaws.com.cn"),
    ],
)
def test_url_of_the_bucket_of_cloudformation_is_trusted(region: str, suffix: str, host: str) -> None:
    url = f"https://cloudformation-custom-resource-response-{host}/arn%3Aaws%7CLlm?X-Amz-Signature={SIGNATURE}"
    CloudFormationResponder(response_hosts(region, suffix)).check_url({"ResponseURL": url})


BUCKET = "cloudformation-custom-resource-response-useast1.s3.amazonaws.com"


@pytest.mark.parametrize(
    "url",
    [
        f"http://{BUCKET}/x",
        f"https://{BUCKET}:8443/x",
        f"https://{BUCKET}:443/x",
        f"https://user@{BUCKET}/x",
        f"https://user:{SIGNATURE}@{BUCKET}/x",
        f"https://{BUCKET}@example.com/x",
        f"https://{BUCKET}.example.com/x",
        f"https://{BUCKET}.cn/x",
        f"https://{BUCKET}./x",
        f"https://example.com/{BUCKET}",
        f"https://example.com?{BUCKET}",
        f"https://example.com#{BUCKET}",
        f"https://example.com\\@{BUCKET}/x",
        f"https://example.com\n{BUCKET}/x",
        "https://cloudformation-custom-resource-response-useast1.example.s3.amazonaws.com/x",
        "https://cloudformation-custom-resource-response-useast1.s3.amazonawsXcom/x",
        "https://cloudformation-custom-resource-response-useast1.execute-api.us-east-1.amazonaws.com/x",
        "https://my-cloudformation-custom-resource-response-useast1.s3.amazonaws.com/x",
        "https://cloudformation-custom-resource-response-mine.s3.amazonaws.com/x",
        "https://cloudformation-custom-resource-response-euwest1.s3.eu-west-1.amazonaws.com/x",
        "https://cloudformation-custom-resource-response-useast1.s3-website-us-east-1.amazonaws.com/x",
        "https://my-bucket.s3.amazonaws.com/x",
        "https://s3.amazonaws.com/my-bucket",
        "https://169.254.169.254/latest",
        "https://[::1]/x",
        "https://[/x",
        f"//{BUCKET}/x",
        f"{BUCKET}/x",
        "file:///etc/passwd",
        "",
    ],
)
def test_response_to_another_url_is_never_sent(url: str) -> None:
    responder = CloudFormationResponder(response_hosts("us-east-1", "amazonaws.com"))
    with pytest.raises(UntrustedResponseUrlError, match=r"^$"):
        responder.check_url({"ResponseURL": url})
    with pytest.raises(UntrustedResponseUrlError, match=r"^$") as error:
        responder.succeed({**IDENTITY, "ResponseURL": url}, "id-1", {})
    assert SIGNATURE not in "".join(traceback.format_exception(error.value))
