"""Invoking the function: the request that is sent, and the error that each failure raises."""

import json
import traceback
from typing import Any

import pytest
from botocore.exceptions import ClientError, EndpointConnectionError, ReadTimeoutError

from ai_integrations_client import ResolutionError, ResolveRequest, UnavailableError
from ai_integrations_client.lambda_source import LambdaSource
from tests.unit.client.fixtures import KEY, ClientFixture, FakeService, a_problem, a_response

IDENTITY = {"function": "credentials", "account": "acme", "consumer": "billing-job"}


def client_error(code: str) -> ClientError:
    return ClientError({"Error": {"Code": code, "Message": f"about {KEY}"}}, "Invoke")


def test_fetch_sends_identity_and_request() -> None:
    fixture = ClientFixture()
    fixture.client.resolve("Production OpenAI")
    fixture.client.resolve("x", space="s", organization="o", key_version="version-0")
    assert fixture.service.requests == [
        {**IDENTITY, "integration": "Production OpenAI"},
        {**IDENTITY, "integration": "x", "space_id": "s", "organization_id": "o", "key_version": "version-0"},
    ]


@pytest.mark.parametrize("status", [400, 404, 409, 422])
def test_fetch_raises_resolution_error_for_problem(status: int) -> None:
    problem = a_problem(status)
    problem["problem"]["errors"] = [{"pointer": "/account", "detail": "Bad."}]
    with pytest.raises(ResolutionError) as raised:
        ClientFixture(FakeService(response=problem)).key()
    error = raised.value
    assert (error.status, error.title, error.detail) == (status, "Resource not found", "No.")
    assert (error.type, error.instance) == ("https://example.com/e", "r")
    assert error.errors == ({"pointer": "/account", "detail": "Bad."},)
    assert str(error) == f"Integration 'Production OpenAI': {status} Resource not found: No."


@pytest.mark.parametrize(
    "response",
    [
        a_problem(404),
        a_problem(503),
        a_response(name=...),
        client_error("AccessDeniedException"),
        client_error("TooManyRequestsException"),
        ReadTimeoutError(endpoint_url="http://127.0.0.1/"),
        OSError(),
    ],
)
def test_fetch_names_what_was_requested_in_every_error(response: Any) -> None:
    client = ClientFixture(FakeService(response=response)).client
    with pytest.raises((ResolutionError, UnavailableError)) as raised:
        client.resolve("Production\nOpenAI", space="s-1", organization="o-1", key_version="version-0")
    assert isinstance(raised.value, (ResolutionError, UnavailableError))
    assert raised.value.request == ResolveRequest(
        integration="Production\nOpenAI", space_id="s-1", organization_id="o-1", key_version="version-0"
    )
    requested = r"Integration 'Production\nOpenAI', organization 'o-1', space 's-1', key version 'version-0': "
    assert str(raised.value).startswith(requested)


def test_fetch_names_what_was_requested_if_the_function_failed() -> None:
    with pytest.raises(UnavailableError, match=r"^Integration 'x': "):
        ClientFixture(FakeService(function_error="Unhandled")).key("x")


def test_errors_can_be_raised_without_request() -> None:
    assert str(ResolutionError({"status": 404, "title": "Not found", "detail": "No."})) == "404 Not found: No."
    assert str(UnavailableError("x")) == "The AI integrations service is unavailable: x"


def test_fetch_raises_resolution_error_if_iam_denies_the_call() -> None:
    with pytest.raises(ResolutionError) as raised:
        ClientFixture(FakeService(response=client_error("AccessDeniedException"))).key()
    assert "403 Access forbidden: IAM denied the call. " in str(raised.value)
    assert "ResolveForEveryAccountPolicyArn" in str(raised.value)


@pytest.mark.parametrize(
    ("response", "reason"),
    [
        (client_error("TooManyRequestsException"), "TooManyRequestsException"),
        (client_error("ResourceNotFoundException"), "ResourceNotFoundException"),
        (EndpointConnectionError(endpoint_url=f"http://127.0.0.1/{KEY}"), "EndpointConnectionError"),
        (ReadTimeoutError(endpoint_url="http://127.0.0.1/"), "ReadTimeoutError"),
        (OSError(KEY), "OSError"),
        (a_problem(503, detail="The provider did not respond."), "The provider did not respond."),
        (a_problem(503, "Service unavailable", detail=""), "Service unavailable"),
        (a_problem(429, detail="Too many requests."), "Too many requests."),
        (a_response(name=...), "malformed response"),
        (a_response(expires_at="tomorrow"), "malformed response"),
        ({"problem": {"status": "x"}}, "malformed response"),
        ({"problem": "text"}, "malformed response"),
        (a_response(version=[]), "malformed response"),
        (a_response(version=KEY), "malformed response"),
        (a_response(expires_at=KEY), "malformed response"),
        ({"problem": {"status": KEY}}, "malformed response"),
    ],
)
def test_fetch_raises_unavailable_error_with_a_reason_and_without_the_key(response: Any, reason: str) -> None:
    with pytest.raises(UnavailableError) as raised:
        ClientFixture(FakeService(response=response)).key()
    assert raised.value.reason == reason
    assert KEY not in "".join(traceback.format_exception(raised.value))


@pytest.mark.parametrize("payload", ["", "null", "[]", '"text"'])
def test_fetch_raises_unavailable_error_if_response_is_no_object(payload: str) -> None:
    service = FakeService()
    service.response = json.loads(payload) if payload else ValueError()
    with pytest.raises(UnavailableError):
        ClientFixture(service).key()


def test_fetch_raises_unavailable_error_if_function_failed() -> None:
    response = {"errorMessage": KEY, "errorType": "LoggedError"}
    with pytest.raises(UnavailableError, match=r"the function failed$"):
        ClientFixture(FakeService(response=response, function_error="Unhandled")).key()


@pytest.mark.parametrize("error", [ReadTimeoutError(endpoint_url="http://127.0.0.1/"), ValueError("not JSON")])
def test_source_itself_raises_unavailable_error_without_a_response(error: Exception) -> None:
    service = FakeService(response=error)
    source = LambdaSource(service, function="f", account="acme", consumer="job")
    with pytest.raises(UnavailableError, match=type(error).__name__):
        source.fetch(ResolveRequest(integration="x"))
