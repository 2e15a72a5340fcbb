"""Resolving over the API: the request that is sent, and the error that each response or failure raises."""

import json
import traceback
from dataclasses import dataclass, field
from typing import Any

import pytest
from botocore.awsrequest import HeadersDict
from botocore.exceptions import (
    BotoCoreError,
    ConnectTimeoutError,
    CredentialRetrievalError,
    EndpointConnectionError,
    NoCredentialsError,
    ProxyConnectionError,
    SSLError,
)

from ai_integrations_client import ConfigurationError, ResolutionError, ResolveRequest, UnavailableError
from ai_integrations_client.api_source import ApiSource
from ai_integrations_client.signed_connection import ApiResponse
from tests.unit.client.fixtures import ID, KEY, NOON, a_problem, a_response

NOON_AS_DATE = "Fri, 02 Jan 2026 12:00:00 GMT"
REQUEST = ResolveRequest(integration="Production\nOpenAI", key_version="version-0")
ERROR_TYPES = {
    "ExpiredTokenException": "have expired",
    "ForbiddenException": "AI_INTEGRATIONS_URL",
    "IncompleteSignatureException": "proxy",
    "InvalidSignatureException": "AI_INTEGRATIONS_REGION",
    "MissingAuthenticationTokenException": "AI_INTEGRATIONS_URL",
    "UnrecognizedClientException": "credentials",
}


def respond(content: Any, status: int = 200, **headers: str) -> ApiResponse:
    sent = {"date": NOON_AS_DATE} | {name.replace("_", "-"): value for name, value in headers.items()}
    return ApiResponse(
        status, HeadersDict(sent), content if isinstance(content, bytes) else json.dumps(content).encode()
    )


@dataclass
class FakeConnection:
    """Returns or raises `outcome`, and records requests."""

    outcome: ApiResponse | Exception = field(default_factory=lambda: respond(a_response()))
    requests: list[tuple[str, Any]] = field(default_factory=list)

    def post(self, path: str, body: bytes) -> ApiResponse:
        self.requests.append((path, json.loads(body)))
        if isinstance(self.outcome, Exception):
            raise self.outcome
        return self.outcome


def a_source(outcome: ApiResponse | Exception, minutes_ahead: float = 0) -> ApiSource:
    return ApiSource(FakeConnection(outcome), account=None, clock=lambda: NOON + minutes_ahead * 60)


def error_of(outcome: ApiResponse | Exception, minutes_ahead: float = 0) -> ResolutionError | UnavailableError:
    with pytest.raises((ResolutionError, UnavailableError)) as raised:
        a_source(outcome, minutes_ahead).fetch(REQUEST)
    assert isinstance(raised.value, (ResolutionError, UnavailableError))
    assert raised.value.request == REQUEST
    assert str(raised.value).startswith(r"Integration 'Production\nOpenAI', key version 'version-0': ")
    assert KEY not in "".join(traceback.format_exception(raised.value))
    return raised.value


def reason_of(outcome: ApiResponse | Exception, minutes_ahead: float = 0) -> str:
    error = error_of(outcome, minutes_ahead)
    assert isinstance(error, UnavailableError)
    return error.reason


def problem(status: int, title: str = "Resource not found") -> dict[str, Any]:
    document: dict[str, Any] = a_problem(status, title)["problem"]
    return document


@pytest.mark.parametrize(
    ("account", "request_", "expected"),
    [
        (None, ResolveRequest(integration="x"), ("/v2/credentials", {"integration": "x"})),
        ("acme", ResolveRequest(integration="x"), ("/v2/credentials", {"integration": "x", "account": "acme"})),
        (
            None,
            ResolveRequest(integration="x", key_version="v"),
            ("/v2/credentials", {"integration": "x", "key_version": "v"}),
        ),
        (None, ResolveRequest(integration=ID), (f"/v2/ai-integrations/{ID}/credentials", {})),
        (
            "acme",
            ResolveRequest(integration=ID, key_version="v"),
            (f"/v2/ai-integrations/{ID}/credentials", {"account": "acme", "key_version": "v"}),
        ),
        (None, ResolveRequest(integration=ID + "="), ("/v2/credentials", {"integration": ID + "="})),
        (None, ResolveRequest(integration=ID[:-1]), ("/v2/credentials", {"integration": ID[:-1]})),
        (None, ResolveRequest(integration=ID + "A"), ("/v2/credentials", {"integration": ID + "A"})),
        (None, ResolveRequest(integration=f"../{ID}"), ("/v2/credentials", {"integration": f"../{ID}"})),
    ],
)
def test_fetch_posts_ids_to_their_own_path_and_names_in_the_body(
    account: str | None, request_: ResolveRequest, expected: tuple[str, Any]
) -> None:
    connection = FakeConnection()
    resolved = ApiSource(connection, account=account, clock=lambda: NOON).fetch(request_)
    assert connection.requests == [expected]
    assert resolved.api_key is not None
    assert resolved.api_key.reveal() == KEY


@pytest.mark.parametrize("place", [{"space_id": "s"}, {"organization_id": "o"}])
def test_fetch_for_a_place_raises_configuration_error_and_sends_nothing(place: dict[str, str]) -> None:
    connection = FakeConnection()
    source = ApiSource(connection, account=None, clock=lambda: NOON)
    with pytest.raises(ConfigurationError, match=r"need a broker .*grant of this program decides"):
        source.fetch(ResolveRequest(integration="x", **place))
    assert not connection.requests


