"""Federated integrations by API, event and CloudFormation: who may write one, and that no account can use another's."""

import json
from typing import Any

import pytest

from ai_integrations.contracts import ids
from ai_integrations.domain.model import Caller, Membership, Role
from tests.builders import API_KEY, FEDERATIONS, a_caller, create_body, gateway_event
from tests.cloud import Cloud, Response

ISSUER = "https://fake.tokens.sts.global.api.aws"
SUBJECT = "arn:aws:iam::111122223333:role/ExchangeToken"
ACME, UMBRELLA = a_caller(), a_caller(account="umbrella", user="mallory")
MEMBER = a_caller(role=Role.MEMBER, memberships=(Membership(space_id="s", admin=True),))
READER = a_caller(role=Role.READER, memberships=(Membership(space_id="s"),))
COLLECTION = "/v2/ai-integrations"
# What else the create of each provider needs.
SETTINGS: dict[str, dict[str, Any]] = {
    "AZURE_OPEN_AI": {"base_url": "https://fake.openai.azure.com"},
    "VERTEX_AI": {"provider_metadata": {"project_id": "p", "location": "eu", "project_access_label": "l"}},
    "CUSTOM": {"base_url": "https://llm.example.com/v1"},
    "LITELLM": {"base_url": "https://llm.example.com/v1"},
}


@pytest.fixture
def federated(cloud: Cloud) -> Cloud:
    cloud.variables.update(FEDERATION_ISSUER=ISSUER, FEDERATION_SUBJECT=SUBJECT)
    return cloud


def federation(provider: str = "OPEN_AI", **changes: object) -> dict[str, Any]:
    fields, parameters = FEDERATIONS["CUSTOM" if provider == "LITELLM" else provider]
    return {**fields, **({"parameters": dict(parameters)} if parameters else {}), **changes}


def body_of(provider: str = "OPEN_AI", **changes: Any) -> dict[str, Any]:
    settings = SETTINGS.get(provider, {})
    return create_body(**{"provider": provider, "federation": federation(provider), **settings, **changes})


def create(cloud: Cloud, body: dict[str, Any], caller: Caller = ACME) -> Response:
    return cloud.api(gateway_event(body, caller=caller))


def send(cloud: Cloud, method: str, path: str, body: object = "", caller: Caller = ACME) -> Response:
    return cloud.api(gateway_event(body, method=method, path=f"{COLLECTION}/{path}", caller=caller))


def guards(cloud: Cloud) -> list[str]:
    return [each["account"]["S"] for each in cloud.items("FEDERATION") if "integrations" in each]


