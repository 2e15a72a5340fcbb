"""A stored key or stored headers never follow a change of their destination: by API, event or CloudFormation."""

from typing import Any

import pytest

from ai_integrations.domain.model import Caller, Membership, Role
from tests.builders import API_KEY, a_caller, create_body, gateway_event, the_stacks
from tests.cloud import Cloud, Response
from tests.event_subscriber import Subscriber
from tests.handlers.test_custom_resource import a_request as a_stack_request
from tests.handlers.test_custom_resource import resource_properties
from tests.handlers.test_provision import a_request
from tests.messaging import Requests
from tests.response_bucket import SIGNATURE, Bucket, bucket

__all__ = ["bucket"]

NEW_KEY = "sk-fake-new-key-not-a-key"
GATEWAY = "https://gateway.example.com/team-a/v1"
PROJECT = {"project_id": "search", "location": "europe-west3", "project_access_label": "team"}
ADMIN = a_caller()
MEMBER = a_caller(role=Role.MEMBER, memberships=(Membership(space_id="s", admin=True),))
SPACE = {"scopings": [{"space_id": "s"}]}
CUSTOM = {"provider": "custom", "base_url": GATEWAY, "headers": {"X-Team": "a"}}
VERTEX = {"provider": "vertexAI", "provider_metadata": PROJECT}
REDIRECTIONS = [
    pytest.param(CUSTOM, {"provider": "LITELLM"}, id="provider"),
    pytest.param(CUSTOM, {"base_url": "https://evil.example.com/team-a/v1"}, id="host"),
    pytest.param(CUSTOM, {"base_url": "https://gateway.example.com/team-b/v1"}, id="path"),
    pytest.param(CUSTOM, {"base_url": "https://gateway.example.com:8443/team-a/v1"}, id="port"),
    pytest.param(CUSTOM, {"base_url": None}, id="no base_url"),
    pytest.param(CUSTOM, {"headers": {"X-Team": "a", "X-New": "b"}}, id="added header"),
    pytest.param(
        {**CUSTOM, "headers": {"Helicone-Target-URL": "https://a.example.com"}},
        {"headers": {"Helicone-Target-URL": "https://evil.example.com"}},
        id="header that names a destination",
    ),
    pytest.param(VERTEX, {"provider_metadata": PROJECT | {"location": "us-central1"}}, id="location"),
    pytest.param(VERTEX, {"provider_metadata": PROJECT | {"project_id": "other"}}, id="project"),
]


def create(cloud: Cloud, **changes: Any) -> str:
    response = cloud.api(gateway_event(create_body(**{"api_key": API_KEY, **SPACE, **changes})))
    assert response.status == 201
    integration_id: str = response.body["id"]
    return integration_id


def call(cloud: Cloud, method: str, integration_id: str, body: object = None, **parts: Any) -> Response:
    return cloud.api(gateway_event(body, method=method, path=f"/v2/ai-integrations/{integration_id}", **parts))


@pytest.mark.parametrize("caller", [ADMIN, MEMBER], ids=["admin", "member"])
@pytest.mark.parametrize(("created", "change"), REDIRECTIONS)
def test_update_that_redirects_a_stored_key_needs_the_key_again(
    cloud: Cloud, created: dict[str, Any], change: dict[str, Any], caller: Caller
) -> None:
    cloud.keys.add(NEW_KEY)
    integration_id = create(cloud, **created)
    before = call(cloud, "GET", integration_id)
    rejected = call(cloud, "PATCH", integration_id, change, caller=caller)
    assert (rejected.status, rejected.pointers) == (422, ["/api_key"])
    assert call(cloud, "GET", integration_id) == before
    assert call(cloud, "PATCH", integration_id, {**change, "api_key": NEW_KEY}, caller=caller).status == 200
    assert cloud.referenced_key() == NEW_KEY


def test_update_that_redirects_may_remove_the_key(cloud: Cloud) -> None:
    integration_id = create(cloud)
    change = {"base_url": "https://elsewhere.example.com", "api_key": None}
    assert call(cloud, "PATCH", integration_id, change).body["has_api_key"] is False


