"""Connection tests against servers that behave like providers, and against servers that do not."""

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from inspect import signature
from ipaddress import ip_address
from time import sleep
from typing import Any

import pytest
from pydantic import SecretStr

from ai_integrations.domain.connection_health import CheckStatus, Findings, Rung, overall_status
from ai_integrations.domain.model import AuthType, Integration
from ai_integrations.domain.providers import PROVIDERS
from ai_integrations.key_access.connection_test.credential_steps import CredentialSteps
from ai_integrations.key_access.connection_test.http import HttpSteps
from ai_integrations.key_access.connection_test.provider_requests import build_access
from ai_integrations.key_access.connection_test.steps import ProviderSteps
from ai_integrations.key_access.federation_off import FederationOff
from ai_integrations.key_access.outbound.deadline import Deadline, DeadlinePassedError
from ai_integrations.key_access.outbound.guard import Guard
from ai_integrations.key_access.outbound.http_messages import OutboundRequest, OutboundResponse
from tests.builders import API_KEY, an_integration
from tests.connection.servers import SYSTEM_TLS, ReceivedRequest, Reply, Server, StubDnsResolver, serve

GATEWAY = "gateway.corp"
KEY = SecretStr(API_KEY)
PASSED, FAILED, NOT_PROVED = CheckStatus.PASSED, CheckStatus.FAILED, CheckStatus.NOT_PROVED
COMPLETIONS: dict[str, dict[str, Any]] = {
    "/chat/completions": {"choices": [{"message": {"content": "H"}}]},
    "/messages": {"content": [{"type": "text", "text": "H"}]},
    ":generateContent": {"candidates": [{"content": {"parts": [{"text": "H"}]}}]},
}


@dataclass
class RecordingRoleSteps:
    """Records the integrations whose role would be tested."""

    tested: list[str] = field(default_factory=list)

    def run(self, integration: Integration, model: str | None) -> tuple[Rung, ...]:
        self.tested.append(f"{integration.provider} {model}")
        return ()


def provider_steps(*, allowed: str = GATEWAY, seconds: float = 10) -> ProviderSteps:
    resolver = StubDnsResolver([[ip_address("127.0.0.1")]])
    guard = Guard(resolver=resolver, allowed_private_hosts=frozenset({allowed}), tls=SYSTEM_TLS)
    return ProviderSteps(keys=HttpSteps(guard, FederationOff(), seconds), roles=RecordingRoleSteps())


def run_steps(
    server: Server, key: SecretStr | None = KEY, model: str | None = "m-1", **changes: Any
) -> tuple[Rung, ...]:
    settings = {"provider": "CUSTOM", "base_url": server.url(GATEWAY)} | changes
    return provider_steps().run(an_integration(**settings), key, model).rungs


def statuses(rungs: tuple[Rung, ...]) -> list[CheckStatus]:
    return [rung.status for rung in rungs]


def requiring(
    accepts: Callable[[ReceivedRequest], bool], *, models_are_public: bool = False
) -> Callable[[ReceivedRequest], Reply]:
    """Behave like a provider that requires credentials; its list of models may be public."""

    def behave(request: ReceivedRequest) -> Reply:
        is_list = request.method == "GET"
        if not accepts(request) and not (is_list and models_are_public):
            return Reply.from_json({"error": {"message": f"Incorrect API key provided: {request.headers}"}}, 401)
        if is_list:
            return Reply.from_json({"data": []})
        return Reply.from_json(next(body for ending, body in COMPLETIONS.items() if request.target.endswith(ending)))

    return behave


def has_key(request: ReceivedRequest) -> bool:
    return request.headers.get("authorization") == f"Bearer {API_KEY}"


def test_connection_test_passes_all_steps_for_working_integration(server: Server) -> None:
    server.behave = requiring(has_key)
    rungs = run_steps(server)
    assert [(rung.name, rung.status) for rung in rungs] == [
        ("reachable", PASSED),
        ("authenticated", PASSED),
        ("model_answers", PASSED),
    ]
    assert all(rung.proved and rung.latency_ms >= 0 for rung in rungs)
    assert rungs[1].proved == (
        "The provider lists its models with the credentials and rejects the same request without them."
    )
    assert rungs[1].not_proved == PROVIDERS["CUSTOM"].probe.unproved
    assert rungs[2].proved == "The model answered."
    assert overall_status(rungs) is PASSED
    assert [(request.method, request.target) for request in server.received] == [
        ("GET", "/v1/models"),
        ("GET", "/v1/models"),
        ("POST", "/v1/chat/completions"),
    ]


