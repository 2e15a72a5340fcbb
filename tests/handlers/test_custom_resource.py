"""Requests of CloudFormation through the function, to an answer at a URL that is a credential."""

import json
from typing import Any

import pytest

from tests.builders import API_KEY
from tests.cloud import Cloud
from tests.response_bucket import SIGNATURE, Bucket, bucket

__all__ = ["bucket"]

COMMIT = "dynamodb:TransactWriteItems"


@pytest.fixture(autouse=True)
def url_is_secret(cloud: Cloud) -> None:
    cloud.keys.add(SIGNATURE)


def a_request(
    bucket: Bucket, request_type: str, properties: dict[str, Any] | None = None, **more: Any
) -> dict[str, Any]:
    return {
        "RequestType": request_type,
        "ResponseURL": bucket.url,
        "StackId": "arn:aws:cloudformation:fake:stack/app/1",
        "RequestId": "request-1",
        "LogicalResourceId": "Llm",
        "ResourceType": "Custom::AiIntegration",
        "ResourceProperties": properties or declared(),
        **more,
    }


def declared(**integration: Any) -> dict[str, Any]:
    body = {"name": "Production OpenAI", "provider": "openAI"} | integration
    return {"ServiceToken": "arn:aws:lambda:…", "Account": "acme", "User": "platform", "Integration": body}


def test_creates_changes_and_deletes(cloud: Cloud, bucket: Bucket) -> None:
    function = cloud.function("custom_resource")
    function(a_request(bucket, "Create"))
    made = bucket.responses()[-1]
    assert made["Status"] == "SUCCESS"
    assert made["Data"] == {"name": "Production OpenAI", "has_api_key": "false", "version": "1"}
    named = {"PhysicalResourceId": made["PhysicalResourceId"], "OldResourceProperties": declared()}
    function(a_request(bucket, "Update", declared(name="Renamed"), **named))
    assert bucket.responses()[-1]["Data"]["version"] == "2"
    function(a_request(bucket, "Delete", declared(name="Renamed"), **named))
    assert bucket.responses()[-1]["Status"] == "SUCCESS"
    assert cloud.items("INTEGRATION#") == []


def test_gives_the_fields_at_fault_as_the_reason(cloud: Cloud, bucket: Bucket) -> None:
    cloud.function("custom_resource")(a_request(bucket, "Create", declared(api_key=API_KEY, provider="?")))
    answer = bucket.responses()[-1]
    assert answer["Status"] == "FAILED"
    assert "/Integration/api_key: " in answer["Reason"]
    assert "/Integration/provider: " in answer["Reason"]
    assert API_KEY not in json.dumps(answer)
    assert cloud.items() == []


def test_gives_the_problem_as_the_reason(cloud: Cloud, bucket: Bucket) -> None:
    function = cloud.function("custom_resource")
    function(a_request(bucket, "Create"))
    function(a_request(bucket, "Create", RequestId="request-2"))
    answer = bucket.responses()[-1]
    assert (answer["Status"], answer["PhysicalResourceId"]) == ("FAILED", "refused-request-2")
    assert answer["Reason"] == "Another integration of the account has this name. Names are unique, ignoring case."
    function(a_request(bucket, "Delete", RequestId="request-3", PhysicalResourceId="refused-request-2"))
    assert bucket.responses()[-1]["Status"] == "SUCCESS"
    assert len(cloud.items("INTEGRATION#")) == 1


@pytest.mark.parametrize(
    "failure", [("ThrottlingException", 400), ("AccessDeniedException", 400), RuntimeError(API_KEY)]
)
def test_answers_nothing_and_comes_again_when_aws_fails(cloud: Cloud, bucket: Bucket, failure: Any) -> None:
    function = cloud.function("custom_resource")
    cloud.fail(COMMIT, failure)
    with pytest.raises(Exception, match=r"^$"):
        function(a_request(bucket, "Create"))
    assert bucket.responses() == []
    cloud.recover()
    function(a_request(bucket, "Create"))
    assert bucket.responses()[-1]["Status"] == "SUCCESS"
    assert len(cloud.items("INTEGRATION#")) == 1


def test_comes_again_when_the_answer_is_not_taken_and_makes_nothing_twice(cloud: Cloud, bucket: Bucket) -> None:
    function = cloud.function("custom_resource")
    bucket.statuses = [403]
    with pytest.raises(Exception, match=r"^$"):
        function(a_request(bucket, "Create"))
    function(a_request(bucket, "Create"))
    first, again = bucket.responses()
    assert first == again
    assert len(cloud.items("INTEGRATION#")) == 1


def test_does_nothing_it_does_not_know(cloud: Cloud, bucket: Bucket) -> None:
    with pytest.raises(Exception, match=r"^$"):
        cloud.function("custom_resource")(a_request(bucket, "Read", PhysicalResourceId="id-1"))
    [line] = cloud.log()
    assert (line["message"], line["request_type"]) == ("failed", "Read")
