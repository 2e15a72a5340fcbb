"""`POST /v2/ai-integrations`: the response, and the state of DynamoDB and Secrets Manager afterwards."""

import base64
import re
from typing import Any

import pytest

from ai_integrations.domain.model import Membership, Role
from tests.builders import API_KEY, a_caller, an_event, create_body, gateway_event
from tests.cloud import Cloud, Response

TIMESTAMP = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z")
ROLE = {"role_arn": "arn:aws:iam::123456789012:role/Bedrock"}
PROJECT = {"project_id": "p", "location": "europe-west3", "project_access_label": "team"}


def test_create_with_the_sample_event_returns_all_fields_with_defaults(cloud: Cloud) -> None:
    response = cloud.api(an_event("create_openai"))
    body = response.body
    ulid = base64.b64decode(body["id"]).decode().removeprefix("AiIntegration:1:")
    assert response.status == 201
    assert response.headers == {
        "content-type": "application/json",
        "location": f"/live/v2/ai-integrations/{body['id']}",
        "etag": f'"{ulid}.1"',
        "cache-control": "no-store",
        "x-content-type-options": "nosniff",
    }
    assert TIMESTAMP.fullmatch(body["created_at"])
    assert body == {
        "id": body["id"],
        "name": "Production OpenAI",
        "provider": "openAI",
        "has_api_key": True,
        "model_names": ["gpt-4", "gpt-4o"],
        "enable_default_models": True,
        "function_calling_enabled": True,
        "auth_type": "default",
        "scopings": [{}],
        "created_at": body["created_at"],
        "updated_at": body["created_at"],
        "created_by_user_id": base64.b64encode(b"User:alice").decode(),
    }


def test_create_with_a_key_stores_it_in_a_secret_that_the_item_references(cloud: Cloud) -> None:
    cloud.api(gateway_event(create_body(api_key=API_KEY)))
    [item] = cloud.items("INTEGRATION#")
    [secret] = cloud.secrets()
    assert cloud.stored_keys() == [API_KEY]
    assert item["secret_arn"] == {"S": secret["ARN"]}
    assert item["secret_version"]["S"] in secret["SecretVersionsToStages"]
    assert secret["Name"].endswith(f"/acme/{item['id']['S']}")
    assert secret["KmsKeyId"].endswith(":Key")


def test_create_without_a_key_stores_no_secret(cloud: Cloud) -> None:
    response = cloud.api(gateway_event(create_body()))
    assert response.body["has_api_key"] is False
    assert cloud.secrets() == []
    assert "secret_arn" not in cloud.items("INTEGRATION#")[0]


def test_create_with_optional_fields_returns_them(cloud: Cloud) -> None:
    optional = {
        "base_url": "https://example.com/v1",
        "model_names": ["m"],
        "headers": {"X-Team": "search"},
        "auth_type": "proxy_with_headers",
        "function_calling_enabled": False,
        "scopings": [{"organization_id": "o", "space_id": "s"}],
    }
    response = cloud.api(gateway_event(create_body(**optional)))
    assert {name: response.body[name] for name in optional} == optional


@pytest.mark.parametrize(
    ("body", "metadata"),
    [
        pytest.param({"provider": "awsBedrock", "provider_metadata": ROLE}, {"kind": "aws", **ROLE}, id="lower case"),
        pytest.param({"provider": "AWS_BEDROCK", "provider_metadata": ROLE}, {"kind": "AWS", **ROLE}, id="upper case"),
        pytest.param(
            {"provider": "vertexAI", "provider_metadata": {**PROJECT, "kind": "GCP"}},
            {"kind": "gcp", **PROJECT},
            id="lower case, upper case kind",
        ),
    ],
)
def test_create_returns_enum_values_in_the_spelling_of_the_request_body(
    cloud: Cloud, body: dict[str, Any], metadata: dict[str, str]
) -> None:
    headers: dict[str, str | None] = {"sdk-language": "python", "sdk-version": "8.40.0"}
    response = cloud.api(gateway_event(create_body(**body), headers=headers))
    assert response.body["provider"] == body["provider"]
    assert response.body["provider_metadata"] == metadata


