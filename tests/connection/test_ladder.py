"""The ladder against servers that answer as providers do, and as servers do that only look like one."""

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from ipaddress import ip_address
from time import sleep
from typing import Any

import pytest
from pydantic import SecretStr

from ai_integrations.domain.connection_health import CheckStatus, Rung, overall_status
from ai_integrations.domain.model import AuthType, Integration
from ai_integrations.domain.providers import PROVIDERS
from ai_integrations.key_access.connection_test.http import HttpSteps
from ai_integrations.key_access.connection_test.steps import ProviderSteps
from ai_integrations.key_access.outbound.deadline import Deadline, DeadlinePassedError
from ai_integrations.key_access.outbound.guard import Guard
from ai_integrations.key_access.outbound.http_messages import Answer, Request
from tests.builders import API_KEY, an_integration
from tests.connection.servers import SYSTEMS_TRUST, Answers, Received, Reply, Server, serve

GATEWAY = "gateway.corp"
KEY = SecretStr(API_KEY)
PASSED, FAILED, NOT_PROVED = CheckStatus.PASSED, CheckStatus.FAILED, CheckStatus.NOT_PROVED
COMPLETIONS: dict[str, dict[str, Any]] = {
    "/chat/completions": {"choices": [{"message": {"content": "H"}}]},
    "/messages": {"content": [{"type": "text", "text": "H"}]},
    ":generateContent": {"candidates": [{"content": {"parts": [{"text": "H"}]}}]},
}


@dataclass
class SkippedRoleSteps:
    """A ladder of roles that nobody is to climb."""

    climbed: list[str] = field(default_factory=list)

    def run(self, integration: Integration, model: str | None) -> tuple[Rung, ...]:
        self.climbed.append(f"{integration.provider} {model}")
        return ()


def a_ladder(*, allowed: str = GATEWAY, seconds: float = 10) -> ProviderSteps:
    resolver = Answers([[ip_address("127.0.0.1")]])
    guard = Guard(resolver=resolver, allowed_private_hosts=frozenset({allowed}), tls=SYSTEMS_TRUST)
    return ProviderSteps(keys=HttpSteps(guard, seconds), roles=SkippedRoleSteps())


def run_steps(
    server: Server, key: SecretStr | None = KEY, model: str | None = "m-1", **changes: Any
) -> tuple[Rung, ...]:
    settings = {"provider": "CUSTOM", "base_url": server.url(GATEWAY)} | changes
    return a_ladder().run(an_integration(**settings), key, model)


def standings(rungs: tuple[Rung, ...]) -> list[CheckStatus]:
    return [rung.status for rung in rungs]


def asks_for(opens: Callable[[Received], bool], *, models_are_public: bool = False) -> Callable[[Received], Reply]:
    """Behave as a provider that wants credentials, for its list of models too or not."""

    def behave(got: Received) -> Reply:
        is_list = got.method == "GET"
        if not opens(got) and not (is_list and models_are_public):
            return Reply.of({"error": {"message": f"Incorrect API key provided: {got.headers}"}}, 401)
        if is_list:
            return Reply.of({"data": []})
        return Reply.of(next(body for ending, body in COMPLETIONS.items() if got.target.endswith(ending)))

    return behave


def bearer(got: Received) -> bool:
    return got.headers.get("authorization") == f"Bearer {API_KEY}"


def test_climbs_to_a_model_that_answers(server: Server) -> None:
    server.behave = asks_for(bearer)
    rungs = run_steps(server)
    assert [(rung.name, rung.status) for rung in rungs] == [
        ("reachable", PASSED),
        ("authenticated", PASSED),
        ("model_answers", PASSED),
    ]
    assert all(rung.proved and rung.latency_ms >= 0 for rung in rungs)
    assert overall_status(rungs) is PASSED
    assert [(got.method, got.target) for got in server.received] == [
        ("GET", "/v1/models"),
        ("GET", "/v1/models"),
        ("POST", "/v1/chat/completions"),
    ]


