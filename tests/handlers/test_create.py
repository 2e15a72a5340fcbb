"""`POST /v2/ai-integrations`: what the caller sees, and what is in AWS afterwards."""

import base64
import re
from typing import Any

import pytest

from ai_integrations.domain.model import Membership, Role
from tests.builders import API_KEY, a_caller, an_event, create_body, gateway_event
from tests.cloud import Cloud

MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z")
ROLE = {"role_arn": "arn:aws:iam::123456789012:role/Bedrock"}
PROJECT = {"project_id": "p", "location": "europe-west3", "project_access_label": "team"}


def test_answers_the_founding_example_with_its_fields_and_defaults(cloud: Cloud) -> None:
    answer = cloud.api(an_event("create_openai"))
    body = answer.body
    ulid = base64.b64decode(body["id"]).decode().removeprefix("AiIntegration:1:")
    assert answer.status == 201
    assert answer.headers == {
        "content-type": "application/json",
        "location": f"/live/v2/ai-integrations/{body['id']}",
        "etag": f'"{ulid}.1"',
    }
    assert MOMENT.fullmatch(body["created_at"])
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


def test_keeps_the_key_in_a_secret_and_its_place_in_the_table(cloud: Cloud) -> None:
    cloud.api(gateway_event(create_body(api_key=API_KEY)))
    [item] = cloud.items("INTEGRATION#")
    [secret] = cloud.secrets()
    assert cloud.stored_keys() == [API_KEY]
    assert item["secret_arn"] == {"S": secret["ARN"]}
    assert item["secret_version"]["S"] in secret["SecretVersionsToStages"]
    assert secret["Name"].endswith(f"/acme/{item['id']['S']}")
    assert secret["KmsKeyId"].endswith(":Key")


def test_keeps_no_secret_without_a_key(cloud: Cloud) -> None:
    answer = cloud.api(gateway_event(create_body()))
    assert answer.body["has_api_key"] is False
    assert cloud.secrets() == []
    assert "secret_arn" not in cloud.items("INTEGRATION#")[0]


def test_shows_every_optional_field_that_was_given(cloud: Cloud) -> None:
    given = {
        "base_url": "https://example.com/v1",
        "model_names": ["m"],
        "headers": {"X-Team": "search"},
        "auth_type": "proxy_with_headers",
        "function_calling_enabled": False,
        "scopings": [{"organization_id": "o", "space_id": "s"}],
    }
    answer = cloud.api(gateway_event(create_body(**given)))
    assert {name: answer.body[name] for name in given} == given


@pytest.mark.parametrize(
    ("given", "shown"),
    [
        ({"provider": "awsBedrock", "provider_metadata": ROLE}, {"kind": "aws", **ROLE}),
        ({"provider": "AWS_BEDROCK", "provider_metadata": ROLE}, {"kind": "AWS", **ROLE}),
        ({"provider": "vertexAI", "provider_metadata": {**PROJECT, "kind": "GCP"}}, {"kind": "gcp", **PROJECT}),
    ],
)
def test_answers_in_the_spelling_of_the_body(cloud: Cloud, given: dict[str, Any], shown: dict[str, str]) -> None:
    headers: dict[str, str | None] = {"sdk-language": "python", "sdk-version": "8.40.0"}
    answer = cloud.api(gateway_event(create_body(**given), headers=headers))
    assert answer.body["provider"] == given["provider"]
    assert answer.body["provider_metadata"] == shown


def test_refuses_a_taken_name_whatever_its_case(cloud: Cloud) -> None:
    cloud.api(gateway_event(create_body(name="Production")))
    answer = cloud.api(gateway_event(create_body(name=" PRODUCTION ", api_key=API_KEY)))
    assert (answer.status, answer.pointers) == (409, [])
    assert len(cloud.items("INTEGRATION#")) == 1
    assert cloud.secrets() == []


def test_lets_two_accounts_use_one_name(cloud: Cloud) -> None:
    events = [gateway_event(create_body(), caller=a_caller(account=account)) for account in ("acme", "other")]
    assert [cloud.api(event).status for event in events] == [201, 201]