@pytest.mark.parametrize("status", [400, 403, 404, 409, 422])
def test_fetch_raises_resolution_error_with_the_problem_of_the_service(status: int) -> None:
    error = error_of(respond(problem(status), status))
    assert isinstance(error, ResolutionError)
    assert (error.status, error.title, error.detail) == (status, "Resource not found", "No.")


def test_fetch_raises_resolution_error_if_iam_denies_the_call() -> None:
    message = {"Message": "User: arn:aws:sts::123456789012:assumed-role/x/y is not authorized"}
    error = error_of(respond(message, 403, x_amzn_ErrorType="AccessDeniedException"))
    assert isinstance(error, ResolutionError)
    assert "403 Access forbidden: IAM denied the call. " in str(error)
    assert "ConsumerPolicyArn" in error.detail


@pytest.mark.parametrize("kind", ERROR_TYPES)
@pytest.mark.parametrize("content", [{"message": "Forbidden"}, problem(403)])
def test_fetch_raises_unavailable_error_if_the_gateway_rejects_the_request(kind: str, content: Any) -> None:
    """Nothing was revoked: an entry in the cache stays usable."""
    reason = reason_of(respond(content, 403, x_amzn_errortype=f"{kind}:http://internal.amazon.com/"))
    assert reason.startswith(f"{kind}. ")
    assert ERROR_TYPES[kind] in reason
    assert reason.endswith(".")


@pytest.mark.parametrize(
    ("minutes", "text"), [(5, "5 minutes ahead"), (12, "12 minutes ahead"), (-300, "300 minutes behind")]
)
def test_fetch_with_a_wrong_clock_reports_by_how_much(minutes: int, text: str) -> None:
    for response in (
        respond({"message": "Signature expired"}, 403, x_amzn_errortype="InvalidSignatureException"),
        respond(problem(403), 403),
    ):
        assert reason_of(response, minutes) == f"the clock of this computer is {text}. Set it, for example with NTP."


@pytest.mark.parametrize("minutes", [4.9, -4.9])
def test_fetch_with_a_clock_that_aws_accepts_reports_the_problem(minutes: float) -> None:
    assert isinstance(error_of(respond(problem(403), 403), minutes), ResolutionError)


@pytest.mark.parametrize("date", ["", "yesterday"])
def test_fetch_ignores_a_date_that_is_no_date(date: str) -> None:
    assert isinstance(error_of(respond(problem(403), 403, date=date), 12), ResolutionError)


def test_fetch_does_not_blame_the_clock_for_other_rejections() -> None:
    assert isinstance(error_of(respond(problem(404), 404), 12), ResolutionError)


@pytest.mark.parametrize("status", [424, 429, 500, 503])
def test_fetch_raises_unavailable_error_with_the_detail_of_a_temporary_problem(status: int) -> None:
    assert reason_of(respond(problem(status, "Try later"), status)) == "No."


@pytest.mark.parametrize("status", [204, 302, 403, 404, 413, 502])
@pytest.mark.parametrize(
    "content",
    [b"", b"<html>", b"null", b"[]", {"message": "Forbidden"}, {"status": 418}, {"status": "x"}, problem(418)],
)
def test_fetch_raises_unavailable_error_for_a_response_of_another_server(status: int, content: Any) -> None:
    assert reason_of(respond(content, status)) == f"HTTP status {status}. Check AI_INTEGRATIONS_URL."


def test_fetch_raises_unavailable_error_for_the_error_format_of_another_server() -> None:
    content = {"timestamp": 1, "status": 404, "error": "Not Found", "path": "/v2/credentials"}
    assert reason_of(respond(content, 404)) == "HTTP status 404. Check AI_INTEGRATIONS_URL."


@pytest.mark.parametrize(
    "content",
    [
        *(b"", b"<html>", b"\xff", b"null", b"[]", {}),
        *(a_response(name=...), a_response(version=[]), a_response(version=KEY), a_response(expires_at=KEY)),
    ],
)
def test_fetch_raises_unavailable_error_for_a_malformed_response(content: Any) -> None:
    assert reason_of(respond(content)) == "malformed response"


@pytest.mark.parametrize(
    ("error", "advice"),
    [
        (CredentialRetrievalError(provider="x", error_msg=KEY), "get-caller-identity"),
        (EndpointConnectionError(endpoint_url=KEY), "DNS"),
        (NoCredentialsError(), "IAM role"),
        (ProxyConnectionError(proxy_url=KEY), "HTTPS_PROXY"),
        (SSLError(endpoint_url=KEY, error=OSError(KEY)), "AWS_CA_BUNDLE"),
    ],
)
def test_fetch_without_response_names_what_to_do(error: BotoCoreError, advice: str) -> None:
    reason = reason_of(error)
    assert reason.startswith(f"{type(error).__name__}. ")
    assert advice in reason


def test_fetch_without_response_names_other_errors() -> None:
    assert reason_of(ConnectTimeoutError(endpoint_url=KEY)) == "ConnectTimeoutError"
