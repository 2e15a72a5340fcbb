"""The exchange of identity tokens over real connections: with a strict provider, and with endpoints that fail."""

import json
import socket
import traceback
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from inspect import signature
from threading import Event
from typing import Any, cast

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa

from ai_integrations.domain.credentials import AccessToken
from ai_integrations.domain.errors import TokenNotIssuedError, TokenRefusedError
from ai_integrations.domain.federation import audience_of, request_tags
from ai_integrations.domain.model import Federation, Integration
from ai_integrations.key_access.outbound.deadline import Deadline
from ai_integrations.key_access.outbound.dns import SystemDnsResolver
from ai_integrations.key_access.outbound.guard import Guard
from ai_integrations.key_access.outbound.http_messages import OutboundRequest, OutboundResponse
from ai_integrations.key_access.token_exchange.exchange import TokenExchange
from ai_integrations.key_access.token_exchange.identity_tokens import StsIdentityTokens
from tests import sam_template
from tests.builders import ACCESS_TOKEN, FEDERATIONS, ULID, an_integration
from tests.connection.identity_provider import ISSUER, SUBJECT, SigningSts, StrictTokenEndpoint
from tests.connection.servers import SYSTEM_TLS, Behaviour, ReceivedRequest, Reply, Server, serve_socket
from tests.free_port import free_port

OTHER_TOKEN = "fake-token-of-a-service-account"


def guard() -> Guard:
    return Guard(resolver=SystemDnsResolver(), allowed_private_hosts={"127.0.0.1"}, tls=SYSTEM_TLS)


@dataclass
class Redirecting:
    """Sends every request to the server instead of the provider, and keeps the original URLs."""

    server: Server
    urls: list[str] = field(default_factory=list)
    deadlines: list[Deadline] = field(default_factory=list)

    def reach(self, url: str, deadline: Deadline) -> None:
        raise NotImplementedError

    def send(self, request: OutboundRequest, deadline: Deadline) -> OutboundResponse:
        self.urls.append(request.url)
        self.deadlines.append(deadline)
        return guard().send(replace(request, url=self.server.url(path="/token")), deadline)


def exchange(integration: Integration, provider: "Server | Redirecting", sts: SigningSts | None = None) -> AccessToken:
    """Exchange a token of an integration, with a server in place of its provider."""
    outbound = provider if isinstance(provider, Redirecting) else Redirecting(provider)
    tokens = StsIdentityTokens(lambda: cast("Any", sts or SigningSts()))
    return TokenExchange(identity_tokens=tokens, outbound=outbound, clock=lambda: datetime.now(UTC)).exchange(
        integration
    )


def federated(provider: str = "OPEN_AI", **changes: Any) -> Integration:
    return an_integration(provider=provider, federation=FEDERATIONS[provider], **changes)


def strict(integration: Integration, **changes: Any) -> StrictTokenEndpoint:
    """Build the endpoint of a provider that trusts exactly this integration."""
    facts: dict[str, Any] = {"audience": audience_of(integration), "tags": dict(request_tags(integration))}
    return StrictTokenEndpoint(**(facts | changes))


def with_service_account(endpoint: Behaviour) -> Behaviour:
    """Also answer Google's second request."""

    def behave(request: ReceivedRequest) -> Reply:
        if "authorization" not in request.headers:
            return endpoint(request)
        assert request.headers["authorization"] == f"Bearer {ACCESS_TOKEN}"
        return Reply.from_json({"accessToken": OTHER_TOKEN, "expireTime": "2100-01-01T00:00:00Z"})

    return behave


# ---------------------------------------------------------------------- a strict provider


@pytest.mark.parametrize("algorithm", ["RS256", "ES384"])
@pytest.mark.parametrize("provider", FEDERATIONS)
def test_strict_provider_accepts_the_identity_token(server: Server, provider: str, algorithm: str) -> None:
    integration = federated(provider)
    server.behave = with_service_account(strict(integration))
    token = exchange(integration, server, SigningSts(algorithm=algorithm))
    assert token.value.get_secret_value() == (OTHER_TOKEN if provider == "VERTEX_AI" else ACCESS_TOKEN)
    assert token.identity == {"iss": ISSUER, "sub": SUBJECT, "aud": audience_of(integration)}
    assert timedelta(minutes=50) < token.expires_at - datetime.now(UTC) <= timedelta(days=1)