def test_create_with_a_taken_name_in_another_case_returns_409(cloud: Cloud) -> None:
    cloud.api(gateway_event(create_body(name="Production")))
    response = cloud.api(gateway_event(create_body(name=" PRODUCTION ", api_key=API_KEY)))
    assert (response.status, response.pointers) == (409, [])
    assert len(cloud.items("INTEGRATION#")) == 1
    assert cloud.secrets() == []


def test_create_with_a_name_of_another_account_succeeds(cloud: Cloud) -> None:
    events = [gateway_event(create_body(), caller=a_caller(account=account)) for account in ("acme", "other")]
    assert [cloud.api(event).status for event in events] == [201, 201]


@pytest.mark.parametrize(
    ("body", "status", "pointers"),
    [
        pytest.param({"name": "My Integration"}, 400, ["/provider"], id="required field missing"),
        pytest.param("{", 400, [""], id="no JSON"),
        pytest.param("", 400, [""], id="empty"),
        pytest.param([], 400, [""], id="no object"),
        pytest.param(create_body(api_kee=API_KEY), 400, ["/api_kee"], id="unknown field"),
        pytest.param(create_body(**{API_KEY: "x"}), 400, [""], id="unknown field named like a key"),
        pytest.param(create_body(api_key={"value": API_KEY}), 400, ["/api_key"], id="key not a string"),
        pytest.param(create_body(provider="awsBedrock"), 422, ["/provider_metadata/role_arn"], id="role missing"),
        pytest.param(
            create_body(provider="openAI", provider_metadata={"role_arn": "x"}),
            422,
            ["/provider_metadata"],
            id="metadata of another provider",
        ),
        pytest.param(create_body(base_url="http://169.254.169.254/"), 422, ["/base_url"], id="private host"),
        pytest.param(create_body(base_url="https://api.openai.com/v1?a=b"), 422, ["/base_url"], id="query in base_url"),
        pytest.param(create_body(api_key="sk-****ef"), 422, ["/api_key"], id="masked key"),
        pytest.param(create_body(api_key="<your-api-key>"), 422, ["/api_key"], id="placeholder"),
        pytest.param(create_body(api_key=f"{API_KEY}\n{API_KEY}"), 422, ["/api_key"], id="line break in a key"),
        pytest.param(create_body(api_key='{"private_key": "fake"}'), 422, ["/api_key"], id="JSON key"),
        pytest.param(create_body(headers={"X": "a\r\nb"}), 422, ["/headers"], id="line break in a header"),
        pytest.param(create_body(headers={"host": "evil.example"}), 422, ["/headers"], id="reserved header"),
        pytest.param(create_body(name="Prod\u200buction"), 422, ["/name"], id="invisible character"),
        pytest.param(create_body(model_names=["gpt-4o "]), 422, ["/model_names/0"], id="blank after a model name"),
        pytest.param(
            create_body(provider="awsBedrock", provider_metadata={"role_arn": "Bedrock"}),
            422,
            ["/provider_metadata/role_arn"],
            id="no ARN of a role",
        ),
        pytest.param(
            create_body(provider="vertexAI", provider_metadata={**PROJECT, "location": "evil.example/"}),
            422,
            ["/provider_metadata/location"],
            id="no location",
        ),
        pytest.param(
            create_body(provider="vertexAI", api_key=API_KEY),
            422,
            [f"/provider_metadata/{each}" for each in ("location", "project_access_label", "project_id")],
            id="project missing",
        ),
    ],
)
def test_create_with_an_invalid_body_points_to_the_invalid_fields(
    cloud: Cloud, body: object, status: int, pointers: list[str]
) -> None:
    response = cloud.api(gateway_event(body))
    assert (response.status, response.pointers) == (status, pointers)
    assert response.body["instance"] == gateway_event()["requestContext"]["requestId"]
    assert cloud.calls == []


