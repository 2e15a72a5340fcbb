"""What a create asks of AWS, and what becomes of it when AWS fails."""

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

LOOK, STORE, COMMIT = "dynamodb:BatchGetItem", "secretsmanager:CreateSecret", "dynamodb:TransactWriteItems"
REMOVE = "secretsmanager:DeleteSecret"
URL = f"https://aws.test/{API_KEY}"


def create(cloud: Cloud, **changes: Any) -> Response:
    return cloud.api(gateway_event(create_body(**changes), headers={"Idempotency-Key": "request-1"}))


def test_makes_three_calls_with_a_key(cloud: Cloud) -> None:
    assert create(cloud, api_key=API_KEY).status == 201
    assert cloud.calls == [LOOK, STORE, COMMIT]


def test_makes_one_call_without_a_key(cloud: Cloud) -> None:
    assert create(cloud).status == 201
    assert cloud.calls == [COMMIT]


@pytest.mark.parametrize(("key", "call"), [({"api_key": API_KEY}, LOOK), ({}, COMMIT)])
def test_makes_one_call_for_a_taken_name_and_one_for_a_replay(cloud: Cloud, key: dict[str, str], call: str) -> None:
    create(cloud, **key)
    cloud.calls.clear()
    assert create(cloud, **key).status == 201
    assert cloud.calls == [call]
    assert cloud.api(gateway_event(create_body(**key))).status == 409
    assert cloud.calls == [call, call]


FAILURES: list[tuple[Exception | tuple[str, int], int]] = [
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


@pytest.mark.parametrize("operation", [LOOK, STORE, COMMIT])
@pytest.mark.parametrize(("failure", "status"), FAILURES)
def test_tells_a_failure_of_aws_without_its_cause(
    cloud: Cloud, operation: str, failure: Exception | tuple[str, int], status: int
) -> None:
    cloud.fail(operation, failure)
    answer = create(cloud, api_key=API_KEY)
    assert (answer.status, answer.pointers) == (status, [])
    assert ("retry-after" in answer.headers) is (status in {429, 503})
    assert "aws" not in answer.text.replace("arize.com", "").lower()
    assert "Refused: " not in answer.text
    assert cloud.items() == []


def test_logs_what_failed_in_aws_words_and_not_in_those_of_its_message(cloud: Cloud) -> None:
    cloud.fail(STORE, ("AccessDeniedException", 400))
    create(cloud, api_key=API_KEY)
    [line] = cloud.log()
    assert (line["message"], line["level"]) == ("request failed", "ERROR")
    assert line["aws_operation"] == "CreateSecret"
    assert line["aws_error_code"] == "AccessDeniedException"
    assert line["aws_request_id"] == "aws-request-id"
    assert any(frame.endswith(" create") for frame in line["stack"])
    assert "Refused: " not in cloud.written.getvalue()


@pytest.mark.parametrize("failure", [("InternalServerError", 500), ReadTimeoutError(endpoint_url=URL)])
def test_undoes_nothing_when_the_store_says_nothing(cloud: Cloud, failure: Exception | tuple[str, int]) -> None:
    cloud.fail(COMMIT, failure)
    assert create(cloud, api_key=API_KEY).status == 503
    assert cloud.calls == [LOOK, STORE, COMMIT]
    assert cloud.stored_keys() == [API_KEY]


def test_leads_to_one_integration_and_one_secret_when_a_lost_request_is_repeated(cloud: Cloud) -> None:
    cloud.lose_response(COMMIT, ReadTimeoutError(endpoint_url=URL))
    assert create(cloud, api_key=API_KEY).status == 503
    cloud.recover()
    answer = create(cloud, api_key=API_KEY)
    assert answer.status == 201
    assert answer.body["has_api_key"] is True
    assert len(cloud.items("INTEGRATION#")) == len(cloud.secrets()) == 1


def test_removes_the_secret_when_the_store_says_no(cloud: Cloud) -> None:
    """A name that is taken between the look and the commit, seen from the caller whose look saw nothing."""
    create(cloud)
    cloud.respond(LOOK, {"Responses": {}})
    answer = cloud.api(gateway_event(create_body(api_key=API_KEY)))
    assert answer.status == 409
    assert cloud.calls[-6:] == [LOOK, STORE, COMMIT, "dynamodb:GetItem", "dynamodb:GetItem", REMOVE]
    assert cloud.secrets() == []


def test_answers_as_if_nothing_were_left_when_the_removal_fails(cloud: Cloud) -> None:
    create(cloud)
    cloud.respond(LOOK, {"Responses": {}})
    cloud.fail(REMOVE, ("AccessDeniedException", 400))
    assert cloud.api(gateway_event(create_body(api_key=API_KEY))).status == 409
    assert [line["message"] for line in cloud.log()] == [
        "integration created",
        "unused secret left",
        "request refused",
    ]