@pytest.mark.parametrize(
    "change",
    [
        pytest.param({"headers": {"X-Team": "b"}}, id="other value of a header"),
        pytest.param({"headers": None}, id="no headers"),
        pytest.param({"base_url": "https://GATEWAY.example.com:443/team-a/v1/"}, id="another notation of base_url"),
        pytest.param({"auth_type": "bearer_token"}, id="auth type"),
        pytest.param({"name": "Renamed", "model_names": ["m"]}, id="other settings"),
    ],
)
def test_update_that_redirects_nothing_keeps_the_key(cloud: Cloud, change: dict[str, Any]) -> None:
    integration_id = create(cloud, **CUSTOM)
    response = call(cloud, "PATCH", integration_id, change)
    assert (response.status, response.body["has_api_key"]) == (200, True)
    assert cloud.referenced_key() == API_KEY


@pytest.mark.parametrize(
    "created",
    [
        pytest.param({}, id="own address"),
        pytest.param({**CUSTOM, "headers": {"X-Team": "a", "X-Target-URL": "https://a.example.com"}}, id="headers"),
        pytest.param({**CUSTOM, "api_key": ..., "auth_type": "proxy_with_headers"}, id="headers without a key"),
        pytest.param(VERTEX, id="Google Cloud"),
        pytest.param({"provider": "LITELLM", "base_url": GATEWAY}, id="later provider"),
        pytest.param({"base_url": "https://api.openai.com:443/v1/"}, id="own address given explicitly"),
    ],
)
@pytest.mark.parametrize("version", ["8.39.0", "8.40.0", "8.50.0", "8.61.0"])
def test_update_with_everything_that_a_client_has_read_is_accepted(
    cloud: Cloud, created: dict[str, Any], version: str
) -> None:
    client = {"sdk-language": "python", "sdk-version": version}
    integration_id = create(cloud, **created)
    read = call(cloud, "GET", integration_id, headers=client)
    unchangeable = {"id", "has_api_key", "created_at", "updated_at", "created_by_user_id"}
    echo = {name: value for name, value in read.body.items() if name not in unchangeable}
    if "headers" in echo:
        echo["headers"] = dict(reversed(echo["headers"].items()))
    response = call(cloud, "PATCH", integration_id, echo, headers=client)
    assert response.status == 200
    assert {**response.body, "updated_at": read.body["updated_at"]} == read.body


@pytest.mark.parametrize("more", [{"api_key": ...}, {"auth_type": "proxy_with_headers"}], ids=["no key", "proxy"])
def test_update_of_the_host_needs_headers_that_are_credentials_again(cloud: Cloud, more: dict[str, Any]) -> None:
    headers = {"headers": {"Authorization": "Bearer fake-proxy-credential"}}
    integration_id = create(cloud, **(CUSTOM | headers | more))
    key = {} if "api_key" in more else {"api_key": API_KEY}
    other_host = {"base_url": "https://elsewhere.example.com/v1", **key}
    rejected = call(cloud, "PATCH", integration_id, other_host)
    assert (rejected.status, rejected.pointers) == (422, ["/headers"])
    assert "fake-proxy-credential" not in rejected.text
    assert call(cloud, "PATCH", integration_id, {**other_host, **headers}).status == 200
    removed = call(cloud, "PATCH", integration_id, {"base_url": GATEWAY, **key, "headers": None})
    assert (removed.status, "headers" in removed.body) == (200, False)


