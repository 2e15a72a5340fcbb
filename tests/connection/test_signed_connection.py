"""Signed requests of the client package to the API: signature, retries, limits, certificates and proxies."""

import json
import socket
import ssl
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import CredentialProvider, CredentialResolver, ReadOnlyCredentials, RefreshableCredentials
from botocore.exceptions import (
    ClientError,
    CredentialRetrievalError,
    EndpointConnectionError,
    NoCredentialsError,
    ProxyConnectionError,
    ReadTimeoutError,
    SSLError,
)
from botocore.httpsession import URLLib3Session, create_urllib3_context
from botocore.session import Session

from ai_integrations_client import Client, Runtime
from ai_integrations_client.api_address import ApiAddress
from ai_integrations_client.signed_connection import SignedConnection
from tests.connection.certificates import certify
from tests.connection.servers import ReceivedRequest, Reply, Server, serve
from tests.free_port import free_port
from tests.sigv4 import refusal
from tests.unit.client.fixtures import ID, KEY, a_response

ACCESS_KEY_ID, SECRET, TOKEN = "AKIAFAKE", "fake-secret-access-key", "fake/session+token=="
REGION = "eu-west-1"
MAX_BYTES = 10 * 1024 * 1024


@dataclass
class Gateway:
    """Refuses invalid signatures like API Gateway. Otherwise sends each reply once, and the last one repeatedly."""

    replies: list[Reply] = field(default_factory=lambda: [Reply.from_json(a_response())])

    def __call__(self, request: ReceivedRequest) -> Reply:
        reason = refusal(request, {ACCESS_KEY_ID: SECRET}, REGION, "execute-api", datetime.now(UTC))
        if reason is not None:
            return Reply.from_json({"message": reason}, 403)
        return self.replies.pop(0) if len(self.replies) > 1 else self.replies[0]


@pytest.fixture
def gateway() -> Gateway:
    return Gateway()


@pytest.fixture
def api(gateway: Gateway) -> Iterator[Server]:
    with serve(protocol="HTTP/1.1") as server:
        server.behave = gateway
        yield server


def a_session(secret: str = SECRET, token: str | None = TOKEN) -> Session:
    session = Session()
    session.set_credentials(ACCESS_KEY_ID, secret, token)
    return session


@dataclass
class ConnectionFixture:
    """A connection that records for how long it would wait between attempts."""

    url: str
    session: Session = field(default_factory=a_session)
    waits: list[float] = field(default_factory=list)

    def __post_init__(self) -> None:
        runtime = Runtime(sleep=self.waits.append, random=lambda: 1.0)
        self.connection = SignedConnection(ApiAddress(self.url, REGION), self.session, runtime)

    def status(self) -> int:
        return self.connection.post("/v2/credentials", b"{}").status


def connect(api: Server, session: Session | None = None, path: str = "/live") -> ConnectionFixture:
    return ConnectionFixture(api.url(path=path), session or a_session())


@pytest.mark.parametrize("token", [TOKEN, None])
@pytest.mark.parametrize(
    "path", ["", "/live", "/base.path", "/a%20b", "/a%2Fb", "/~tilde", "/it's(1)!", "/caf%C3%A9", "/a+b=c"]
)
def test_post_signs_as_botocore_and_as_aws_describes(api: Server, path: str, token: str | None) -> None:
    body = '{"integration": "Café"}'.encode()
    response = connect(api, a_session(token=token), path).connection.post("/v2/credentials", body)
    [received] = api.received
    assert (response.status, json.loads(response.body)) == (200, a_response())
    assert (received.method, received.target, received.body) == ("POST", f"{path}/v2/credentials", body)
    assert received.headers["content-type"] == "application/json"
    assert received.headers.get("x-amz-security-token") == token
    signature = sign_with_botocore(received, api.url(path=received.target), token)
    assert received.headers["authorization"].endswith(f"Signature={signature}")


def sign_with_botocore(received: ReceivedRequest, url: str, token: str | None) -> str:
    """Sign a received request with the date that it has."""
    names = received.headers["authorization"].split("SignedHeaders=")[1].split(",")[0].split(";")
    request = AWSRequest("POST", url, {name: received.headers[name] for name in names}, received.body)
    request.context["timestamp"] = received.headers["x-amz-date"]
    signer = SigV4Auth(ReadOnlyCredentials(ACCESS_KEY_ID, SECRET, token), "execute-api", REGION)
    return str(signer.signature(signer.string_to_sign(request, signer.canonical_request(request)), request))


def test_post_with_a_wrong_secret_is_refused(api: Server) -> None:
    assert connect(api, a_session(secret="fake-other-secret")).status() == 403