@pytest.mark.parametrize(
    ("sts", "changes", "reason"),
    [
        pytest.param(SigningSts(age=timedelta(hours=2)), {}, "ExpiredSignatureError", id="expired token"),
        pytest.param(SigningSts(without_tags=True), {}, "request tags do not match", id="missing tags"),
        pytest.param(SigningSts(), {"audience": "https://api.openai.com/v1/"}, "InvalidAudienceError", id="audience"),
        pytest.param(SigningSts(), {"subject": f"{SUBJECT}-2"}, "InvalidSubjectError", id="another role"),
        pytest.param(SigningSts(), {"tags": {"integration": ULID}}, "request tags do not match", id="fewer tags"),
        pytest.param(
            SigningSts(key=rsa.generate_private_key(public_exponent=65537, key_size=2048)),
            {},
            "InvalidSignatureError",
            id="signature of another issuer",
        ),
    ],
)
def test_strict_provider_rejects_another_token(
    server: Server, sts: SigningSts, changes: dict[str, Any], reason: str
) -> None:
    integration = federated()
    server.behave = strict(integration, **changes)
    with pytest.raises(TokenRefusedError) as caught:
        exchange(integration, server, sts)
    assert reason in caught.value.answer
    assert_no_token(caught.value.answer, *sts.tokens)


@pytest.mark.parametrize("provider", FEDERATIONS)
@pytest.mark.parametrize("changes", [{"account": "globex"}, {"id": ULID[:-1] + "B"}], ids=["account", "integration"])
def test_strict_provider_rejects_the_token_of_another_account_and_another_integration(
    server: Server, provider: str, changes: dict[str, str]
) -> None:
    server.behave = with_service_account(strict(federated(provider)))
    with pytest.raises(TokenRefusedError):
        exchange(federated(provider, **changes), server)


@pytest.mark.parametrize("changes", [{"account": "globex"}, {"id": ULID[:-1] + "B"}], ids=["account", "integration"])
def test_entra_rejects_the_token_of_another_integration_although_it_compares_no_claims(
    server: Server, changes: dict[str, str]
) -> None:
    server.behave = strict(federated("AZURE_OPEN_AI"), tags=None)
    assert exchange(federated("AZURE_OPEN_AI"), server).value.get_secret_value() == ACCESS_TOKEN
    with pytest.raises(TokenRefusedError) as caught:
        exchange(federated("AZURE_OPEN_AI", **changes), server)
    assert "InvalidAudienceError" in caught.value.answer


# ---------------------------------------------------------------------- endpoints that fail


def assert_no_token(text: str, *tokens: str) -> None:
    """Check that a text contains no part of a token that is long enough to be recognized."""
    parts = [part for token in (*tokens, ACCESS_TOKEN, OTHER_TOKEN) for part in token.split(".")]
    assert not [part for part in parts if part[:12] in text or part[-12:] in text]


def answer_of(error: Exception) -> str:
    return error.answer if isinstance(error, TokenRefusedError) else ""


def failure(
    integration: Integration, outbound: Any, seconds: float = 5.0, sts: SigningSts | None = None
) -> tuple[TokenRefusedError | TokenNotIssuedError, SigningSts]:
    """Return the error of an exchange, after checking that it contains no token."""
    sts = sts or SigningSts()
    tokens = StsIdentityTokens(lambda: cast("Any", sts))
    tested = TokenExchange(identity_tokens=tokens, outbound=outbound, clock=lambda: datetime.now(UTC), seconds=seconds)
    with pytest.raises((TokenRefusedError, TokenNotIssuedError)) as caught:
        tested.exchange(integration)
    error = cast("TokenRefusedError | TokenNotIssuedError", caught.value)
    assert_no_token(error.reason + answer_of(error), *sts.tokens)
    assert_no_token("".join(traceback.format_exception(error)), *sts.tokens)
    return error, sts


def at(url: str) -> Integration:
    """Build an integration with a token endpoint of its own."""
    fields = {**FEDERATIONS["CUSTOM"].fields, "token_endpoint": url}
    return an_integration(provider="CUSTOM", federation=Federation(fields))


GOOD = {"access_token": ACCESS_TOKEN, "token_type": "Bearer", "expires_in": 3600}


def without(*names: str) -> dict[str, Any]:
    return {name: value for name, value in GOOD.items() if name not in names}