class Connecting:
    """A way out that can be connected through, and gets no answer."""

    def reach(self, _url: str, _deadline: Deadline) -> None:
        """Connect."""

    def send(self, _request: Request, _deadline: Deadline) -> Answer:
        raise DeadlinePassedError


@pytest.mark.parametrize(
    ("scheme", "proved", "not_proved"),
    [
        ("https", "A connection could be made, and its certificate is the host's.", None),
        ("HTTPS", "A connection could be made, and its certificate is the host's.", None),
        ("http", "A connection could be made.", "It is not encrypted: nothing shows whose server it is."),
    ],
)
def test_says_of_a_connection_what_its_scheme_shows(scheme: str, proved: str, not_proved: str | None) -> None:
    integration = an_integration(provider="CUSTOM", base_url=f"{scheme}://{GATEWAY}")
    reachable, _ = HttpSteps(Connecting()).run(integration, KEY, None)
    assert (reachable.status, reachable.proved, reachable.not_proved) == (PASSED, proved, not_proved)


def test_asks_for_as_little_as_can_be(server: Server) -> None:
    server.behave = asks_for(bearer)
    run_steps(server)
    assert json.loads(server.received[-1].body) == {
        "model": "m-1",
        "messages": [{"role": "user", "content": "Hi"}],
        "max_tokens": 1,
    }


# The header that carries a key, and the paths of the list of models and of a completion.
CHAT = ("authorization", f"Bearer {API_KEY}", "/models", "/chat/completions")
WAYS = {
    "OPEN_AI": CHAT,
    "AZURE_OPEN_AI": ("api-key", API_KEY, "/openai/v1/models", "/openai/v1/chat/completions"),
    "ANTHROPIC": ("x-api-key", API_KEY, "/v1/models", "/v1/messages"),
    "CUSTOM": CHAT,
    "NVIDIA_NIM": CHAT,
    "GEMINI": ("x-goog-api-key", API_KEY, "/v1beta/models", "/v1beta/models/m-1:generateContent"),
    "LITELLM": CHAT,
    "FIREWORKS": CHAT,
    "TOGETHER_AI": CHAT,
}


def test_knows_the_way_to_every_provider_that_takes_a_key() -> None:
    assert {*WAYS, "AWS_BEDROCK", "VERTEX_AI"} == PROVIDERS.keys()


@pytest.mark.parametrize("provider", WAYS)
@pytest.mark.parametrize("has_root", [True, False])
def test_speaks_to_each_provider_in_its_own_way(server: Server, provider: str, has_root: bool) -> None:
    header, value, models, completion = WAYS[provider]
    server.behave = asks_for(lambda got: got.headers.get(header) == value)
    base_url = server.url(GATEWAY, models.removesuffix("/models") if has_root else "")
    assert standings(run_steps(server, provider=provider, base_url=base_url)) == [PASSED, PASSED, PASSED]
    assert {got.target for got in server.received} == {models, completion}
    assert ("anthropic-version" in server.received[0].headers) is (provider == "ANTHROPIC")


def test_keeps_the_query_of_a_base_url(server: Server) -> None:
    run_steps(server, base_url=server.url(GATEWAY, "/v1/?api-version=2026-01-01"), model=None)
    assert server.received[0].target == "/v1/models?api-version=2026-01-01"


def test_does_not_let_a_model_lead_to_another_path(server: Server) -> None:
    run_steps(server, provider="GEMINI", base_url=server.url(GATEWAY, ""), model="../../x?y")
    assert server.received[-1].target == "/v1beta/models/..%2F..%2Fx%3Fy:generateContent"


def test_takes_the_integrations_first_model_unless_another_is_named(server: Server) -> None:
    server.behave = asks_for(bearer)
    run_steps(server, model=None, model_names=("first", "second"))
    assert json.loads(server.received[-1].body)["model"] == "first"


def test_does_not_take_a_public_list_of_models_for_a_proof_of_the_key(server: Server) -> None:
    rungs = run_steps(server, model=None)
    assert standings(rungs) == [PASSED, NOT_PROVED, NOT_PROVED]
    assert "without the credentials too" in (rungs[1].not_proved or "")
    assert overall_status(rungs) is NOT_PROVED