class OutboundWithoutResponse:
    """Connects successfully, but receives no response."""

    def reach(self, _url: str, _deadline: Deadline) -> None:
        """Succeed."""

    def send(self, _request: OutboundRequest, _deadline: Deadline) -> OutboundResponse:
        raise DeadlinePassedError


@pytest.mark.parametrize(
    ("scheme", "proved", "not_proved"),
    [
        ("https", "The connection succeeded, and the certificate is valid for the host.", None),
        ("HTTPS", "The connection succeeded, and the certificate is valid for the host.", None),
        ("http", "The connection succeeded.", "It is not encrypted, so the identity of the server is not verified."),
    ],
)
def test_reachable_reports_what_the_url_scheme_proves(scheme: str, proved: str, not_proved: str | None) -> None:
    integration = an_integration(provider="CUSTOM", base_url=f"{scheme}://{GATEWAY}")
    reachable, _ = HttpSteps(OutboundWithoutResponse(), FederationOff()).run(integration, KEY, None).rungs
    assert (reachable.status, reachable.proved, reachable.not_proved) == (PASSED, proved, not_proved)


def test_completion_request_is_limited_to_one_token(server: Server) -> None:
    server.behave = requiring(has_key)
    run_steps(server)
    assert json.loads(server.received[-1].body) == {
        "model": "m-1",
        "messages": [{"role": "user", "content": "Hi"}],
        "max_tokens": 1,
    }


# For each provider: key header and its value, path of the list of models, path of a completion.
CHAT = ("authorization", f"Bearer {API_KEY}", "/v1/models", "/v1/chat/completions")
REQUEST_FORMATS = {
    "OPEN_AI": CHAT,
    "AZURE_OPEN_AI": ("api-key", API_KEY, "/openai/v1/models", "/openai/v1/chat/completions"),
    "ANTHROPIC": ("x-api-key", API_KEY, "/v1/models?limit=200", "/v1/messages"),
    "CUSTOM": CHAT,
    "NVIDIA_NIM": CHAT,
    "GEMINI": ("x-goog-api-key", API_KEY, "/v1beta/models?pageSize=200", "/v1beta/models/m-1:generateContent"),
    "LITELLM": CHAT,
    "FIREWORKS": CHAT,
    "TOGETHER_AI": CHAT,
}


def test_every_provider_with_a_key_has_a_request_format() -> None:
    assert {*REQUEST_FORMATS, "AWS_BEDROCK", "VERTEX_AI"} == PROVIDERS.keys()


@pytest.mark.parametrize("provider", REQUEST_FORMATS)
def test_requests_use_the_format_of_the_provider(server: Server, provider: str) -> None:
    header, value, models, completion = REQUEST_FORMATS[provider]
    server.behave = requiring(lambda request: request.headers.get(header) == value)
    base_url = server.url(GATEWAY, models.partition("/models")[0])
    assert statuses(run_steps(server, provider=provider, base_url=base_url)) == [PASSED, PASSED, PASSED]
    assert {request.target for request in server.received} == {models, completion}
    assert ("anthropic-version" in server.received[0].headers) is (provider == "ANTHROPIC")


def test_requests_omit_query_of_stored_base_url(server: Server) -> None:
    run_steps(server, base_url=server.url(GATEWAY, "/v1/?api-version=2026-01-01"), model=None)
    assert server.received[0].target == "/v1/models"


def test_model_name_cannot_change_request_path(server: Server) -> None:
    run_steps(server, provider="GEMINI", base_url=server.url(GATEWAY, ""), model="../../x?y")
    assert server.received[-1].target == "/v1beta/models/..%2F..%2Fx%3Fy:generateContent"


def test_model_defaults_to_first_of_the_integration(server: Server) -> None:
    server.behave = requiring(has_key)
    run_steps(server, model=None, model_names=("first", "second"))
    assert json.loads(server.received[-1].body)["model"] == "first"


def test_authenticated_is_not_proved_by_public_model_list(server: Server) -> None:
    rungs = run_steps(server, model=None)
    assert statuses(rungs) == [PASSED, NOT_PROVED, NOT_PROVED]
    assert "also lists its models without the credentials" in (rungs[1].not_proved or "")
    assert rungs[2].not_proved == "There is no model to test: name one in the request or in model_names."
    assert overall_status(rungs) is NOT_PROVED