@pytest.mark.parametrize(
    ("reply", "kind", "reason"),
    [
        pytest.param(Reply(500), TokenNotIssuedError, "status 500", id="500"),
        pytest.param(Reply.from_json(GOOD, 503), TokenNotIssuedError, "status 503", id="503"),
        pytest.param(Reply(408), TokenNotIssuedError, "status 408", id="408"),
        pytest.param(Reply(425), TokenNotIssuedError, "status 425", id="425"),
        pytest.param(Reply(429), TokenNotIssuedError, "status 429", id="429"),
        pytest.param(Reply(300, headers={"Location": "/other"}), TokenRefusedError, "redirected", id="300"),
        pytest.param(Reply(302, headers={"Location": "/other"}), TokenRefusedError, "redirected", id="302"),
        pytest.param(Reply(307, headers={"Location": "/other"}), TokenRefusedError, "redirected", id="307"),
        pytest.param(Reply(200, b"x" * 1_000_000), TokenRefusedError, "too long", id="1 MB"),
        pytest.param(Reply(200, b" " * 1_000_000 + json.dumps(GOOD).encode()), TokenRefusedError, "too long", id="pad"),
        pytest.param(Reply(200, b""), TokenRefusedError, "JSON object", id="empty"),
        pytest.param(Reply(200, b"<html>"), TokenRefusedError, "JSON object", id="HTML"),
        pytest.param(Reply(200, b"[" * 60_000), TokenRefusedError, "JSON object", id="deep JSON"),
        pytest.param(Reply(200, b"\xff\xfe"), TokenRefusedError, "JSON object", id="not UTF-8"),
        pytest.param(Reply.from_json([GOOD]), TokenRefusedError, "JSON object", id="list"),
        pytest.param(Reply.from_json(without("access_token")), TokenRefusedError, "access_token", id="no token"),
        pytest.param(Reply.from_json(without("expires_in")), TokenRefusedError, "expires_in", id="no expires_in"),
        pytest.param(Reply(401), TokenRefusedError, "status 401", id="401 without body"),
    ],
)
def test_answer_that_is_no_token_is_a_refusal_or_an_outage(
    server: Server, reply: Reply, kind: type[Exception], reason: str
) -> None:
    server.behave = lambda _: reply
    error, _ = failure(at(server.url(path="/token")), guard())
    assert type(error) is kind
    assert reason in error.reason
    assert len(server.received) == 1


def test_redirect_target_receives_nothing(server: Server) -> None:
    server.behave = lambda _: Reply(307, headers={"Location": server.url(path="/other")})
    failure(at(server.url(path="/token")), guard())
    assert [each.target for each in server.received] == ["/token"]


@pytest.mark.parametrize("status", [400, 401, 403, 404])
def test_token_that_the_endpoint_repeats_is_redacted(server: Server, status: int) -> None:
    def repeat(request: ReceivedRequest) -> Reply:
        form = request.body.decode()
        token = form.partition("subject_token=")[2].partition("&")[0]
        header, payload, signature = token.split(".")
        description = f"Bad assertion {token}, header {header}, payload {payload}, signature {signature}: {form}"
        return Reply.from_json({"error": "invalid_grant", "error_description": description}, status)

    server.behave = repeat
    error, _ = failure(at(server.url(path="/token")), guard())
    assert error.reason == f"The token endpoint answered with status {status}."
    # A word that is too short to be part of the token. Others may share characters with it by chance.
    assert "Bad" in answer_of(error).split()


def test_reason_contains_no_words_of_the_endpoint_which_can_take_the_token_apart(server: Server) -> None:
    def take_apart(request: ReceivedRequest) -> Reply:
        token = request.body.decode().partition("subject_token=")[2].partition("&")[0]
        parts = " ".join(token[at : at + 4] for at in range(0, len(token), 4))
        return Reply.from_json({"error": "invalid_grant", "error_description": parts}, 400)

    server.behave = take_apart
    error, _ = failure(at(server.url(path="/token")), guard())
    assert error.reason == "The token endpoint answered with status 400."


def test_token_in_an_error_of_another_form_is_redacted(server: Server) -> None:
    server.behave = lambda request: Reply.from_json({"error": {"message": f"Refused {request.body.decode()}"}}, 401)
    error, _ = failure(federated(), Redirecting(server))
    assert "Refused" in answer_of(error)


def test_both_tokens_are_redacted_if_the_impersonation_is_refused(server: Server) -> None:
    first: list[str] = []

    def behave(request: ReceivedRequest) -> Reply:
        if "authorization" in request.headers:
            denied = f"Denied for {request.headers['authorization']}, once {first[0]}"
            return Reply.from_json({"error": {"message": denied}}, 403)
        first.append(request.body.decode().partition("subject_token=")[2].partition("&")[0].partition(".")[0][4:16])
        return Reply.from_json(GOOD | {"access_token": "plainwords"})  # it does not look like a token

    server.behave = behave
    error, _ = failure(federated("VERTEX_AI"), Redirecting(server))
    assert answer_of(error) == "It returned: Denied for Bearer [redacted], once [redacted]"


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        ({"accessToken": OTHER_TOKEN}, "expireTime"),
        ({"accessToken": OTHER_TOKEN, "expireTime": "tomorrow"}, "expireTime"),
        ({"accessToken": OTHER_TOKEN, "expireTime": "2100-01-01T00:00:00"}, "expireTime"),
        ({"accessToken": OTHER_TOKEN, "expireTime": "2020-01-01T00:00:00Z"}, "already expired"),
        ({"expireTime": "2100-01-01T00:00:00Z"}, "accessToken"),
    ],
)
def test_unusable_answer_to_the_impersonation_is_a_refusal(server: Server, body: dict[str, str], reason: str) -> None:
    server.behave = lambda request: Reply.from_json(body if "authorization" in request.headers else GOOD)
    error, _ = failure(federated("VERTEX_AI"), Redirecting(server))
    assert isinstance(error, TokenRefusedError)
    assert reason in error.reason


