"""`functions/credentials` for federated integrations: AWS calls, responses and the audit log."""

import json
from collections.abc import Callable
from io import BytesIO
from typing import Any

import pytest

from tests.builders import ACCESS_TOKEN, create_body, gateway_event
from tests.cloud import Cloud

ONE = "/v2/ai-integrations/{}"
FEDERATION = {"identity_provider_id": "idp_fake", "service_account_id": "sa_fake"}
READ, RECORD_USE, EXCHANGE = "dynamodb:GetItem", "dynamodb:UpdateItem", "lambda:Invoke"
Function = Callable[[dict[str, Any]], Any]


@pytest.fixture(autouse=True)
def federation_on(cloud: Cloud) -> None:
    cloud.variables |= {
        "FEDERATION_ISSUER": "https://fake.tokens.sts.global.api.aws",
        "EXCHANGE_TOKEN_FUNCTION": "exchange-token",
    }


def respond_to_exchange(cloud: Cloud, response: dict[str, Any] | None = None) -> None:
    """Let the next exchange return a token, or the given response."""
    token = {"access_token": ACCESS_TOKEN, "expires_at": "2100-01-01T00:00:00+00:00", "identity": {}}
    payload = BytesIO(json.dumps(response or token).encode())
    cloud.respond(EXCHANGE, {"StatusCode": 200, "Payload": payload})


def create(cloud: Cloud) -> str:
    response = cloud.api(gateway_event(create_body(federation=FEDERATION)))
    assert response.status == 201
    integration_id: str = response.body["id"]
    return integration_id


def resolve(cloud: Cloud, function: Function, integration_id: str) -> tuple[Any, list[str]]:
    """Resolve with the given instance of the function; return the response and its AWS calls."""
    cloud.calls.clear()
    response = function({"account": "acme", "integration": integration_id, "consumer": "billing-job"})
    return response, [*cloud.calls]


def send(cloud: Cloud, method: str, integration_id: str, path: str = "", body: object = "") -> None:
    response = cloud.api(gateway_event(body, method=method, path=ONE.format(integration_id) + path))
    assert response.status < 300


def test_resolve_with_a_cached_token_makes_one_read_and_no_other_call(cloud: Cloud) -> None:
    integration_id, function = create(cloud), cloud.function("credentials")
    respond_to_exchange(cloud)
    first, calls = resolve(cloud, function, integration_id)
    assert calls == [READ, RECORD_USE, EXCHANGE]
    assert (first["access_token"], first["expires_at"]) == (
        {"value": ACCESS_TOKEN, "token_type": "Bearer"},
        "2100-01-01T00:00:00.000Z",
    )
    assert resolve(cloud, function, integration_id) == (first, [READ])
    sources = [line["token_source"] for line in cloud.log() if line["message"] == "credentials resolved"]
    assert sources == ["exchange", "cache"]


def test_resolve_changed_integration_exchanges_a_new_token(cloud: Cloud) -> None:
    integration_id, function = create(cloud), cloud.function("credentials")
    respond_to_exchange(cloud)
    resolve(cloud, function, integration_id)
    send(cloud, "PATCH", integration_id, body={"enable_default_models": True})
    respond_to_exchange(cloud)
    assert resolve(cloud, function, integration_id)[1] == [READ, EXCHANGE]


def test_resolve_deleted_integration_returns_404_and_restored_one_exchanges_a_new_token(cloud: Cloud) -> None:
    integration_id, function = create(cloud), cloud.function("credentials")
    respond_to_exchange(cloud)
    resolve(cloud, function, integration_id)
    send(cloud, "DELETE", integration_id)
    assert resolve(cloud, function, integration_id)[0]["problem"]["status"] == 404
    send(cloud, "POST", integration_id, "/restore")
    respond_to_exchange(cloud)
    assert resolve(cloud, function, integration_id)[1] == [READ, EXCHANGE]


def test_resolve_after_the_federation_was_replaced_by_a_key_returns_no_token(cloud: Cloud) -> None:
    integration_id, function = create(cloud), cloud.function("credentials")
    respond_to_exchange(cloud)
    resolve(cloud, function, integration_id)
    send(cloud, "PATCH", integration_id, body={"api_key": "sk-fake-9876543210-not-a-key"})
    response, _ = resolve(cloud, function, integration_id)
    assert (response["api_key"], "access_token" in response) == ("sk-fake-9876543210-not-a-key", False)


@pytest.mark.parametrize(
    ("response", "status"),
    [({"refusal": "Status 400.", "answer": "words of the provider"}, 409), ({"outage": "No answer."}, 424)],
)
def test_resolve_without_a_token_returns_a_problem_and_logs_the_reason(
    cloud: Cloud, response: dict[str, str], status: int
) -> None:
    integration_id = create(cloud)
    respond_to_exchange(cloud, response)
    problem, _ = resolve(cloud, cloud.function("credentials"), integration_id)
    assert problem["problem"]["status"] == status
    reason, *answer = response.values()
    assert reason not in json.dumps(problem)
    [line] = [line for line in cloud.log() if line["message"] == "token not exchanged"]
    assert (line["reason"], line["account"], line["consumer"]) == (reason, "acme", "billing-job")
    assert not any(words in json.dumps([cloud.log(), problem]) for words in answer)


def test_resolve_when_the_exchange_function_fails_returns_503_which_alarms_count(cloud: Cloud) -> None:
    integration_id = create(cloud)
    failure = {"StatusCode": 200, "FunctionError": "Unhandled", "Payload": BytesIO(b"{}")}
    cloud.respond(EXCHANGE, failure)
    problem, _ = resolve(cloud, cloud.function("credentials"), integration_id)
    assert problem["problem"]["status"] == 503


def test_resolve_when_federation_is_off_returns_409_that_names_the_remedy(cloud: Cloud) -> None:
    integration_id = create(cloud)
    cloud.variables["EXCHANGE_TOKEN_FUNCTION"] = ""
    problem, calls = resolve(cloud, cloud.function("credentials"), integration_id)
    assert problem["problem"]["status"] == 409
    assert "turn it on, or set an API key" in problem["problem"]["detail"]
    assert EXCHANGE not in calls