def test_client_resolves_over_the_api(api: Server) -> None:
    client = Client(url=api.url(path="/live/"), account="acme", region=REGION, session=a_session())
    for integration in ("Production OpenAI", ID):
        key = client.resolve(integration, key_version="version-1").api_key
        assert key is not None
        assert key.reveal() == KEY
    assert [(each.target, json.loads(each.body)) for each in api.received] == [
        (
            "/live/v2/credentials",
            {"integration": "Production OpenAI", "account": "acme", "key_version": "version-1"},
        ),
        (f"/live/v2/ai-integrations/{ID}/credentials", {"account": "acme", "key_version": "version-1"}),
    ]


def test_client_retries_with_its_own_waits(api: Server, gateway: Gateway) -> None:
    gateway.replies = [Reply(503), *gateway.replies]
    waits: list[float] = []
    runtime = Runtime(sleep=waits.append, random=lambda: 0.5)
    Client(url=api.url(path="/live"), region=REGION, session=a_session(), runtime=runtime).resolve("x")
    assert waits == [0.5]


@pytest.mark.parametrize("status", [429, 500, 502, 503, 504])
def test_post_retries_throttling_and_server_errors(api: Server, gateway: Gateway, status: int) -> None:
    gateway.replies = [Reply(status), Reply(status), Reply(200)]
    connection = connect(api)
    assert connection.status() == 200
    assert connection.waits == [1, 2]
    assert [(each.target, each.body) for each in api.received] == [("/live/v2/credentials", b"{}")] * 3


def test_post_gives_up_after_three_attempts(api: Server, gateway: Gateway) -> None:
    gateway.replies = [Reply(503)]
    assert connect(api).status() == 503
    assert len(api.received) == 3


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308, 400, 403, 404, 409])
def test_post_sends_once_and_follows_no_redirect(api: Server, gateway: Gateway, status: int) -> None:
    elsewhere = api.url(path="/elsewhere")
    gateway.replies = [Reply(status, headers={"Location": elsewhere})]
    response = connect(api).connection.post("/v2/credentials", b"{}")
    assert (response.status, response.headers["location"]) == (status, elsewhere)
    assert len(api.received) == 1


def test_post_retries_if_nothing_listens() -> None:
    connection = ConnectionFixture(f"http://127.0.0.1:{free_port()}")
    with pytest.raises(EndpointConnectionError):
        connection.status()
    assert connection.waits == [1, 2]


def find_no_host(*_: Any, **__: Any) -> None:
    """Replace getaddrinfo."""
    raise socket.gaierror


def test_post_to_an_unknown_host_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(socket, "getaddrinfo", find_no_host)
    with pytest.raises(EndpointConnectionError):
        ConnectionFixture("https://fake-api.invalid").status()


def test_post_reuses_its_tcp_connection(api: Server) -> None:
    connection = connect(api)
    assert [connection.status() for _ in range(3)] == [200] * 3
    assert len(api.peers) == 1


def test_post_reads_no_more_than_the_limit_of_api_gateway(api: Server, gateway: Gateway) -> None:
    gateway.replies = [Reply(body=b"x" * (MAX_BYTES + 1)), Reply()]
    connection = connect(api)
    assert len(connection.connection.post("/v2/credentials", b"{}").body) == MAX_BYTES
    assert connection.status() == 200
    assert len(api.peers) == 2, "a response that was not read to its end must not stay in the pool"