def drop(connected: socket.socket) -> None:
    connected.recv(10_000)


def wait_for_the_client(connected: socket.socket) -> None:
    connected.settimeout(5)
    while connected.recv(10_000):
        pass


def drip(connected: socket.socket) -> None:
    connected.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n")
    while not Event().wait(0.05):
        connected.sendall(b" ")  # fails when the client closes the connection


@pytest.mark.parametrize(
    ("converse", "reason"),
    [
        (drop, "lost|not valid HTTP"),
        (wait_for_the_client, "did not respond in time"),
        (drip, "did not respond in time"),
    ],
)
def test_endpoint_that_does_not_answer_is_an_outage(converse: Callable[[socket.socket], None], reason: str) -> None:
    with serve_socket(converse) as port:
        error, _ = failure(at(f"http://127.0.0.1:{port}/token"), guard(), seconds=0.3)
    assert isinstance(error, TokenNotIssuedError)
    assert any(each in error.reason for each in reason.split("|"))


def test_endpoint_that_refuses_connections_is_an_outage() -> None:
    error, _ = failure(at(f"http://127.0.0.1:{free_port()}/token"), guard())
    assert isinstance(error, TokenNotIssuedError)
    assert error.reason == "The token endpoint could not be used. The connection was refused."


def test_time_that_aws_takes_is_not_left_for_the_endpoint(server: Server) -> None:
    class SlowSts(SigningSts):
        def get_web_identity_token(self, **request: Any) -> dict[str, Any]:
            Event().wait(0.02)
            return super().get_web_identity_token(**request)

    error, _ = failure(at(server.url(path="/token")), guard(), seconds=0.01, sts=SlowSts())
    assert isinstance(error, TokenNotIssuedError)
    assert server.received == []


def test_time_that_the_response_takes_does_not_extend_the_validity_of_the_token(server: Server) -> None:
    """The provider counts from when it issued the token."""
    now = datetime(2026, 1, 2, 12, tzinfo=UTC)

    def respond(_: ReceivedRequest) -> Reply:
        nonlocal now
        now += timedelta(seconds=7)
        return Reply.from_json(GOOD)

    server.behave, sent_at = respond, now
    tokens = StsIdentityTokens(lambda: cast("Any", SigningSts()))
    made = TokenExchange(identity_tokens=tokens, outbound=Redirecting(server), clock=lambda: now)
    assert made.exchange(federated()).expires_at == sent_at + timedelta(hours=1)  # as in GOOD


def test_exchange_ends_two_seconds_before_the_timeout_of_its_function() -> None:
    seconds = signature(TokenExchange).parameters["seconds"].default
    assert seconds == sam_template.functions()["exchange_token"]["Timeout"] - 2


def test_both_requests_to_google_have_one_deadline(server: Server) -> None:
    server.behave = with_service_account(lambda _: Reply.from_json(GOOD))
    outbound = Redirecting(server)
    exchange(federated("VERTEX_AI"), outbound)
    assert [each.partition("/v1/")[0] for each in outbound.urls] == [
        "https://sts.googleapis.com",
        "https://iamcredentials.googleapis.com",
    ]
    assert outbound.deadlines[0] is outbound.deadlines[1]


@pytest.mark.parametrize("url", ["https://192.168.1.1/token", "https://localhost/token", "http://example.com/token"])
def test_nothing_is_sent_to_an_endpoint_that_is_not_allowed(url: str) -> None:
    error, _ = failure(at(url), guard())
    assert isinstance(error, TokenRefusedError)
    assert error.reason.startswith("Nothing was sent: the token endpoint must ")


@pytest.mark.parametrize("provider", ["CUSTOM", "LITELLM"])
def test_no_identity_token_for_a_provider_is_issued_for_another_endpoint(server: Server, provider: str) -> None:
    fields = {**FEDERATIONS["CUSTOM"].fields, "token_endpoint": server.url(), "audience": "https://api.openai.com/v1"}
    error, sts = failure(an_integration(provider=provider, federation=Federation(fields)), guard())
    assert error.reason == "Nothing was sent: the audience belongs to another provider."
    assert (sts.requests, server.received) == ([], [])


@pytest.mark.parametrize(
    ("provider", "federation"), [("OPEN_AI", None), ("GEMINI", FEDERATIONS["CUSTOM"])], ids=["none", "not accepted"]
)
def test_integration_without_federation_gets_no_identity_token(provider: str, federation: Federation | None) -> None:
    error, sts = failure(an_integration(provider=provider, federation=federation), guard())
    assert isinstance(error, TokenRefusedError)
    assert sts.requests == []