@pytest.mark.parametrize("provider", [*FEDERATIONS, "LITELLM"])
class TestImpersonation:
    """Two accounts name the same identity at one provider: only the first can."""

    def test_other_account_can_neither_create_nor_test_nor_patch(self, federated: Cloud, provider: str) -> None:
        created = create(federated, body_of(provider))
        assert created.status == 201
        theirs = create(federated, body_of(provider, federation=..., api_key=API_KEY), UMBRELLA).body["id"]
        draft = gateway_event(body_of(provider), path=f"{COLLECTION}/test", caller=UMBRELLA)
        for rejected in (
            create(federated, body_of(provider, name="Other"), UMBRELLA),
            federated.http("test_connection", draft),
            send(federated, "PATCH", theirs, {"federation": federation(provider)}, UMBRELLA),
        ):
            assert (rejected.status, rejected.body["title"]) == (409, "Resource conflict")
            assert "acme" not in rejected.text
        assert send(federated, "GET", f"{created.body['id']}/federation", caller=UMBRELLA).status == 404
        assert send(federated, "GET", f"{theirs}/federation", caller=UMBRELLA).status == 404

    def test_members_and_readers_of_the_account_cannot_create_patch_or_see_it(
        self, federated: Cloud, provider: str
    ) -> None:
        integration_id = create(federated, body_of(provider, scopings=[{"space_id": "s"}])).body["id"]
        for caller in (MEMBER, READER):
            body = body_of(provider, name="x", scopings=[{"space_id": "s"}])
            assert create(federated, body, caller).status == 403
            for change in (
                {"federation": federation(provider)},
                {"federation": None},
                {"api_key": API_KEY},
                {"base_url": "https://elsewhere.example.com", "federation": federation(provider)},
            ):
                assert send(federated, "PATCH", integration_id, change, caller).status == 403
            assert send(federated, "GET", f"{integration_id}/federation", caller=caller).status == 403
        move = send(federated, "PATCH", integration_id, {"headers": {"X-Target-URL": "https://x"}}, MEMBER)
        assert (move.status, move.pointers) == (422, ["/federation"])
        assert federated.secrets() == []

    def test_view_contains_what_the_provider_must_trust_and_responses_contain_no_federation(
        self, federated: Cloud, provider: str
    ) -> None:
        created = create(federated, body_of(provider)).body
        assert "federation" not in created
        assert created["has_api_key"] is False
        assert "federation" not in send(federated, "GET", created["id"]).body
        view = send(federated, "GET", f"{created['id']}/federation").body
        assert view["federation"] == federation(provider)
        assert (view["issuer"], view["subject"]) == (ISSUER, SUBJECT)
        assert view["audience"]
        claims = view["required_claims"]["https://sts.amazonaws.com/"]
        assert claims["request_tags"] == {"registry_account": "acme", "integration": ids.decode(created["id"])}
        assert claims["aws_account"].isdigit()


@pytest.mark.parametrize("audience", ["https://api.openai.com/v1", "HTTPS://API.ANTHROPIC.COM/", "iam.googleapis.com"])
@pytest.mark.parametrize("provider", ["CUSTOM", "LITELLM"])
def test_reserved_audience_returns_422_in_create_patch_and_test(federated: Cloud, provider: str, audience: str) -> None:
    integration_id = create(federated, body_of(provider, federation=...)).body["id"]
    stolen = federation(provider, audience=audience)
    draft = gateway_event(body_of(provider, federation=stolen), path=f"{COLLECTION}/test")
    for rejected in (
        create(federated, body_of(provider, name="x", federation=stolen)),
        send(federated, "PATCH", integration_id, {"federation": stolen}),
        federated.http("test_connection", draft),
    ):
        assert (rejected.status, rejected.pointers) == (422, ["/federation/audience"])
    assert guards(federated) == []


def test_write_while_federation_is_off_returns_422_with_the_parameter_to_set(cloud: Cloud) -> None:
    integration_id = create(cloud, create_body()).body["id"]
    for rejected in (
        create(cloud, body_of(name="x")),
        send(cloud, "PATCH", integration_id, {"federation": federation()}),
        cloud.http("test_connection", gateway_event(body_of(), path=f"{COLLECTION}/test")),
    ):
        assert (rejected.status, rejected.pointers) == (422, ["/federation"])
        assert "FederationIssuer" in rejected.text


def test_view_of_an_integration_that_is_older_than_switching_off_has_no_issuer(federated: Cloud) -> None:
    integration_id = create(federated, body_of()).body["id"]
    federated.variables.update(FEDERATION_ISSUER="", FEDERATION_SUBJECT="")
    view = send(federated, "GET", f"{integration_id}/federation").body
    assert view.keys() == {"federation", "audience", "required_claims"}
    assert send(federated, "PATCH", integration_id, {"federation": federation(), "name": "x"}).status == 200