@pytest.mark.parametrize("status", [404, 429, 500])
def test_authenticated_is_not_proved_if_request_without_key_fails_unexpectedly(server: Server, status: int) -> None:
    server.behave = lambda request: Reply(200 if has_key(request) else status)
    rungs = run_steps(server, model=None)
    assert statuses(rungs) == [PASSED, NOT_PROVED, NOT_PROVED]
    assert "unclear" in (rungs[1].not_proved or "")
    assert (rungs[1].not_proved or "").endswith("the list may be public.")


@pytest.mark.parametrize("status", [400, 401, 403])
def test_authenticated_passes_if_request_without_key_is_rejected(server: Server, status: int) -> None:
    server.behave = lambda request: Reply(200 if has_key(request) else status)
    assert statuses(run_steps(server, model=None)) == [PASSED, PASSED, NOT_PROVED]


def test_steps_over_http_take_at_most_15_seconds() -> None:
    """docs/connection-tests.md promises it."""
    assert signature(HttpSteps).parameters["seconds"].default == 15


def test_repr_of_the_steps_hides_the_secrets() -> None:
    access = build_access(an_integration(), KEY)
    assert access
    assert API_KEY not in repr(CredentialSteps(OutboundWithoutResponse(), access, [API_KEY], None, Deadline(1)))


def test_authenticated_is_proved_by_model_if_model_list_is_public(server: Server) -> None:
    server.behave = requiring(has_key, models_are_public=True)
    rungs = run_steps(server, provider="NVIDIA_NIM")
    assert statuses(rungs) == [PASSED, PASSED, PASSED]
    assert rungs[1].proved == "The model answered with the credentials and rejected the same request without them."
    with_key, without_key = server.received[-2:]
    assert (without_key.target, without_key.body) == (with_key.target, with_key.body)
    assert (has_key(with_key), has_key(without_key)) == (True, False)


def test_authenticated_is_not_proved_by_fully_public_server(server: Server) -> None:
    server.behave = requiring(lambda _: True)
    assert statuses(run_steps(server)) == [PASSED, NOT_PROVED, PASSED]


def test_model_answers_fails_with_wrong_key_if_model_list_is_public(server: Server) -> None:
    server.behave = requiring(has_key, models_are_public=True)
    rungs = run_steps(server, SecretStr("sk-fake-wrong-not-a-key"), provider="NVIDIA_NIM")
    assert statuses(rungs) == [PASSED, NOT_PROVED, FAILED]
    assert rungs[2].not_proved == "The provider answered with status 401."
    assert (rungs[2].provider_said or "").startswith("Incorrect API key provided:")


def test_authenticated_fails_with_redacted_message_if_key_is_rejected(server: Server) -> None:
    server.behave = requiring(lambda _: False)
    rungs = run_steps(server, headers={"X-Team": "team-blue-7781"})
    assert statuses(rungs) == [PASSED, FAILED]
    assert (rungs[1].provider_said or "").startswith("Incorrect API key provided:")
    assert API_KEY not in repr(rungs)
    assert "blue-7781" not in repr(rungs)


def test_key_of_plain_letters_is_removed_from_the_message_of_the_provider(server: Server) -> None:
    server.behave = lambda _: Reply.from_json({"error": "The key plainsecret is unknown."}, 401)
    rungs = run_steps(server, SecretStr("plainsecret"))
    assert rungs[1].provider_said == "The key [redacted] is unknown."


@pytest.mark.parametrize("status", [404, 405, 429, 501])
def test_connection_test_continues_with_model_if_provider_has_no_model_list(server: Server, status: int) -> None:
    behave = requiring(has_key)
    no_list = Reply.from_json({"message": "There is no list."}, status)
    server.behave = lambda request: no_list if request.method == "GET" else behave(request)
    rungs = run_steps(server)
    assert statuses(rungs) == [PASSED, PASSED, PASSED]
    assert rungs[1].provider_said is None
    rungs = run_steps(server, model=None)
    assert statuses(rungs) == [PASSED, NOT_PROVED, NOT_PROVED]
    assert rungs[1].not_proved == f"Listing the models returned status {status}."
    assert rungs[1].provider_said == "There is no list."


@pytest.mark.parametrize("status", [400, 401, 403, 500, 503])
def test_authenticated_fails_on_error_status_of_model_list(server: Server, status: int) -> None:
    server.behave = lambda _: Reply(status)
    rungs = run_steps(server)
    assert statuses(rungs) == [PASSED, FAILED]
    assert rungs[1].not_proved == f"The provider answered with status {status}."


