"""Key rotation with `verify`: the API's request, the verification over a real connection, and its outcome."""

import ast
import json
from io import BytesIO
from typing import Any

import pytest

from ai_integrations.observability import LoggedError
from tests.builders import API_KEY, create_body, gateway_event
from tests.cloud import Cloud, Response, cloud
from tests.connection.servers import Behaviour, ReceivedRequest, Reply, Server

__all__ = ["cloud"]

NEW_KEY = "sk-fake-new-key-not-a-key"


@pytest.fixture(autouse=True)
def allow_loopback(cloud: Cloud) -> None:
    """Allow connections to loopback."""
    cloud.variables["ALLOWED_PRIVATE_HOSTS"] = "127.0.0.1"
    cloud.keys.add(NEW_KEY)


def accepting(key: str) -> Behaviour:
    """Behave like a provider that accepts one key."""

    def behave(request: ReceivedRequest) -> Reply:
        if request.headers.get("authorization") != f"Bearer {key}":
            return Reply.from_json({"error": {"message": f"Wrong: {request.headers.get('authorization')}"}}, 401)
        return Reply.from_json({"data": []} if request.method == "GET" else {"choices": []})

    return behave


def create(cloud: Cloud, **changes: Any) -> str:
    integration_id: str = cloud.api(gateway_event(create_body(api_key=API_KEY, **changes))).body["id"]
    return integration_id


def settings_for(server: Server) -> dict[str, Any]:
    return {"provider": "custom", "base_url": server.url(), "model_names": ["m-1"], "headers": {"X-Team": "fake-value"}}


def rotate(cloud: Cloud, integration_id: str) -> Response:
    """Rotate twice: first to capture the API's request to verify_key, then with the real response of verify_key."""
    path = f"/v2/ai-integrations/{integration_id}/key-rotations"
    rotation = gateway_event({"api_key": NEW_KEY, "verify": True}, path=path)
    respond_to_verification(cloud, {"refusal": "Not verified yet."})
    assert cloud.api(rotation).status == 422
    [request] = cloud.verify_requests
    respond_to_verification(cloud, cloud.function("verify_key")(json.loads(ast.literal_eval(request))))
    return cloud.api(rotation)


def respond_to_verification(cloud: Cloud, response: dict[str, Any]) -> None:
    cloud.respond("lambda:Invoke", {"StatusCode": 200, "Payload": BytesIO(json.dumps(response).encode())})


def test_rotation_with_verify_stores_key_that_provider_accepts(cloud: Cloud, server: Server) -> None:
    server.behave = accepting(NEW_KEY)
    assert rotate(cloud, create(cloud, **settings_for(server))).status == 200
    assert cloud.referenced_key() == NEW_KEY
    assert server.received[0].headers["x-team"] == "fake-value"
    assert json.loads(server.received[-1].body)["model"] == "m-1"


def test_rotation_with_verify_returns_422_if_provider_rejects_key(cloud: Cloud, server: Server) -> None:
    server.behave = accepting(API_KEY)
    response = rotate(cloud, create(cloud, **settings_for(server)))
    assert (response.status, response.pointers) == (422, ["/api_key"])
    assert "Wrong: Bearer [redacted]" in response.body["detail"]
    assert cloud.referenced_key() == API_KEY


def test_rotation_with_verify_returns_422_if_key_is_not_proved(cloud: Cloud, server: Server) -> None:
    """The server needs no key at all."""
    server.behave = lambda request: Reply.from_json({"data": []} if request.method == "GET" else {"choices": []})
    response = rotate(cloud, create(cloud, **settings_for(server)))
    assert response.status == 422
    assert "also lists its models without the credentials" in response.body["detail"]


def test_rotation_with_verify_returns_422_for_role_provider(cloud: Cloud) -> None:
    metadata = {"role_arn": "arn:aws:iam::123456789012:role/llm", "external_id": "fake-external-id"}
    response = rotate(cloud, create(cloud, provider="awsBedrock", provider_metadata=metadata))
    assert response.status == 422
    assert "IAM role instead of a key" in response.body["detail"]


def test_verify_key_makes_no_aws_calls(cloud: Cloud, server: Server) -> None:
    server.behave = accepting(NEW_KEY)
    rotate(cloud, create(cloud, **settings_for(server)))
    request = cloud.verify_requests[0]
    cloud.calls.clear()
    cloud.function("verify_key")(json.loads(ast.literal_eval(request)))
    assert cloud.calls == []


def test_verification_that_fails_is_an_error_and_no_refusal_of_the_key(cloud: Cloud, server: Server) -> None:
    rotate(cloud, create(cloud, **settings_for(server)))
    request = json.loads(ast.literal_eval(cloud.verify_requests[0]))
    request["integration"]["provider"] = "UNKNOWN"
    with pytest.raises(LoggedError):
        cloud.function("verify_key")(request)


def test_verify_key_hides_malformed_request_from_error(cloud: Cloud) -> None:
    with pytest.raises(LoggedError):
        cloud.function("verify_key")({"integration": {"name": NEW_KEY}, "api_key": NEW_KEY})