def test_post_times_out_and_retries_if_there_is_no_response(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ai_integrations_client.signed_connection._READ_SECONDS", 0.05)
    silent = socket.create_server(("127.0.0.1", 0))  # accepts connections, and never responds
    connection = ConnectionFixture(f"http://127.0.0.1:{silent.getsockname()[1]}")
    with silent, pytest.raises(ReadTimeoutError):
        connection.status()
    assert connection.waits == [1, 2]


class Provider(CredentialProvider):
    """Provides credentials that have expired, and renews them; or raises an error."""

    METHOD = "test"

    def __init__(self, error: Exception | None = None) -> None:
        super().__init__()
        self._error = error
        self._expiries = iter(["2020-01-01T00:00:00Z", "2099-01-01T00:00:00Z"])

    def load(self) -> Any:
        return RefreshableCredentials.create_from_metadata(self._renew(), self._renew, self.METHOD)

    def _renew(self) -> dict[str, str]:
        if self._error is not None:
            raise self._error
        expiry = next(self._expiries)
        return {"access_key": ACCESS_KEY_ID, "secret_key": SECRET, "token": f"until {expiry}", "expiry_time": expiry}


def session_with(*providers: CredentialProvider) -> Session:
    session = Session()
    session.register_component("credential_provider", CredentialResolver(list(providers)))
    return session


def test_post_renews_expired_credentials(api: Server) -> None:
    assert connect(api, session_with(Provider())).status() == 200
    assert api.received[0].headers["x-amz-security-token"] == "until 2099-01-01T00:00:00Z"


def test_each_attempt_and_each_post_is_signed_with_the_credentials_of_its_time(api: Server, gateway: Gateway) -> None:
    def renew(_: float) -> None:
        session.set_credentials(ACCESS_KEY_ID, SECRET, next(tokens))

    session, tokens = a_session(), iter(["second", "third"])
    gateway.replies = [Reply(503), Reply.from_json(a_response())]
    connection = SignedConnection(ApiAddress(api.url(), REGION), session, Runtime(sleep=renew))
    connection.post("/v2/credentials", b"{}")
    renew(0)
    connection.post("/v2/credentials", b"{}")
    assert [each.headers["x-amz-security-token"] for each in api.received] == [TOKEN, "second", "third"]


def test_post_without_credentials_sends_nothing(api: Server) -> None:
    with pytest.raises(NoCredentialsError):
        connect(api, session_with()).status()
    assert not api.received


@pytest.mark.parametrize(
    "error",
    [
        ClientError({"Error": {"Code": "AccessDenied", "Message": "fake"}}, "AssumeRole"),
        EndpointConnectionError(endpoint_url="https://sts.amazonaws.com"),
    ],
)
def test_post_without_valid_credentials_sends_nothing(api: Server, error: Exception) -> None:
    connection = connect(api, session_with(Provider(error)))
    with pytest.raises(CredentialRetrievalError, match=f"from default: {type(error).__name__}"):
        connection.status()
    assert (api.received, connection.waits) == ([], [])


class RenewedCredentials:
    """Credentials that another thread renews all the time: only a copy has a key and a token of the same moment."""

    def get_frozen_credentials(self) -> ReadOnlyCredentials:
        return ReadOnlyCredentials(ACCESS_KEY_ID, SECRET, TOKEN)


def test_post_signs_with_credentials_of_one_moment(api: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    session = Session()
    monkeypatch.setattr(session, "get_credentials", RenewedCredentials)
    assert connect(api, session).status() == 200


class MeetingSession(Session):
    """Lets two threads meet while they load credentials, if they can."""

    def __init__(self) -> None:
        super().__init__()
        self.set_credentials(ACCESS_KEY_ID, SECRET)
        self.meeting = threading.Barrier(2)

    def get_credentials(self) -> Any:
        with suppress(threading.BrokenBarrierError):
            self.meeting.wait(0.1)
        return super().get_credentials()


def test_threads_load_credentials_one_after_the_other(api: Server) -> None:
    """botocore's sessions are not thread-safe."""
    session = MeetingSession()
    connection = connect(api, session)
    with ThreadPoolExecutor(2) as pool:
        assert [*pool.map(lambda _: connection.status(), range(2))] == [200, 200]
    assert session.meeting.broken


@pytest.fixture
def https_api(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[Server, Path]]:
    """Run an HTTPS server, and yield it with the CA bundle that trusts it.

    The client has a TLS context of its own, as in a program. In this process, tests may have loaded the functions,
    which share one.
    """
    for variable in ("AWS_CA_BUNDLE", "REQUESTS_CA_BUNDLE"):
        monkeypatch.delenv(variable, raising=False)
    monkeypatch.setattr(URLLib3Session, "_get_ssl_context", lambda _: create_urllib3_context())
    certificate, key = certify(tmp_path, "localhost")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    with serve(context) as server:
        server.behave = Gateway()
        yield server, certificate


def test_post_verifies_the_certificate(https_api: tuple[Server, Path]) -> None:
    with pytest.raises(SSLError):
        ConnectionFixture(https_api[0].url("localhost")).status()


@pytest.mark.parametrize("variable", ["AWS_CA_BUNDLE", "REQUESTS_CA_BUNDLE"])
def test_post_trusts_the_ca_bundle_of_the_environment(
    https_api: tuple[Server, Path], monkeypatch: pytest.MonkeyPatch, variable: str
) -> None:
    server, bundle = https_api
    monkeypatch.setenv(variable, str(bundle))
    assert ConnectionFixture(server.url("localhost")).status() == 200


def test_proxy_is_used_except_on_loopback(api: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("no_proxy", "NO_PROXY"):
        monkeypatch.delenv(name, raising=False)
    for name in ("http_proxy", "https_proxy"):
        monkeypatch.setenv(name, f"http://127.0.0.1:{free_port()}")
    assert connect(api).status() == 200
    with pytest.raises(ProxyConnectionError):
        ConnectionFixture("https://api.example.com").status()


def test_host_in_no_proxy_is_connected_without_the_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("https_proxy", f"http://127.0.0.1:{free_port()}")
    monkeypatch.delenv("NO_PROXY", raising=False)
    monkeypatch.setenv("no_proxy", "api.example.com")
    monkeypatch.setattr(socket, "getaddrinfo", find_no_host)
    with pytest.raises(EndpointConnectionError):
        ConnectionFixture("https://api.example.com").status()
