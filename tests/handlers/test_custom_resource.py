"""`functions/custom_resource`: requests of CloudFormation, reported to a URL that is itself a credential."""

import json
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.builders import API_KEY, STACK_ID, the_stacks
from tests.cloud import Cloud
from tests.handlers.failures import Failure, failure_id
from tests.response_bucket import SIGNATURE, Bucket, bucket

__all__ = ["bucket"]

COMMIT = "dynamodb:TransactWriteItems"
CONFLICT = [{"Code": "TransactionConflict"}] * 3


@pytest.fixture(autouse=True)
def registered_stack(cloud: Cloud) -> None:
    """Register the stack. Its response URL is a secret."""
    cloud.register(the_stacks())
    cloud.keys.add(SIGNATURE)


def a_request(
    bucket: Bucket, request_type: str, properties: dict[str, Any] | None = None, **more: Any
) -> dict[str, Any]:
    return {
        "RequestType": request_type,
        "ResponseURL": bucket.url,
        "StackId": STACK_ID,
        "RequestId": "request-1",
        "LogicalResourceId": "Llm",
        "ResourceType": "Custom::AiIntegration",
        "ResourceProperties": properties or resource_properties(),
        **more,
    }


def resource_properties(**integration: Any) -> dict[str, Any]:
    body = {"name": "Production OpenAI", "provider": "openAI"} | integration
    return {"ServiceToken": "arn:aws:lambda:…", "Account": "acme", "User": "platform", "Integration": body}


def test_resource_is_created_updated_and_deleted_with_its_integration(cloud: Cloud, bucket: Bucket) -> None:
    function = cloud.function("custom_resource")
    function(a_request(bucket, "Create"))
    created = bucket.responses()[-1]
    assert created["Status"] == "SUCCESS"
    assert created["Data"] == {"name": "Production OpenAI", "has_api_key": "false", "version": "1"}
    identity = {"PhysicalResourceId": created["PhysicalResourceId"], "OldResourceProperties": resource_properties()}
    function(a_request(bucket, "Update", resource_properties(name="Renamed"), **identity))
    assert bucket.responses()[-1]["Data"]["version"] == "2"
    function(a_request(bucket, "Delete", resource_properties(name="Renamed"), **identity))
    assert bucket.responses()[-1]["Status"] == "SUCCESS"
    assert cloud.items("INTEGRATION#") == []


def test_create_with_invalid_properties_fails_and_names_each_field(cloud: Cloud, bucket: Bucket) -> None:
    cloud.function("custom_resource")(a_request(bucket, "Create", resource_properties(api_key=API_KEY, provider="?")))
    response = bucket.responses()[-1]
    assert response["Status"] == "FAILED"
    assert "/Integration/api_key: " in response["Reason"]
    assert "/Integration/provider: " in response["Reason"]
    assert API_KEY not in json.dumps(response)
    assert cloud.items("INTEGRATION#") == []


def test_create_with_a_taken_name_fails_and_its_rollback_deletes_nothing(cloud: Cloud, bucket: Bucket) -> None:
    function = cloud.function("custom_resource")
    function(a_request(bucket, "Create"))
    function(a_request(bucket, "Create", RequestId="request-2"))
    response = bucket.responses()[-1]
    assert (response["Status"], response["PhysicalResourceId"]) == ("FAILED", "refused-request-2")
    assert response["Reason"] == "Another integration of the account has this name. Names are unique, ignoring case."
    function(a_request(bucket, "Delete", RequestId="request-3", PhysicalResourceId="refused-request-2"))
    assert bucket.responses()[-1]["Status"] == "SUCCESS"
    assert len(cloud.items("INTEGRATION#")) == 1


@pytest.mark.parametrize(
    "failure", [("ThrottlingException", 400), ("AccessDeniedException", 400), RuntimeError(API_KEY)], ids=failure_id
)
def test_create_when_aws_fails_reports_nothing_and_succeeds_on_retry(
    cloud: Cloud, bucket: Bucket, failure: Failure
) -> None:
    function = cloud.function("custom_resource")
    cloud.fail(COMMIT, failure)
    with pytest.raises(Exception, match=r"^$"):
        function(a_request(bucket, "Create"))
    assert bucket.responses() == []
    cloud.recover()
    function(a_request(bucket, "Create"))
    assert bucket.responses()[-1]["Status"] == "SUCCESS"
    assert len(cloud.items("INTEGRATION#")) == 1


def test_create_that_other_writes_prevented_reports_nothing_and_is_retried(cloud: Cloud, bucket: Bucket) -> None:
    conflict: Any = {"Error": {"Code": "TransactionCanceledException"}, "CancellationReasons": CONFLICT}
    cloud.fail(COMMIT, ClientError(conflict, "TransactWriteItems"))
    with pytest.raises(Exception, match=r"^$"):
        cloud.function("custom_resource")(a_request(bucket, "Create"))
    assert bucket.responses() == []


def test_create_retried_after_a_rejected_report_repeats_it_and_creates_nothing_more(
    cloud: Cloud, bucket: Bucket
) -> None:
    function = cloud.function("custom_resource")
    bucket.statuses = [403]
    with pytest.raises(Exception, match=r"^$"):
        function(a_request(bucket, "Create"))
    function(a_request(bucket, "Create"))
    first, retried = bucket.responses()
    assert first == retried
    assert len(cloud.items("INTEGRATION#")) == 1


def test_unknown_request_type_raises_an_error_and_is_logged(cloud: Cloud, bucket: Bucket) -> None:
    with pytest.raises(Exception, match=r"^$"):
        cloud.function("custom_resource")(a_request(bucket, "Read", PhysicalResourceId="id-1"))
    [line] = cloud.log()
    assert (line["message"], line["request_type"]) == ("unexpected error", "Read")


@pytest.mark.parametrize("request_type", ["Create", "Update", "Delete"])
def test_request_with_a_response_url_outside_aws_changes_nothing(
    cloud: Cloud, bucket: Bucket, request_type: str
) -> None:
    cloud.variables["AWS_ENDPOINT_URL"] = ""  # as deployed
    with pytest.raises(Exception, match=r"^$"):
        cloud.function("custom_resource")(a_request(bucket, request_type, PhysicalResourceId="id-1"))
    assert (bucket.received, cloud.calls) == ([], [])
    [line] = cloud.log()
    assert line["error"].endswith(".UntrustedResponseUrlError")


def test_every_line_names_the_stack_and_for_whom_it_acts(cloud: Cloud, bucket: Bucket) -> None:
    function = cloud.function("custom_resource")
    function(a_request(bucket, "Create"))
    function(a_request(bucket, "Create", resource_properties(provider="?")))
    lines = [*cloud.log(), *cloud.ended_invocations()]
    assert len(lines) == 4
    for line in lines:
        assert (line["account"], line["user"]) == ("acme", "platform")
        assert (line["stack_id"], line["logical_id"]) == (STACK_ID, "Llm")
