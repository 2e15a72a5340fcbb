"""`make local` answers no page of another origin, and its gateway sends the headers of every response."""

import http.client
from urllib.parse import urlsplit

import pytest

from ai_integrations.http.resolver import RESPONSE_HEADERS
from tests.stack.conftest import Stack

COLLECTION = "/v2/ai-integrations"
FOREIGN = "https://evil.example"
PREFLIGHT = {"Access-Control-Request-Method": "POST", "Access-Control-Request-Headers": "authorization,content-type"}
INVOKE = "/2015-03-31/functions/any/invocations"


def send(stack: Stack, method: str, path: str, headers: dict[str, str], body: str = "") -> http.client.HTTPResponse:
    address = urlsplit(stack.deployment.endpoint)
    connection = http.client.HTTPConnection(address.netloc, timeout=30)
    try:
        connection.request(method, path, body, headers)
        response = connection.getresponse()
        response.read()
        return response
    finally:
        connection.close()


def api_path(stack: Stack) -> str:
    return urlsplit(stack.url).path + COLLECTION


def cors_headers(response: http.client.HTTPResponse) -> list[str]:
    return [name for name in response.headers if name.lower().startswith("access-control-")]


@pytest.mark.parametrize("method", ["GET", "POST", "OPTIONS"])
def test_api_refuses_another_origin_even_with_an_access_key(stack: Stack, method: str) -> None:
    key = {"Authorization": f"Bearer {stack.issue_key(account='origins')}", "Content-Type": "application/json"}
    response = send(stack, method, api_path(stack), {**key, **PREFLIGHT, "Origin": FOREIGN}, "{}")
    assert (response.status, cors_headers(response)) == (403, [])


@pytest.mark.parametrize(("method", "path"), [("OPTIONS", "/"), ("GET", "/?Action=ListQueues"), ("POST", INVOKE)])
def test_aws_apis_refuse_another_origin(stack: Stack, method: str, path: str) -> None:
    response = send(stack, method, path, {**PREFLIGHT, "Origin": FOREIGN})
    assert (response.status, cors_headers(response)) == (403, [])


def test_api_refuses_a_name_that_was_rebound_to_loopback(stack: Stack) -> None:
    assert send(stack, "GET", f"{urlsplit(stack.url).path}/v2/docs", {"Host": "evil.example"}).status == 403


def test_its_own_page_may_call_the_api(stack: Stack) -> None:
    key = {"Authorization": f"Bearer {stack.issue_key(account='origins')}"}
    own = {"Origin": stack.deployment.endpoint, "Sec-Fetch-Site": "same-origin"}
    response = send(stack, "GET", api_path(stack), {**key, **own})
    assert (response.status, cors_headers(response)) == (200, [])


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", COLLECTION, 401),  # of the gateway, as the next one
        ("GET", "/v2/unknown", 404),
        ("GET", "/v2/openapi.json", 200),
        ("GET", "/v2/docs", 200),
        ("POST", "/v2/docs", 405),
    ],
)
def test_every_response_forbids_caches_and_guessing_its_type(stack: Stack, method: str, path: str, status: int) -> None:
    response = send(stack, method, urlsplit(stack.url).path + path, {})
    assert response.status == status
    assert RESPONSE_HEADERS.items() <= dict(response.headers.items()).items()
