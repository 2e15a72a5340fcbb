"""The function that exchanges tokens: its response, its log, and its only AWS call."""

import json
from typing import Any

import pytest

from ai_integrations.adapters.dynamodb.items import integration_item
from ai_integrations.domain.model import Federation
from ai_integrations.observability import LoggedError
from tests.builders import ACCESS_TOKEN, FEDERATIONS, an_integration
from tests.cloud import Cloud, cloud
from tests.connection.identity_provider import ISSUER, SUBJECT, SigningSts, StrictTokenEndpoint
from tests.connection.servers import Reply, Server
from tests.free_port import free_port

__all__ = ["cloud"]

AUDIENCE = "https://llm"
TAGS = {"registry_account": "acme", "integration": an_integration().id}


@pytest.fixture(autouse=True)
def allow_loopback(cloud: Cloud) -> None:
    """Allow connections to loopback."""
    cloud.variables["ALLOWED_PRIVATE_HOSTS"] = "127.0.0.1"


def an_event(url: str) -> dict[str, Any]:
    federation = Federation({**FEDERATIONS["CUSTOM"].fields, "token_endpoint": url, "audience": AUDIENCE})
    return {"integration": integration_item(an_integration(provider="CUSTOM", federation=federation, version=3))}


def exchange(cloud: Cloud, url: str) -> dict[str, Any]:
    """Invoke the function, with an identity token that is signed here and counts as a secret."""
    request = {
        "Audience": [AUDIENCE],
        "SigningAlgorithm": "RS256",
        "DurationSeconds": 900,
        "Tags": [{"Key": name, "Value": value} for name, value in TAGS.items()],
    }
    issued = SigningSts().get_web_identity_token(**request)
    cloud.keys.update(issued["WebIdentityToken"].split("."))
    cloud.respond("sts:GetWebIdentityToken", issued)
    event = json.loads(json.dumps(an_event(url)))  # as the invocation transports it
    response: dict[str, Any] = cloud.function("exchange_token")(event)
    assert json.loads(json.dumps(response)) == response
    return response


def outcomes(cloud: Cloud) -> list[tuple[object, ...]]:
    names = ("account", "integration_id", "version", "outcome")
    return [tuple(line[name] for name in names) for line in cloud.log() if line["message"] == "token exchange ended"]


def test_function_exchanges_the_token_and_logs_the_integration_and_the_outcome(cloud: Cloud, server: Server) -> None:
    server.behave = StrictTokenEndpoint(audience=AUDIENCE, tags=TAGS)
    response = exchange(cloud, server.url(path="/token"))
    assert response.keys() == {"access_token", "expires_at", "identity"}
    assert response["access_token"] == ACCESS_TOKEN
    assert response["identity"] == {"iss": ISSUER, "sub": SUBJECT, "aud": AUDIENCE}
    assert outcomes(cloud) == [("acme", an_integration().id, 3, "issued")]
    assert cloud.calls == ["sts:GetWebIdentityToken"]


def test_function_returns_the_words_of_a_provider_that_refuses_the_token(cloud: Cloud, server: Server) -> None:
    server.behave = StrictTokenEndpoint(audience="https://other", tags=TAGS)
    response = exchange(cloud, server.url(path="/token"))
    assert response.keys() == {"refusal", "answer"}
    assert "InvalidAudienceError" in response["answer"]
    assert outcomes(cloud) == [("acme", an_integration().id, 3, "refused")]


def test_function_returns_no_token_that_the_provider_repeats(cloud: Cloud, server: Server) -> None:
    server.behave = lambda request: Reply.from_json({"error": request.body.decode()}, 400)
    assert exchange(cloud, server.url(path="/token")).keys() == {"refusal", "answer"}


def test_function_reports_an_endpoint_that_is_down_as_an_outage(cloud: Cloud) -> None:
    assert exchange(cloud, f"http://127.0.0.1:{free_port()}/token").keys() == {"outage"}
    assert outcomes(cloud) == [("acme", an_integration().id, 3, "unavailable")]


@pytest.mark.parametrize(("failure", "outcome"), [(("AccessDenied", 403), "refusal"), (("Throttling", 400), "outage")])
def test_function_returns_the_failure_of_aws(cloud: Cloud, server: Server, failure: Any, outcome: str) -> None:
    cloud.fail("sts:GetWebIdentityToken", failure, message="Rejected.")
    response = cloud.function("exchange_token")(an_event(server.url()))
    assert "Throttling" in response[outcome] or "Rejected." in response[outcome]
    assert server.received == []


def test_exchange_that_fails_is_an_error_and_no_outage_of_the_provider(cloud: Cloud, server: Server) -> None:
    event = an_event(server.url())
    event["integration"]["provider"] = "UNKNOWN"
    with pytest.raises(LoggedError):
        cloud.function("exchange_token")(event)


def test_function_hides_a_malformed_request_from_its_error(cloud: Cloud) -> None:
    with pytest.raises(LoggedError):
        cloud.function("exchange_token")({"integration": {"name": ACCESS_TOKEN}})
