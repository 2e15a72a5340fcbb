"""The AWS calls that a create makes, and its response and side effects when one of them fails."""

from typing import Any

import pytest
from botocore.exceptions import (
    ConnectionClosedError,
    ConnectTimeoutError,
    EndpointConnectionError,
    NoCredentialsError,
    ReadTimeoutError,
)

from tests.builders import API_KEY, create_body, gateway_event
from tests.cloud import Cloud, Response
from tests.handlers.failures import Failure, failure_id

PRECHECK, STORE_KEY, COMMIT = "dynamodb:BatchGetItem", "secretsmanager:CreateSecret", "dynamodb:TransactWriteItems"
COMPARE_KEY, DELETE_SECRET = "secretsmanager:PutSecretValue", "secretsmanager:DeleteSecret"
URL = f"https://aws.test/{API_KEY}"


def create(cloud: Cloud, **changes: Any) -> Response:
    return cloud.api(gateway_event(create_body(**changes), headers={"Idempotency-Key": "request-1"}))


def test_create_with_a_key_makes_three_calls(cloud: Cloud) -> None:
    assert create(cloud, api_key=API_KEY).status == 201
    assert cloud.calls == [PRECHECK, STORE_KEY, COMMIT]


def test_create_without_a_key_makes_one_call(cloud: Cloud) -> None:
    assert create(cloud).status == 201
    assert cloud.calls == [COMMIT]


@pytest.mark.parametrize(
    ("key", "calls"),
    [
        pytest.param({"api_key": API_KEY}, [PRECHECK, COMPARE_KEY], id="with a key"),
        pytest.param({}, [COMMIT], id="without a key"),
    ],
)
def test_create_as_a_retry_makes_one_call_more_with_a_key(cloud: Cloud, key: dict[str, str], calls: list[str]) -> None:
    create(cloud, **key)
    cloud.calls.clear()
    assert create(cloud, **key).status == 201
    assert cloud.calls == calls


@pytest.mark.parametrize(
    ("key", "call"),
    [
        pytest.param({"api_key": API_KEY}, PRECHECK, id="with a key"),
        pytest.param({}, COMMIT, id="without a key"),
    ],
)
def test_create_with_a_taken_name_makes_one_call(cloud: Cloud, key: dict[str, str], call: str) -> None:
    create(cloud, **key)
    cloud.calls.clear()
    assert cloud.api(gateway_event(create_body(**key))).status == 409
    assert cloud.calls == [call]


FAILURES: list[tuple[Failure, int]] = [
    (("ThrottlingException", 400), 429),
    (("ProvisionedThroughputExceededException", 400), 429),
    (("RequestLimitExceeded", 400), 429),
    (("LimitExceededException", 400), 429),
    (("InternalServerError", 500), 503),
    (("InternalServiceError", 500), 503),
    (("ServiceUnavailable", 503), 503),
    (("AccessDeniedException", 400), 500),
    (("ResourceNotFoundException", 400), 500),
    (("ValidationException", 400), 500),
    (ReadTimeoutError(endpoint_url=URL), 503),
    (ConnectTimeoutError(endpoint_url=URL), 503),
    (EndpointConnectionError(endpoint_url=URL), 503),
    (ConnectionClosedError(endpoint_url=URL), 503),
    (NoCredentialsError(), 500),
    (RuntimeError(API_KEY), 500),
]


@pytest.mark.parametrize("operation", [PRECHECK, STORE_KEY, COMMIT])
@pytest.mark.parametrize(("failure", "status"), FAILURES, ids=failure_id)
def test_create_when_a_call_fails_returns_a_problem_document_without_the_cause(
    cloud: Cloud, operation: str, failure: Failure, status: int
) -> None:
    cloud.fail(operation, failure)
    response = create(cloud, api_key=API_KEY)
    assert (response.status, response.pointers) == (status, [])
    assert ("retry-after" in response.headers) is (status in {429, 503})
    assert "aws" not in response.text.replace("arize.com", "").lower()
    assert "Rejected: " not in response.text
    assert cloud.items() == []


def test_create_when_a_call_fails_logs_the_error_code_of_aws_and_not_its_message(cloud: Cloud) -> None:
    cloud.fail(STORE_KEY, ("AccessDeniedException", 400))
    create(cloud, api_key=API_KEY)
    [line] = cloud.log()
    assert (line["message"], line["level"]) == ("request failed", "ERROR")
    assert line["aws_operation"] == "CreateSecret"
    assert line["aws_error_code"] == "AccessDeniedException"
    assert line["aws_request_id"] == "aws-request-id"
    assert any(frame.endswith(" create") for frame in line["stack"])
    assert "Rejected: " not in cloud.written.getvalue()


@pytest.mark.parametrize(("failure", "status"), FAILURES, ids=failure_id)
def test_create_as_a_retry_when_the_key_cannot_be_compared_returns_no_result(
    cloud: Cloud, failure: Failure, status: int
) -> None:
    create(cloud, api_key=API_KEY)
    cloud.fail(COMPARE_KEY, failure)
    expected = 422 if failure == ("ResourceNotFoundException", 400) else status  # the secret was deleted
    assert create(cloud, api_key=API_KEY).status == expected
    assert cloud.stored_keys() == [API_KEY]


@pytest.mark.parametrize("failure", [("InternalServerError", 500), ReadTimeoutError(endpoint_url=URL)], ids=failure_id)
def test_create_when_the_outcome_of_the_commit_is_unknown_keeps_the_secret(cloud: Cloud, failure: Failure) -> None:
    cloud.fail(COMMIT, failure)
    assert create(cloud, api_key=API_KEY).status == 503
    assert cloud.calls == [PRECHECK, STORE_KEY, COMMIT]
    assert cloud.stored_keys() == [API_KEY]


def test_create_retried_after_a_lost_commit_response_leads_to_one_integration_and_one_secret(cloud: Cloud) -> None:
    cloud.lose_response(COMMIT, ReadTimeoutError(endpoint_url=URL))
    assert create(cloud, api_key=API_KEY).status == 503
    cloud.recover()
    response = create(cloud, api_key=API_KEY)
    assert response.status == 201
    assert response.body["has_api_key"] is True
    assert len(cloud.items("INTEGRATION#")) == len(cloud.secrets()) == 1


def create_with_a_name_taken_after_the_precheck(cloud: Cloud) -> Response:
    create(cloud)
    cloud.respond(PRECHECK, {"Responses": {}})
    return cloud.api(gateway_event(create_body(api_key=API_KEY)))


def test_create_with_a_rejected_commit_deletes_the_new_secret(cloud: Cloud) -> None:
    response = create_with_a_name_taken_after_the_precheck(cloud)
    assert response.status == 409
    assert cloud.calls[-6:] == [PRECHECK, STORE_KEY, COMMIT, "dynamodb:GetItem", "dynamodb:GetItem", DELETE_SECRET]
    assert cloud.secrets() == []


def test_create_with_a_rejected_commit_returns_409_even_if_the_secret_cannot_be_deleted(cloud: Cloud) -> None:
    cloud.fail(DELETE_SECRET, ("AccessDeniedException", 400))
    assert create_with_a_name_taken_after_the_precheck(cloud).status == 409
    assert [line["message"] for line in cloud.log()] == [
        "integration created",
        "orphaned secret not removed",
        "request rejected",
    ]