@pytest.mark.parametrize("status", [404, 429, 500])
def test_concludes_nothing_from_a_provider_that_stumbles_over_a_request_without_a_key(
    server: Server, status: int
) -> None:
    server.behave = lambda got: Reply(200 if bearer(got) else status)
    rungs = run_steps(server, model=None)
    assert standings(rungs) == [PASSED, NOT_PROVED, NOT_PROVED]
    assert "not clear" in (rungs[1].not_proved or "")


def test_lets_a_model_prove_the_key_that_a_public_list_could_not(server: Server) -> None:
    server.behave = asks_for(bearer, models_are_public=True)
    rungs = run_steps(server, provider="NVIDIA_NIM")
    assert standings(rungs) == [PASSED, PASSED, PASSED]
    assert rungs[1].proved == "The model answered with the credentials and not without them."


def test_proves_no_key_where_everything_is_open(server: Server) -> None:
    server.behave = asks_for(lambda _: True)
    assert standings(run_steps(server)) == [PASSED, NOT_PROVED, PASSED]


def test_finds_a_wrong_key_behind_a_public_list(server: Server) -> None:
    server.behave = asks_for(bearer, models_are_public=True)
    rungs = run_steps(server, SecretStr("sk-fake-wrong-not-a-key"), provider="NVIDIA_NIM")
    assert standings(rungs) == [PASSED, NOT_PROVED, FAILED]
    assert rungs[2].not_proved == "The provider answered with status 401."


def test_ends_at_a_key_that_is_refused_and_shows_the_words_without_the_key(server: Server) -> None:
    server.behave = asks_for(lambda _: False)
    rungs = run_steps(server, headers={"X-Team": "team-blue-7781"})
    assert standings(rungs) == [PASSED, FAILED]
    assert (rungs[1].provider_said or "").startswith("Incorrect API key provided:")
    assert API_KEY not in repr(rungs)
    assert "blue-7781" not in repr(rungs)


@pytest.mark.parametrize("status", [404, 405, 429, 501])
def test_goes_on_to_the_model_where_there_is_no_list(server: Server, status: int) -> None:
    ordinary = asks_for(bearer)
    server.behave = lambda got: Reply(status) if got.method == "GET" else ordinary(got)
    assert standings(run_steps(server)) == [PASSED, PASSED, PASSED]
    assert standings(run_steps(server, model=None)) == [PASSED, NOT_PROVED, NOT_PROVED]


@pytest.mark.parametrize("status", [400, 401, 403, 500, 503])
def test_ends_at_a_list_that_is_refused(server: Server, status: int) -> None:
    server.behave = lambda _: Reply(status)
    rungs = run_steps(server)
    assert standings(rungs) == [PASSED, FAILED]
    assert str(status) in (rungs[1].not_proved or "")


def test_follows_no_redirect_with_a_key(server: Server) -> None:
    with serve() as inner:
        server.behave = lambda _: Reply(307, headers={"Location": inner.url()})
        rungs = run_steps(server)
        assert standings(rungs) == [PASSED, FAILED]
        assert "redirects" in (rungs[1].not_proved or "")
        assert inner.received == []


@pytest.mark.parametrize(
    "body", [b"<html>Welcome</html>", b"{}", b"[]", b'{"choices": 3}', b"", b"\xff", b"[" * 10_000, b" " * 300_000]
)
def test_takes_nothing_for_a_models_answer_that_has_not_its_form(server: Server, body: bytes) -> None:
    server.behave = lambda got: Reply(200, body if got.method == "POST" else b"{}")
    rungs = run_steps(server)
    assert standings(rungs) == [PASSED, NOT_PROVED, FAILED]
    assert rungs[2].not_proved == "The answer has not the form of a model's."


def test_sends_the_key_as_a_bearers_where_the_integration_wants_that(server: Server) -> None:
    server.behave = asks_for(bearer)
    rungs = run_steps(server, provider="ANTHROPIC", base_url=server.url(GATEWAY, ""), auth_type=AuthType.BEARER_TOKEN)
    assert standings(rungs) == [PASSED, PASSED, PASSED]
    assert "x-api-key" not in server.received[0].headers