@pytest.mark.parametrize("status", [300, 307, 399])
def test_authenticated_fails_on_redirect_without_following_it(server: Server, status: int) -> None:
    with serve() as inner:
        server.behave = lambda _: Reply(status, headers={"Location": inner.url()})
        rungs = run_steps(server)
        assert statuses(rungs) == [PASSED, FAILED]
        assert "redirected" in (rungs[1].not_proved or "")
        assert inner.received == []


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (b"<html>Welcome</html>", "Welcome"),
        (b"{}", "{}"),
        (b"[]", "[]"),
        (b'{"choices": 3}', '{"choices": 3}'),
        (b"", None),
        (b"\xff", "\ufffd"),
        (b"[" * 10_000, "[" * 299 + "\u2026"),
        (b" " * 300_000, None),
        pytest.param(b'{"choices": []}' + b" " * 300_000, '{"choices": []}', id="cut off"),
    ],
)
def test_model_answers_fails_on_response_that_is_no_completion(
    server: Server, body: bytes, message: str | None
) -> None:
    server.behave = lambda request: Reply(200, body if request.method == "POST" else b"{}")
    rungs = run_steps(server)
    assert statuses(rungs) == [PASSED, NOT_PROVED, FAILED]
    assert rungs[2].not_proved == "The response is not a completion in the provider's format."
    assert rungs[2].provider_said == message


def test_bearer_token_auth_sends_key_in_authorization_header(server: Server) -> None:
    server.behave = requiring(has_key)
    rungs = run_steps(server, provider="ANTHROPIC", base_url=server.url(GATEWAY, ""), auth_type=AuthType.BEARER_TOKEN)
    assert statuses(rungs) == [PASSED, PASSED, PASSED]
    assert "x-api-key" not in server.received[0].headers


def test_proxy_with_headers_authenticates_with_headers(server: Server) -> None:
    server.behave = requiring(lambda request: request.headers.get("x-proxy") == "pass-fake-1234")
    headers = {"X-Proxy": "pass-fake-1234"}
    for key in (None, KEY):
        rungs = run_steps(server, key, headers=headers, auth_type=AuthType.PROXY_WITH_HEADERS)
        assert statuses(rungs) == [PASSED, PASSED, PASSED]


def test_integration_header_replaces_key_header_of_same_name(server: Server) -> None:
    server.behave = requiring(lambda request: request.headers.get("authorization") == "Basic fake")
    assert statuses(run_steps(server, headers={"authorization": "Basic fake"})) == [PASSED, PASSED, PASSED]


def test_request_without_credentials_keeps_integration_headers(server: Server) -> None:
    server.behave = requiring(has_key)
    run_steps(server, headers={"X-Route": "blue"})
    assert [request.headers.get("x-route") for request in server.received] == ["blue", "blue", "blue"]


def test_authenticated_is_not_proved_without_key_and_headers(server: Server) -> None:
    server.behave = requiring(lambda _: True)
    rungs = run_steps(server, None)
    assert statuses(rungs) == [PASSED, NOT_PROVED, PASSED]
    assert "no key and no headers" in (rungs[1].not_proved or "")
    assert [request.method for request in server.received] == ["GET", "POST"]


def test_reachable_fails_for_destination_that_is_not_allowed(server: Server) -> None:
    settings = an_integration(provider="CUSTOM", base_url="https://other.example.com/")
    rungs = provider_steps().run(settings, KEY, None).rungs
    assert statuses(rungs) == [FAILED]
    assert "Nothing was sent" in (rungs[0].not_proved or "")
    assert server.received == []


def test_reachable_fails_for_host_removed_from_allow_list(server: Server) -> None:
    settings = an_integration(provider="CUSTOM", base_url=server.url(GATEWAY))
    assert statuses(provider_steps(allowed="another.corp").run(settings, KEY, None).rungs) == [FAILED]


@pytest.mark.parametrize("provider", ["CUSTOM", "AZURE_OPEN_AI", "LITELLM"])
def test_reachable_fails_without_provider_address(provider: str) -> None:
    rungs = provider_steps().run(an_integration(provider=provider), KEY, None).rungs
    assert [(rung.name, rung.status) for rung in rungs] == [("reachable", FAILED)]
    assert "base_url" in (rungs[0].not_proved or "")
    assert "Use " in (rungs[0].not_proved or "")


