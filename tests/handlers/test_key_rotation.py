"""`/v2/ai-integrations/{integration_id}/key-rotations`: rotate a key, verify it first, roll it back."""

import json
from collections.abc import Callable
from io import BytesIO
from typing import Any

import pytest

from tests.builders import API_KEY, create_body, gateway_event
from tests.cloud import Cloud, Response

NEW_KEY = "sk-fake-new-key-not-a-key"
INVOKE = "lambda:Invoke"
VERIFY = {"verify": True}


def create(cloud: Cloud, **changes: Any) -> str:
    integration_id: str = cloud.api(gateway_event(create_body(api_key=API_KEY, **changes))).body["id"]
    return integration_id


def post(cloud: Cloud, integration_id: str, subpath: str, body: object = None, **parts: Any) -> Response:
    return cloud.api(gateway_event(body, path=f"/v2/ai-integrations/{integration_id}{subpath}", **parts))


def rotate(cloud: Cloud, integration_id: str, *, body: dict[str, Any] | None = None, **parts: Any) -> Response:
    cloud.keys.add(NEW_KEY)
    return post(cloud, integration_id, "/key-rotations", {"api_key": NEW_KEY, **(body or {})}, **parts)


def roll_back(cloud: Cloud, integration_id: str, **parts: Any) -> Response:
    return post(cloud, integration_id, "/key-rotations/rollback", **parts)


def test_rollback_after_rotation_returns_to_the_previous_key_once(cloud: Cloud) -> None:
    integration_id = create(cloud)
    rotated = rotate(cloud, integration_id, body={"grace_seconds": 3600})
    assert (rotated.status, rotated.body.keys()) == (
        200,
        {"key_version", "former_key_version", "former_key_usable_until"},
    )
    rolled_back = roll_back(cloud, integration_id)
    assert (rolled_back.status, rolled_back.body) == (200, {"key_version": rotated.body["former_key_version"]})
    current = cloud.api(gateway_event(method="GET", path=f"/v2/ai-integrations/{integration_id}"))
    assert rolled_back.headers["etag"] == current.headers["etag"]
    assert roll_back(cloud, integration_id).status == 409


@pytest.mark.parametrize("write", [rotate, roll_back], ids=["rotation", "rollback"])
def test_rotation_and_rollback_with_an_outdated_entity_tag_return_412(
    cloud: Cloud, write: Callable[..., Response]
) -> None:
    integration_id = create(cloud)
    outdated = rotate(cloud, integration_id).headers["etag"]
    current = rotate(cloud, integration_id, body={"grace_seconds": 60}).headers["etag"]
    assert write(cloud, integration_id, headers={"If-Match": outdated}).status == 412
    assert write(cloud, integration_id, headers={"If-Match": current}).status == 200


def test_rotation_retried_with_the_same_idempotency_key_returns_the_original_response(cloud: Cloud) -> None:
    integration_id = create(cloud)
    idempotent = {"headers": {"Idempotency-Key": "rotation-1"}}
    first = rotate(cloud, integration_id, **idempotent)
    assert first.status == 200
    assert rotate(cloud, integration_id, **idempotent) == first
    assert cloud.referenced_key() == NEW_KEY
    assert rotate(cloud, integration_id, body={"grace_seconds": 1}, **idempotent).status == 422


def test_rotation_with_an_idempotency_key_makes_three_calls_and_its_retry_two(cloud: Cloud) -> None:
    integration_id = create(cloud)
    idempotent = {"headers": {"Idempotency-Key": "rotation-1"}}
    cloud.calls.clear()
    rotate(cloud, integration_id, **idempotent)
    assert cloud.calls == ["dynamodb:BatchGetItem", "secretsmanager:PutSecretValue", "dynamodb:TransactWriteItems"]
    cloud.calls.clear()
    rotate(cloud, integration_id, **idempotent)
    assert cloud.calls == ["dynamodb:BatchGetItem", "secretsmanager:PutSecretValue"]


def test_rotation_retried_with_another_api_key_returns_422_and_keeps_the_first(cloud: Cloud) -> None:
    integration_id = create(cloud)
    idempotent = {"headers": {"Idempotency-Key": "rotation-1"}}
    rotate(cloud, integration_id, **idempotent)
    response = rotate(cloud, integration_id, body={"api_key": "sk-fake-other-key"}, **idempotent)
    assert (response.status, response.pointers) == (422, [])
    assert cloud.referenced_key() == NEW_KEY