def test_create_with_another_media_type_returns_415(cloud: Cloud) -> None:
    response = cloud.api(gateway_event(headers={"Content-Type": "text/plain"}))
    assert (response.status, response.pointers) == (415, [])


SPACE_ADMIN = a_caller(role=Role.MEMBER, memberships=(Membership(space_id="s", admin=True),))


@pytest.mark.parametrize(
    ("caller", "scopings", "status"),
    [
        pytest.param(a_caller(role=Role.ADMIN), [], 201, id="admin, whole account"),
        pytest.param(a_caller(role=Role.READER), [], 403, id="reader, whole account"),
        pytest.param(a_caller(role=Role.READER), [{"space_id": "s"}], 403, id="reader, a space"),
        pytest.param(SPACE_ADMIN, [{"space_id": "s"}], 201, id="space admin, own space"),
        pytest.param(SPACE_ADMIN, [{"space_id": "t"}], 403, id="space admin, another space"),
        pytest.param(SPACE_ADMIN, [], 403, id="space admin, whole account"),
    ],
)
def test_create_is_allowed_only_where_the_caller_is_an_admin(
    cloud: Cloud, caller: Any, scopings: list[Any], status: int
) -> None:
    response = cloud.api(gateway_event(create_body(scopings=scopings, api_key=API_KEY), caller=caller))
    assert response.status == status
    assert len(cloud.items("INTEGRATION#")) == len(cloud.secrets()) == (1 if status == 201 else 0)


def create_with_idempotency_key(cloud: Cloud, key: str, **changes: Any) -> Response:
    return cloud.api(gateway_event(create_body(**changes), headers={"Idempotency-Key": key}))


def test_create_retried_with_the_same_idempotency_key_returns_the_original_response(cloud: Cloud) -> None:
    first, second = (create_with_idempotency_key(cloud, "request-1", api_key=API_KEY) for _ in range(2))
    assert (second.status, second.body, second.headers) == (201, first.body, first.headers)
    assert len(cloud.secrets()) == 1


def test_create_with_a_used_idempotency_key_and_another_body_returns_422(cloud: Cloud) -> None:
    create_with_idempotency_key(cloud, "request-1")
    assert create_with_idempotency_key(cloud, "request-1", name="Another").status == 422
    assert create_with_idempotency_key(cloud, "request-2", name="Another").status == 201


@pytest.mark.parametrize("key", ["sk-fake-other-key", None])
def test_create_with_a_used_idempotency_key_and_another_api_key_returns_422(cloud: Cloud, key: str | None) -> None:
    create_with_idempotency_key(cloud, "request-1", api_key=API_KEY)
    response = create_with_idempotency_key(cloud, "request-1", api_key=key)
    assert (response.status, response.pointers) == (422, [])
    assert cloud.stored_keys() == [API_KEY]


def test_create_with_a_malformed_idempotency_key_returns_400(cloud: Cloud) -> None:
    assert create_with_idempotency_key(cloud, "with blank").status == 400


def test_create_with_a_base64_encoded_body_succeeds(cloud: Cloud) -> None:
    event = gateway_event()
    encoded = base64.b64encode(event["body"].encode()).decode()
    assert cloud.api(event | {"body": encoded, "isBase64Encoded": True}).status == 201


def test_create_logs_each_outcome_once_and_nothing_of_the_body(cloud: Cloud) -> None:
    cloud.api(gateway_event(create_body(name="Named", headers={"X-Secret": "hidden"}, api_key=API_KEY)))
    cloud.api(gateway_event(create_body(name="Named")))
    created, rejected = cloud.log()
    assert (created["message"], rejected["message"]) == ("integration created", "request rejected")
    assert created["integration_id"] in cloud.items("INTEGRATION#")[0]["sk"]["S"]
    assert (rejected["error"], rejected["status"]) == ("NameTakenError", 409)
    assert "Named" not in cloud.written.getvalue()
    assert "hidden" not in cloud.written.getvalue()