def test_bedrock_integration_runs_role_steps() -> None:
    roles = RecordingRoleSteps()
    guard = Guard(resolver=StubDnsResolver([[]]), allowed_private_hosts=())
    steps = ProviderSteps(keys=HttpSteps(guard, FederationOff()), roles=roles)
    assert steps.run(an_integration(provider="AWS_BEDROCK", model_names=("m-1",)), None, None) == Findings(())
    assert roles.tested == ["AWS_BEDROCK m-1"]


def test_connection_test_ends_at_total_deadline(server: Server) -> None:
    server.behave = lambda _: sleep(0.4) or Reply()  # type: ignore[func-returns-value]
    settings = an_integration(provider="CUSTOM", base_url=server.url(GATEWAY))
    rungs = provider_steps(seconds=0.6).run(settings, KEY, "m-1").rungs
    assert sum(rung.latency_ms for rung in rungs) < 1500
    assert rungs[-1].status is FAILED
    assert rungs[-1].not_proved == "The provider did not respond in time."


def test_authenticated_fails_if_connection_is_lost(server: Server) -> None:
    def lose_connection(_: ReceivedRequest) -> Reply:
        raise ConnectionError

    server.behave = lose_connection
    rungs = run_steps(server)
    assert statuses(rungs) == [PASSED, FAILED]
    assert rungs[1].not_proved == "The connection was lost."


MODEL_LISTS: dict[str, Any] = {
    "OPEN_AI": {"data": [{"id": "m-2"}, {"id": "m-1"}, {"id": "m-2"}]},
    "ANTHROPIC": {"data": [{"id": "m-2"}, {"id": "m-1"}]},
    "GEMINI": {"models": [{"name": "models/m-2"}, {"name": "models/m-1"}]},
    "TOGETHER_AI": [{"id": "m-2"}, {"id": "m-1"}],
}


def listed_models(server: Server, models: Reply, key: SecretStr = KEY, **changes: Any) -> tuple[str, ...]:
    server.behave = lambda request: models if request.method == "GET" else Reply()
    settings = {"provider": "CUSTOM", "base_url": server.url(GATEWAY)} | changes
    return provider_steps().run(an_integration(**settings), key, None).models


@pytest.mark.parametrize("provider", MODEL_LISTS)
def test_connection_test_returns_the_models_that_the_provider_lists(server: Server, provider: str) -> None:
    models = Reply.from_json(MODEL_LISTS[provider])
    assert listed_models(server, models, provider=provider, base_url=server.url(GATEWAY, "")) == ("m-1", "m-2")


def test_connection_test_returns_models_even_if_the_key_may_not_use_them(server: Server) -> None:
    behave = requiring(has_key)
    models = Reply.from_json(MODEL_LISTS["OPEN_AI"])
    server.behave = lambda request: models if request.method == "GET" and has_key(request) else behave(request)
    integration = an_integration(provider="CUSTOM", base_url=server.url(GATEWAY), headers={"X-Team": "blue"})
    findings = provider_steps().run(integration, KEY, "no-such-model")
    assert findings.models == ("m-1", "m-2")


@pytest.mark.parametrize("status", [401, 404, 500])
def test_connection_test_returns_no_models_of_a_rejected_request(server: Server, status: int) -> None:
    assert listed_models(server, Reply.from_json(MODEL_LISTS["OPEN_AI"], status)) == ()


def test_connection_test_returns_no_model_that_repeats_the_key_or_a_header(server: Server) -> None:
    names = [API_KEY, f"m-{API_KEY}", "team-blue-7781", "m-1"]
    models = Reply.from_json({"data": [{"id": name} for name in names]})
    assert listed_models(server, models, headers={"X-Team": "team-blue-7781"}) == ("m-1",)


@pytest.mark.parametrize(("size", "models"), [(1_048_576, ("m-1",)), (1_048_577, ())])
def test_connection_test_returns_no_models_of_a_list_that_is_too_long(
    server: Server, size: int, models: tuple[str, ...]
) -> None:
    assert listed_models(server, Reply(body=b'{"data": [{"id": "m-1"}]}'.ljust(size))) == models


@dataclass
class RecordingOutbound(OutboundWithoutResponse):
    """Lists its models to everyone, and records how much of each response is read."""

    limits: list[int] = field(default_factory=list)

    def send(self, request: OutboundRequest, _deadline: Deadline) -> OutboundResponse:
        self.limits.append(request.max_bytes)
        return OutboundResponse(status=200, body=b"{}")


def test_only_the_status_of_the_request_without_credentials_is_read() -> None:
    outbound = RecordingOutbound()
    HttpSteps(outbound, FederationOff()).run(an_integration(), KEY, None)
    assert outbound.limits == [1_048_576, 0]