def test_rotation_retried_with_its_original_etag_returns_the_original_response(cloud: Cloud) -> None:
    integration_id = create(cloud)
    etag = cloud.api(gateway_event(method="GET", path=f"/v2/ai-integrations/{integration_id}")).headers["etag"]
    conditional = {"headers": {"Idempotency-Key": "rotation-1", "If-Match": etag}}
    first = rotate(cloud, integration_id, **conditional)
    assert first.status == 200
    assert rotate(cloud, integration_id, **conditional) == first


def test_rotation_with_an_idempotency_key_of_another_integration_succeeds(cloud: Cloud) -> None:
    idempotent = {"headers": {"Idempotency-Key": "rotation-1"}}
    first = rotate(cloud, create(cloud), **idempotent)
    other = rotate(cloud, create(cloud, name="Other"), **idempotent)
    assert (first.status, other.status) == (200, 200)
    assert other.body["former_key_version"] != first.body["former_key_version"]


@pytest.mark.parametrize("key", ["<redacted>", "sk-fake 0123", '{"private_key": "fake"}'])
def test_rotation_to_a_text_that_cannot_be_a_key_stores_and_tests_nothing(cloud: Cloud, key: str) -> None:
    integration_id = create(cloud)
    response = post(cloud, integration_id, "/key-rotations", {"api_key": key, "verify": True})
    assert (response.status, response.pointers) == (422, ["/api_key"])
    assert key not in response.text
    assert cloud.referenced_key() == API_KEY
    assert INVOKE not in cloud.calls
    assert [len(each["SecretVersionsToStages"]) for each in cloud.secrets()] == [1]


def let_verify_key_return(cloud: Cloud, payload: dict[str, Any], **parts: Any) -> None:
    """Set the result of the next invocation of `functions/verify_key`."""
    cloud.respond(INVOKE, {"StatusCode": 200, "Payload": BytesIO(json.dumps(payload).encode()), **parts})


def test_rotation_with_verify_tests_the_new_key_before_storing_it(cloud: Cloud) -> None:
    integration_id = create(cloud)
    let_verify_key_return(cloud, {"refusal": None})
    cloud.calls.clear()
    assert rotate(cloud, integration_id, body=VERIFY).status == 200
    assert cloud.calls == [
        "dynamodb:GetItem",
        INVOKE,
        "dynamodb:GetItem",
        "secretsmanager:PutSecretValue",
        "dynamodb:TransactWriteItems",
    ]


def test_retry_of_a_rotation_with_verify_tests_the_key_once_and_returns_the_original_response(cloud: Cloud) -> None:
    integration_id = create(cloud)
    idempotent = {"headers": {"Idempotency-Key": "rotation-1"}}
    let_verify_key_return(cloud, {"refusal": None})
    first = rotate(cloud, integration_id, body=VERIFY, **idempotent)
    assert (first.status, rotate(cloud, integration_id, body=VERIFY, **idempotent)) == (200, first)
    assert cloud.calls.count(INVOKE) == 1


def test_rotation_with_verify_when_the_provider_rejects_the_key_changes_nothing(cloud: Cloud) -> None:
    integration_id = create(cloud)
    let_verify_key_return(cloud, {"refusal": "The provider answered with status 401."})
    response = rotate(cloud, integration_id, body=VERIFY)
    assert (response.status, response.pointers) == (422, ["/api_key"])
    assert "status 401" in response.body["detail"]
    assert cloud.referenced_key() == API_KEY


def test_rotation_with_verify_when_the_test_fails_changes_nothing(cloud: Cloud) -> None:
    integration_id = create(cloud)
    let_verify_key_return(cloud, {"errorMessage": NEW_KEY}, FunctionError="Unhandled")
    response = rotate(cloud, integration_id, body=VERIFY)
    assert (response.status, response.headers["retry-after"]) == (503, "1")
    assert "nothing was changed" in response.body["detail"]
    cloud.fail(INVOKE, ("TooManyRequestsException", 429))
    assert rotate(cloud, integration_id, body=VERIFY).status == 429
    assert cloud.referenced_key() == API_KEY