@pytest.mark.parametrize(
    ("sent", "status", "pointer"),
    [
        ("text", 400, "/federation"),
        ([], 400, "/federation"),
        ({"service_account_id": 1}, 400, "/federation/service_account_id"),
        ({"service_account_id": None}, 400, "/federation/service_account_id"),
        ({"secret_key": "sk-fake"}, 400, "/federation/secret_key"),
        ({"sk-fake-0123": "x"}, 400, "/federation"),
        ({"parameters": {"scope": 1}}, 400, "/federation/parameters/scope"),
        ({"service_account_id": ""}, 422, "/federation/service_account_id"),
        ({"service_account_id": "x" * 2049}, 422, "/federation/service_account_id"),
        ({"service_account_id": "a/b", "identity_provider_id": "x"}, 422, "/federation/service_account_id"),
        ({"service_account_id": "x"}, 422, "/federation/identity_provider_id"),
        ({}, 422, "/federation/identity_provider_id"),
    ],
)
def test_malformed_federation_is_rejected_at_its_field(
    federated: Cloud, sent: object, status: int, pointer: str
) -> None:
    response = create(federated, body_of(federation=sent))
    assert (response.status, response.pointers[0]) == (status, pointer)
    assert "sk-fake" not in response.text
    assert federated.items() == []


@pytest.mark.parametrize("other", [{"api_key": API_KEY}, {"api_key_secret_arn": "arn"}])
def test_two_kinds_of_credentials_in_one_body_are_rejected(federated: Cloud, other: dict[str, str]) -> None:
    if "api_key_secret_arn" in other:
        other = {"api_key_secret_arn": "arn:aws:secretsmanager:eu-central-1:123456789012:secret:x-fAkE01"}
    integration_id = create(federated, create_body()).body["id"]
    for response in (
        create(federated, body_of(name="x", **other)),
        send(federated, "PATCH", integration_id, {"federation": federation(), **other}),
    ):
        assert (response.status, response.pointers) == (422, [""])


def test_null_of_the_other_kind_may_stand_beside_a_federation_or_key(federated: Cloud) -> None:
    integration_id = create(federated, body_of(api_key=None, api_key_secret_arn=None)).body["id"]
    with_key = send(federated, "PATCH", integration_id, {"federation": None, "api_key": API_KEY})
    assert (with_key.status, with_key.body["has_api_key"]) == (200, True)
    assert send(federated, "GET", f"{integration_id}/federation").status == 404
    without_key = send(federated, "PATCH", integration_id, {"api_key": None, "federation": federation()})
    assert (without_key.status, without_key.body["has_api_key"]) == (200, False)
    assert send(federated, "POST", f"{integration_id}/key-rotations", {"api_key": API_KEY}).status == 409


def test_retried_create_returns_the_first_response_and_another_federation_422(federated: Cloud) -> None:
    def retry(**changes: str) -> Response:
        body = body_of(federation=federation(**changes))
        return federated.api(gateway_event(body, caller=ACME, headers={"Idempotency-Key": "1"}))

    first = retry()
    assert (first.status, retry().body) == (201, first.body)
    assert retry(service_account_id="other").status == 422


def test_requests_by_event_create_change_and_remove_a_federation(federated: Cloud) -> None:
    federated.add_bus()

    def request(number: int, kind: str, **more: Any) -> dict[str, Any]:
        detail = {"account": "acme", "request_id": str(number), "user": "u", **more}
        envelope = {"id": "1", "detail-type": f"AI Integration {kind} Requested", "detail": detail}
        record = {"messageId": "1", "body": json.dumps(envelope)}
        assert federated.function("provision")({"Records": [record]}) == {"batchItemFailures": []}
        [outcome] = [each for each in federated.items("REQUEST#") if each["sk"]["S"] == f"REQUEST#{number}"]
        parsed: dict[str, Any] = json.loads(outcome["detail"]["S"])
        return parsed

    created = request(1, "Create", integration=body_of())
    assert created["version"] == 1
    changed = federation(service_account_id="other")
    assert request(2, "Update", id=created["id"], integration={"federation": changed})["version"] == 2
    assert send(federated, "GET", f"{created['id']}/federation").body["federation"] == changed
    malformed = request(3, "Update", id=created["id"], integration={"federation": {"grant": "x"}})
    assert malformed["problem"]["errors"][0]["pointer"] == "/integration/federation/grant"
    assert request(4, "Update", id=created["id"], integration={"federation": None})["version"] == 3
    assert guards(federated) == []