def test_previous_key_cannot_be_read_after_its_integration_moved(cloud: Cloud) -> None:
    cloud.keys.add(NEW_KEY)
    integration_id = create(cloud, scopings=[{}])
    path = f"/v2/ai-integrations/{integration_id}/key-rotations"
    rotated = cloud.api(gateway_event({"api_key": NEW_KEY, "grace_seconds": 3600}, path=path)).body
    request = {"account": "acme", "integration": integration_id, "consumer": "billing-job"}
    previous = {**request, "key_version": rotated["former_key_version"]}
    resolve = cloud.function("credentials")
    assert resolve(previous)["api_key"] == API_KEY
    moved = {"base_url": "https://elsewhere.example.com", "api_key": NEW_KEY}
    assert call(cloud, "PATCH", integration_id, moved).status == 200
    assert resolve(previous)["problem"]["status"] == 409
    assert resolve(request)["api_key"] == NEW_KEY
    assert cloud.api(gateway_event(None, path=f"{path}/rollback")).status == 409


@pytest.mark.parametrize(("created", "change"), REDIRECTIONS)
def test_event_that_redirects_a_stored_key_is_rejected(
    cloud: Cloud, requests: Requests, bus: Subscriber, created: dict[str, Any], change: dict[str, Any]
) -> None:
    integration_id = create(cloud, **created)
    requests.send(a_request("Update", id=integration_id, integration=change))
    requests.deliver()
    [outcome] = bus.receive()
    assert outcome.detail["problem"]["errors"][0]["pointer"] == "/integration/api_key"
    requests.send(
        a_request(
            "Update", request_id="request-2", id=integration_id, integration={**change, "api_key_secret_arn": None}
        )
    )
    requests.deliver()
    assert [each.detail_type for each in bus.receive()] == ["AI Integration Update Succeeded"]


def test_event_that_moves_headers_without_a_key_must_contain_them(
    cloud: Cloud, requests: Requests, bus: Subscriber
) -> None:
    integration_id = create(cloud, **CUSTOM, api_key=...)
    other_host = {"base_url": "https://elsewhere.example.com/v1"}
    requests.send(a_request("Update", id=integration_id, integration=other_host))
    requests.deliver()
    assert bus.receive()[0].detail["problem"]["errors"][0]["pointer"] == "/integration/headers"
    repeated = {**other_host, "headers": CUSTOM["headers"]}
    requests.send(a_request("Update", request_id="request-2", id=integration_id, integration=repeated))
    requests.deliver()
    assert [each.detail_type for each in bus.receive()] == ["AI Integration Update Succeeded"]


def update_by_stack(cloud: Cloud, bucket: Bucket, integration_id: str, before: Any, after: Any) -> dict[str, Any]:
    identity = {"PhysicalResourceId": integration_id, "OldResourceProperties": resource_properties(**before)}
    cloud.function("custom_resource")(a_stack_request(bucket, "Update", resource_properties(**after), **identity))
    response: dict[str, Any] = bucket.responses()[-1]
    return response


@pytest.mark.parametrize(("created", "change"), REDIRECTIONS)
def test_stack_update_that_redirects_a_stored_key_fails_and_rolls_back(
    cloud: Cloud, bucket: Bucket, created: dict[str, Any], change: dict[str, Any]
) -> None:
    cloud.keys.add(SIGNATURE)
    cloud.register(the_stacks())
    integration_id = create(cloud, **created, scopings=[{}])
    before = call(cloud, "GET", integration_id)
    response = update_by_stack(cloud, bucket, integration_id, created, created | change)
    assert (response["Status"], "/api_key: " in response["Reason"]) == ("FAILED", True)
    assert update_by_stack(cloud, bucket, integration_id, created | change, created)["Status"] == "SUCCESS"
    assert call(cloud, "GET", integration_id) == before


def test_stack_update_of_the_host_declares_the_headers_again(cloud: Cloud, bucket: Bucket) -> None:
    cloud.keys.add(SIGNATURE)
    cloud.register(the_stacks())
    integration_id = create(cloud, **CUSTOM, api_key=..., scopings=[{}])
    moved = CUSTOM | {"base_url": "https://elsewhere.example.com/v1"}
    assert update_by_stack(cloud, bucket, integration_id, CUSTOM, moved)["Status"] == "SUCCESS"
    assert call(cloud, "GET", integration_id).body["headers"] == CUSTOM["headers"]
