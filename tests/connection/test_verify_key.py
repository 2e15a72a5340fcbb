"""A rotation that verifies: the API's question, tried over a real connection, and what comes of the answer."""

import ast
import json
from io import BytesIO
from typing import Any

import pytest

from ai_integrations.observability import LoggedError
from tests.builders import API_KEY, create_body, gateway_event
from tests.cloud import Cloud, Response, cloud
from tests.connection.servers import Behaviour, Received, Reply, Server

__all__ = ["cloud"]

NEW_KEY = "sk-fake-new-key-not-a-key"


@pytest.fixture(autouse=True)
def allowed_loopback(cloud: Cloud) -> None:
    """Allow loopback."""
    cloud.variables["ALLOWED_PRIVATE_HOSTS"] = "127.0.0.1"
    cloud.keys.add(NEW_KEY)


def taking(key: str) -> Behaviour:
    """Behave as a provider that takes one key."""

    def behave(got: Received) -> Reply:
        if got.headers.get("authorization") != f"Bearer {key}":
            return Reply.of({"error": {"message": f"Wrong: {got.headers.get('authorization')}"}}, 401)
        return Reply.of({"data": []} if got.method == "GET" else {"choices": []})

    return behave


def create(cloud: Cloud, **changes: Any) -> str:
    integration_id: str = cloud.api(gateway_event(create_body(api_key=API_KEY, **changes))).body["id"]
    return integration_id


def at(server: Server) -> dict[str, Any]:
    return {"provider": "custom", "base_url": server.url(), "model_names": ["m-1"], "headers": {"X-Team": "fake-value"}}


def rotate(cloud: Cloud, integration_id: str) -> Response:
    """Rotate with the API's question carried to the function that tries, and its answer back."""
    path = f"/v2/ai-integrations/{integration_id}/key-rotations"
    rotation = gateway_event({"api_key": NEW_KEY, "verify": True}, path=path)
    carry(cloud, {"refusal": "Not asked yet."})
    assert cloud.api(rotation).status == 422
    [question] = cloud.verify_requests
    carry(cloud, cloud.function("verify_key")(json.loads(ast.literal_eval(question))))
    return cloud.api(rotation)


def carry(cloud: Cloud, answer: dict[str, Any]) -> None:
    cloud.respond("lambda:Invoke", {"StatusCode": 200, "Payload": BytesIO(json.dumps(answer).encode())})


def test_rotates_to_a_key_that_the_provider_takes(cloud: Cloud, server: Server) -> None:
    server.behave = taking(NEW_KEY)
    assert rotate(cloud, create(cloud, **at(server))).status == 200
    assert cloud.referenced_key() == NEW_KEY
    assert server.received[0].headers["x-team"] == "fake-value"
    assert json.loads(server.received[-1].body)["model"] == "m-1"


def test_keeps_the_key_when_the_provider_refuses_the_new_one(cloud: Cloud, server: Server) -> None:
    server.behave = taking(API_KEY)
    answer = rotate(cloud, create(cloud, **at(server)))
    assert (answer.status, answer.pointers) == (422, ["/api_key"])
    assert "Wrong: Bearer [redacted]" in answer.body["detail"]
    assert cloud.referenced_key() == API_KEY


def test_keeps_the_key_when_nothing_shows_that_the_new_one_is_taken(cloud: Cloud, server: Server) -> None:
    """A server that is open to everybody."""
    server.behave = lambda got: Reply.of({"data": []} if got.method == "GET" else {"choices": []})
    answer = rotate(cloud, create(cloud, **at(server)))
    assert answer.status == 422
    assert "answers without the credentials too" in answer.body["detail"]


def test_keeps_the_key_of_a_provider_that_is_opened_by_a_role(cloud: Cloud) -> None:
    role = {"role_arn": "arn:aws:iam::123456789012:role/llm", "external_id": "fake-external-id"}
    answer = rotate(cloud, create(cloud, provider="awsBedrock", provider_metadata=role))
    assert answer.status == 422
    assert "opened by a role" in answer.body["detail"]


def test_calls_nothing_of_aws(cloud: Cloud, server: Server) -> None:
    server.behave = taking(NEW_KEY)
    rotate(cloud, create(cloud, **at(server)))
    question = cloud.verify_requests[0]
    cloud.calls.clear()
    cloud.function("verify_key")(json.loads(ast.literal_eval(question)))
    assert cloud.calls == []


def test_shows_nothing_of_a_question_that_it_can_not_read(cloud: Cloud) -> None:
    with pytest.raises(LoggedError):
        cloud.function("verify_key")({"integration": {"name": NEW_KEY}, "api_key": NEW_KEY})