def test_authenticates_at_a_proxy_by_the_integrations_headers(server: Server) -> None:
    server.behave = asks_for(lambda got: got.headers.get("x-proxy") == "pass-fake-1234")
    headers = {"X-Proxy": "pass-fake-1234"}
    for key in (None, KEY):
        rungs = run_steps(server, key, headers=headers, auth_type=AuthType.PROXY_WITH_HEADERS)
        assert standings(rungs) == [PASSED, PASSED, PASSED]


def test_sends_a_header_of_the_integrations_in_the_place_of_the_keys(server: Server) -> None:
    server.behave = asks_for(lambda got: got.headers.get("authorization") == "Basic fake")
    assert standings(run_steps(server, headers={"authorization": "Basic fake"})) == [PASSED, PASSED, PASSED]


def test_sends_the_integrations_headers_without_the_key_too_since_a_route_may_need_them(server: Server) -> None:
    server.behave = asks_for(bearer)
    run_steps(server, headers={"X-Route": "blue"})
    assert [got.headers.get("x-route") for got in server.received] == ["blue", "blue", "blue"]


def test_has_nothing_to_prove_without_a_key_and_headers(server: Server) -> None:
    server.behave = asks_for(lambda _: True)
    rungs = run_steps(server, None)
    assert standings(rungs) == [PASSED, NOT_PROVED, PASSED]
    assert "no key and no headers" in (rungs[1].not_proved or "")


def test_does_not_reach_what_is_not_allowed(server: Server) -> None:
    settings = an_integration(provider="CUSTOM", base_url="https://other.example.com/")
    rungs = a_ladder().run(settings, KEY, None)
    assert standings(rungs) == [FAILED]
    assert "nothing was sent" in (rungs[0].not_proved or "")
    assert server.received == []


def test_does_not_reach_what_was_allowed_when_it_was_saved_and_is_not_any_more(server: Server) -> None:
    settings = an_integration(provider="CUSTOM", base_url=server.url(GATEWAY))
    assert standings(a_ladder(allowed="another.corp").run(settings, KEY, None)) == [FAILED]


@pytest.mark.parametrize("provider", ["CUSTOM", "AZURE_OPEN_AI", "LITELLM"])
def test_says_that_a_base_url_is_missing(provider: str) -> None:
    rungs = a_ladder().run(an_integration(provider=provider), KEY, None)
    assert standings(rungs) == [FAILED]
    assert "base_url" in (rungs[0].not_proved or "")


def test_leaves_a_role_to_those_who_assume_it() -> None:
    roles = SkippedRoleSteps()
    steps = ProviderSteps(keys=HttpSteps(Guard(resolver=Answers([[]]), allowed_private_hosts=())), roles=roles)
    assert steps.run(an_integration(provider="AWS_BEDROCK", model_names=("m-1",)), None, None) == ()
    assert roles.climbed == ["AWS_BEDROCK m-1"]


def test_proves_no_more_of_vertex_than_that_it_is_there(server: Server) -> None:
    rungs = run_steps(server, provider="VERTEX_AI", provider_metadata={"location": "europe-west3"})
    assert standings(rungs) == [PASSED, NOT_PROVED, NOT_PROVED]
    assert server.received == []


def test_keeps_to_its_time_in_all(server: Server) -> None:
    server.behave = lambda _: sleep(0.4) or Reply()  # type: ignore[func-returns-value]
    settings = an_integration(provider="CUSTOM", base_url=server.url(GATEWAY))
    rungs = a_ladder(seconds=0.6).run(settings, KEY, "m-1")
    assert sum(rung.latency_ms for rung in rungs) < 1500
    assert rungs[-1].status is FAILED
    assert rungs[-1].not_proved == "There was no answer in time."


def test_says_that_a_connection_was_cut(server: Server) -> None:
    def cut(_: Received) -> Reply:
        raise ConnectionError

    server.behave = cut
    rungs = run_steps(server)
    assert standings(rungs) == [PASSED, FAILED]
    assert rungs[1].not_proved == "The connection was cut."