@pytest.mark.parametrize(
    ("body", "status", "pointers"),
    [
        ({"name": "My Integration"}, 400, ["/provider"]),
        ("{", 400, [""]),
        ("", 400, [""]),
        ([], 400, [""]),
        (create_body(api_kee=API_KEY), 400, ["/api_kee"]),
        (create_body(**{API_KEY: "x"}), 400, [""]),
        (create_body(api_key={"value": API_KEY}), 400, ["/api_key"]),
        (create_body(provider="awsBedrock"), 422, ["/provider_metadata/role_arn"]),
        (create_body(provider="openAI", provider_metadata={"role_arn": "x"}), 422, ["/provider_metadata"]),
        (create_body(base_url="http://169.254.169.254/"), 422, ["/base_url"]),
        (create_body(api_key="sk-****ef"), 422, ["/api_key"]),
        (create_body(headers={"X": "a\r\nb"}), 422, ["/headers"]),
        (
            create_body(provider="vertexAI", api_key=API_KEY),
            422,
            [f"/provider_metadata/{each}" for each in ("location", "project_access_label", "project_id")],
        ),
    ],
)
def test_refuses_a_body_and_points_at_its_faults(cloud: Cloud, body: object, status: int, pointers: list[str]) -> None:
    answer = cloud.api(gateway_event(body))
    assert (answer.status, answer.pointers) == (status, pointers)
    assert answer.body["instance"] == gateway_event()["requestContext"]["requestId"]
    assert cloud.calls == []


def test_refuses_another_media_type(cloud: Cloud) -> None:
    answer = cloud.api(gateway_event(headers={"Content-Type": "text/plain"}))
    assert (answer.status, answer.pointers) == (415, [])


MEMBER = a_caller(role=Role.MEMBER, memberships=(Membership(space_id="s", admin=True),))


@pytest.mark.parametrize(
    ("caller", "scopings", "status"),
    [
        (a_caller(role=Role.ADMIN), [], 201),
        (a_caller(role=Role.READER), [], 403),
        (a_caller(role=Role.READER), [{"space_id": "s"}], 403),
        (MEMBER, [{"space_id": "s"}], 201),
        (MEMBER, [{"space_id": "t"}], 403),
        (MEMBER, [], 403),
    ],
)
def test_lets_callers_create_where_they_may(cloud: Cloud, caller: Any, scopings: list[Any], status: int) -> None:
    answer = cloud.api(gateway_event(create_body(scopings=scopings, api_key=API_KEY), caller=caller))
    assert answer.status == status
    assert len(cloud.items("INTEGRATION#")) == len(cloud.secrets()) == (1 if status == 201 else 0)


def send(cloud: Cloud, key: str, **changes: Any) -> Any:
    return cloud.api(gateway_event(create_body(**changes), headers={"Idempotency-Key": key}))


def test_gives_a_repeated_request_the_first_answer(cloud: Cloud) -> None:
    first, second = (send(cloud, "request-1", api_key=API_KEY) for _ in range(2))
    assert (second.status, second.body, second.headers) == (201, first.body, first.headers)
    assert len(cloud.secrets()) == 1


def test_refuses_an_idempotency_key_with_another_body(cloud: Cloud) -> None:
    send(cloud, "request-1")
    assert send(cloud, "request-1", name="Another").status == 422
    assert send(cloud, "request-2", name="Another").status == 201
    assert send(cloud, "with blank", name="A third").status == 400


def test_reads_a_body_that_the_gateway_has_encoded(cloud: Cloud) -> None:
    event = gateway_event()
    encoded = base64.b64encode(event["body"].encode()).decode()
    assert cloud.api(event | {"body": encoded, "isBase64Encoded": True}).status == 201


def test_logs_each_outcome_once_without_anything_of_the_body(cloud: Cloud) -> None:
    cloud.api(gateway_event(create_body(name="Named", headers={"X-Secret": "hidden"}, api_key=API_KEY)))
    cloud.api(gateway_event(create_body(name="Named")))
    created, refused = cloud.log()
    assert (created["message"], refused["message"]) == ("integration created", "request refused")
    assert created["integration_id"] in cloud.items("INTEGRATION#")[0]["sk"]["S"]
    assert (refused["error"], refused["status"]) == ("NameTakenError", 409)
    assert "Named" not in cloud.written.getvalue()
    assert "hidden" not in cloud.written.getvalue()


@pytest.mark.parametrize(("method", "path"), [("POST", "/v2/nothing"), ("GET", "/")])
def test_has_a_problem_document_for_what_it_does_not_route(cloud: Cloud, method: str, path: str) -> None:
    answer = cloud.api(gateway_event(method=method, path=path))
    assert (answer.status, answer.pointers) == (404, [])
