"""Connection tests of federated integrations: the token exchange, and requests with the access token."""

import json
from dataclasses import dataclass, field
from time import sleep
from typing import Any

import pytest
from pydantic import SecretStr

from ai_integrations.domain.connection_health import CheckStatus, Rung
from ai_integrations.domain.credentials import AccessToken
from ai_integrations.domain.errors import FederationOffError, TokenRefusedError, TokenUnavailableError
from ai_integrations.domain.model import AuthType, Integration
from ai_integrations.key_access.connection_test.http import HttpSteps
from ai_integrations.key_access.outbound.deadline import Deadline, DeadlinePassedError
from ai_integrations.key_access.outbound.http_messages import OutboundRequest, OutboundResponse
from tests.builders import ACCESS_TOKEN, API_KEY, FEDERATIONS, an_integration
from tests.fakes import FakeTokenExchanger

PASSED, FAILED, NOT_PROVED = CheckStatus.PASSED, CheckStatus.FAILED, CheckStatus.NOT_PROVED
TOKEN = f"{ACCESS_TOKEN}-1"
PART_OF_TOKEN = "at-0123456"
PROJECT = {"project_id": "acme-ml", "location": "europe-west3", "project_access_label": "ai-integrations"}
RESOURCE = "https://europe-west3-aiplatform.googleapis.com/v1/projects/acme-ml/locations/europe-west3"
LIST = f"{RESOURCE}/endpoints?pageSize=1"
GEMINI = f"{RESOURCE}/publishers/google/models/gemini-2.5-flash:generateContent"
LABELS = "https://cloudresourcemanager.googleapis.com/v3/projects/acme-ml"
COMPLETIONS: dict[str, list[Any]] = {"candidates": [], "choices": [], "content": []}


@dataclass
class FakeProvider:
    """A provider that accepts the access token. `answers` replace answers by URL: a status, and a document or bytes.

    `seconds` are those that remained for each request.
    """

    answers: dict[str, Any] = field(default_factory=dict)
    sent: list[OutboundRequest] = field(default_factory=list)
    seconds: list[float] = field(default_factory=list)

    def reach(self, _url: str, _deadline: Deadline) -> None:
        """Succeed."""

    def send(self, request: OutboundRequest, deadline: Deadline) -> OutboundResponse:
        self.sent.append(request)
        self.seconds.append(deadline.remaining())
        if "Authorization" not in request.headers:
            return OutboundResponse(status=401, body=b"{}")
        answer = self.answers.get(request.url, (200, COMPLETIONS | {"labels": {"ai-integrations": "yes"}}))
        if isinstance(answer, Exception):
            raise answer
        status, document = answer
        body = document if isinstance(document, bytes) else json.dumps(document).encode()
        return OutboundResponse(status=status, body=body)


def federated(provider: str = "OPEN_AI", **changes: Any) -> Integration:
    metadata = PROJECT if provider == "VERTEX_AI" else None
    return an_integration(
        **{"provider": provider, "federation": FEDERATIONS.get(provider), "provider_metadata": metadata, **changes}
    )


def run_steps(
    integration: Integration,
    provider: FakeProvider | None = None,
    *errors: Exception,
    model: str | None = "gemini-2.5-flash",
) -> dict[str, Rung]:
    exchanger = FakeTokenExchanger(errors=[*errors])
    rungs = HttpSteps(provider or FakeProvider(), exchanger).run(integration, None, model).rungs
    assert PART_OF_TOKEN not in repr(rungs)
    return {rung.name: rung for rung in rungs}


def statuses(rungs: dict[str, Rung]) -> dict[str, CheckStatus]:
    return {name: rung.status for name, rung in rungs.items()}


@pytest.mark.parametrize(
    ("provider", "base_url", "headers"),
    [
        ("OPEN_AI", None, {}),
        ("ANTHROPIC", None, {"anthropic-version": "2023-06-01", "anthropic-beta": "oauth-2025-04-20"}),
        ("AZURE_OPEN_AI", "https://team.openai.azure.com", {}),
        ("CUSTOM", "https://llm.example.com/v1", {}),
        ("LITELLM", "https://llm.example.com/v1", {}),
    ],
)
@pytest.mark.parametrize("auth_type", [AuthType.DEFAULT, AuthType.BEARER_TOKEN])
def test_federated_integration_is_tested_with_the_access_token_instead_of_a_key(
    provider: str, base_url: str | None, headers: dict[str, str], auth_type: AuthType
) -> None:
    fake = FakeProvider()
    federation = FEDERATIONS.get(provider, FEDERATIONS["CUSTOM"])
    rungs = run_steps(federated(provider, base_url=base_url, federation=federation, auth_type=auth_type), fake)
    assert statuses(rungs) == dict.fromkeys(("reachable", "token_exchanged", "authenticated", "model_answers"), PASSED)
    authorized = {"Authorization": f"Bearer {TOKEN}", **headers}
    assert [dict(request.headers) for request in fake.sent if "Authorization" in request.headers] == [authorized] * 2


def test_time_of_the_token_exchange_is_not_left_for_the_requests() -> None:
    fake, exchanger = FakeProvider(), FakeTokenExchanger(before_exchange=[lambda: sleep(0.2)])
    HttpSteps(fake, exchanger, seconds=4).run(federated("VERTEX_AI"), None, "gemini-2.5-flash")
    assert LABELS in [request.url for request in fake.sent]
    assert max(fake.seconds) <= 3.8


def test_token_exchanged_reports_what_aws_issued_and_until_when_the_token_is_valid() -> None:
    proved = run_steps(federated())["token_exchanged"].proved or ""
    assert "subject arn:aws:iam::999999999999:role/exchange-token" in proved
    assert "audience https://api.openai.com/v1" in proved
    assert "until 2026-01-02T13:00:00Z." in proved


def test_token_exchanged_shows_no_claims_of_an_identity_token_that_cannot_be_read() -> None:
    class Exchanger(FakeTokenExchanger):
        def exchange(self, integration: Integration) -> AccessToken:
            return super().exchange(integration)._replace(identity={})

    _, rung, *_ = HttpSteps(FakeProvider(), Exchanger()).run(federated(), None, None).rungs
    assert "the subject  and the audience ." in (rung.proved or "")


@pytest.mark.parametrize("name", ["anthropic-beta", "Anthropic-Beta"])
def test_header_that_the_token_requires_is_joined_with_that_of_the_integration(name: str) -> None:
    fake = FakeProvider()
    run_steps(federated("ANTHROPIC", headers={name: "context-1m-2025-08-07"}), fake)
    sent = [request.headers for request in fake.sent if "Authorization" in request.headers]
    assert [[each[key] for key in each if key.lower() == "anthropic-beta"] for each in sent] == [
        ["context-1m-2025-08-07,oauth-2025-04-20"]
    ] * 2


def test_headers_of_the_integration_are_sent_with_the_token() -> None:
    fake = FakeProvider()
    run_steps(federated(headers={"X-Team": "blue"}), fake)
    assert [request.headers["X-Team"] for request in fake.sent] == ["blue"] * len(fake.sent)


@pytest.mark.parametrize(
    ("error", "not_proved", "message"),
    [
        (
            TokenRefusedError("The provider answered with status 401.", "It returned: unknown audience"),
            "/federation",
            "The provider answered with status 401. It returned: unknown audience",
        ),
        (TokenUnavailableError("AWS did not respond."), "Test again later. AWS did not respond.", None),
        (TokenUnavailableError(""), "The access token could not be obtained. Test again later.", None),
        (FederationOffError(), "Ask its operator to turn it on", None),
    ],
)
def test_token_exchanged_fails_with_the_reason_if_there_is_no_token(
    error: Exception, not_proved: str, message: str | None
) -> None:
    fake = FakeProvider()
    rungs = run_steps(federated(), fake, error)
    assert statuses(rungs) == {"reachable": PASSED, "token_exchanged": FAILED}
    reason = rungs["token_exchanged"].not_proved or ""
    assert not_proved in reason
    assert reason == reason.strip()
    assert rungs["token_exchanged"].provider_said == message
    assert fake.sent == []


@pytest.mark.parametrize("error", [TokenRefusedError, TokenUnavailableError])
def test_token_exchanged_redacts_header_values_in_the_reason(
    error: type[TokenRefusedError | TokenUnavailableError],
) -> None:
    rungs = run_steps(federated(headers={"X-Team": "fake-header-value"}), None, error("It returned fake-header-value."))
    assert "fake-header-value" not in repr(rungs)
    assert "[redacted]" in repr(rungs)


def test_message_of_the_provider_does_not_repeat_the_token() -> None:
    url = "https://api.openai.com/v1/models"
    fake = FakeProvider({url: (401, {"error": {"message": f"Invalid token {TOKEN}, {PART_OF_TOKEN}"}})})
    rung = run_steps(federated(), fake)["authenticated"]
    assert (rung.status, rung.provider_said) == (FAILED, "Invalid token [redacted], [redacted]")


@pytest.mark.parametrize(("provider", "label_steps"), [("OPEN_AI", []), ("VERTEX_AI", ["project_labeled"])])
def test_unsaved_federated_integration_is_not_exchanged(provider: str, label_steps: list[str]) -> None:
    fake, exchanger = FakeProvider(), FakeTokenExchanger()
    reachable, exchanged, *others = HttpSteps(fake, exchanger).run(federated(provider, version=0), None, "m-1").rungs
    assert (reachable.status, exchanged.name, exchanged.status) == (PASSED, "token_exchanged", NOT_PROVED)
    assert "Save the integration" in (exchanged.not_proved or "")
    assert [rung.name for rung in others] == ["authenticated", "model_answers", *label_steps]
    assert {(rung.status, rung.not_proved) for rung in others} == {(NOT_PROVED, "There is no access token to test.")}
    assert (exchanger.exchanged, fake.sent) == ([], [])


def test_key_of_a_federated_integration_is_tested_without_an_exchange() -> None:
    exchanger = FakeTokenExchanger()
    rungs = HttpSteps(FakeProvider(), exchanger).run(federated(), SecretStr(API_KEY), None).rungs
    assert [rung.name for rung in rungs] == ["reachable", "authenticated", "model_answers"]
    assert exchanger.exchanged == []


def test_each_test_exchanges_a_new_token() -> None:
    exchanger = FakeTokenExchanger()
    steps = HttpSteps(FakeProvider(), exchanger)
    for _ in range(2):
        steps.run(federated(), None, None)
    assert len(exchanger.exchanged) == 2


def test_vertex_ai_is_tested_in_its_project_and_location() -> None:
    fake = FakeProvider()
    rungs = run_steps(federated("VERTEX_AI", headers={"X-Team": "blue"}), fake)
    assert list(rungs) == ["reachable", "token_exchanged", "authenticated", "model_answers", "project_labeled"]
    assert set(statuses(rungs).values()) == {PASSED}
    assert [request.url for request in fake.sent] == [LIST, LIST, GEMINI, LABELS]
    assert (fake.sent[-1].method, dict(fake.sent[-1].headers)) == ("GET", {"Authorization": f"Bearer {TOKEN}"})
    assert fake.seconds[-1] <= 5


def test_vertex_ai_is_asked_about_exactly_the_project_of_the_integration() -> None:
    fake = FakeProvider()
    run_steps(federated("VERTEX_AI", provider_metadata=PROJECT | {"project_id": "example.com:acme/../other"}), fake)
    project = "projects/example.com:acme%2F..%2Fother"
    assert fake.sent[0].url == LIST.replace("projects/acme-ml", project)
    assert fake.sent[-1].url == LABELS.replace("projects/acme-ml", project)


GEMINI_BODY = {
    "contents": [{"role": "user", "parts": [{"text": "Hi"}]}],
    "generationConfig": {"maxOutputTokens": 1},
}
MESSAGE = {"messages": [{"role": "user", "content": "Hi"}], "max_tokens": 1}


@pytest.mark.parametrize(
    ("model", "url", "body"),
    [
        ("gemini-2.5-flash", GEMINI, GEMINI_BODY),
        ("google/gemini-2.5-flash", GEMINI, GEMINI_BODY),
        ("publishers/google/models/gemini-2.5-flash", GEMINI, GEMINI_BODY),
        (
            "claude-sonnet-4@20250514",
            f"{RESOURCE}/publishers/anthropic/models/claude-sonnet-4@20250514:rawPredict",
            MESSAGE | {"anthropic_version": "vertex-2023-10-16"},
        ),
        ("meta/llama-4", f"{RESOURCE}/endpoints/openapi/chat/completions", MESSAGE | {"model": "meta/llama-4"}),
        ("../../x?y", f"{RESOURCE}/endpoints/openapi/chat/completions", MESSAGE | {"model": "../../x?y"}),
    ],
)
def test_vertex_ai_model_is_called_with_the_protocol_of_its_publisher(
    model: str, url: str, body: dict[str, Any]
) -> None:
    fake = FakeProvider()
    rungs = run_steps(federated("VERTEX_AI"), fake, model=model)
    assert rungs["model_answers"].status is PASSED
    [request] = [request for request in fake.sent if request.method == "POST"]
    assert (request.url, json.loads(request.body or b"")) == (url, body)


@pytest.mark.parametrize("status", [400, 403, 404])
def test_vertex_ai_without_the_list_is_authenticated_by_the_model(status: int) -> None:
    fake = FakeProvider({LIST: (status, {"error": {"message": "Permission aiplatform.endpoints.list denied"}})})
    assert run_steps(federated("VERTEX_AI"), fake)["authenticated"].status is PASSED
    rung = run_steps(federated("VERTEX_AI"), fake, model=None)["authenticated"]
    assert (rung.status, rung.provider_said) == (NOT_PROVED, "Permission aiplatform.endpoints.list denied")


def test_vertex_ai_that_rejects_the_token_is_not_authenticated() -> None:
    fake = FakeProvider({LIST: (401, {})})
    rungs = run_steps(federated("VERTEX_AI"), fake)
    assert statuses(rungs) == {"reachable": PASSED, "token_exchanged": PASSED, "authenticated": FAILED}
    assert [request.url for request in fake.sent] == [LIST]


@pytest.mark.parametrize(
    ("label", "labels", "status"),
    [
        ("team", {"team": "blue"}, PASSED),
        ("blue", {"team": "blue"}, PASSED),
        ("team:blue", {"team": "blue"}, PASSED),
        ("team=blue", {"team": "blue"}, PASSED),
        ("team=red", {"team": "blue"}, FAILED),
        ("team", {}, FAILED),
    ],
)
def test_project_labeled_compares_keys_and_values_of_the_labels(
    label: str, labels: dict[str, str], status: CheckStatus
) -> None:
    fake = FakeProvider({LABELS: (200, {"labels": labels})})
    integration = federated("VERTEX_AI", provider_metadata=PROJECT | {"project_access_label": label})
    rung = run_steps(integration, fake)["project_labeled"]
    assert rung.status is status
    named = "label that project_access_label names"
    assert (f"The project has the {named}" in (rung.proved or "")) is (status is PASSED)
    assert (f"The project does not have the {named}" in (rung.not_proved or "")) is (status is FAILED)


@pytest.mark.parametrize("base_url", ["https://europe-west3-aiplatform.googleapis.com", "https://llm.example.com/v1"])
def test_project_labeled_sends_the_token_to_google_whatever_the_base_url_is(base_url: str) -> None:
    fake = FakeProvider()
    assert run_steps(federated("VERTEX_AI", base_url=base_url), fake)["project_labeled"].status is PASSED
    assert fake.sent[-1].url == LABELS


def test_project_labeled_fails_for_a_project_without_labels() -> None:
    assert run_steps(federated("VERTEX_AI"), FakeProvider({LABELS: (200, {})}))["project_labeled"].status is FAILED


@pytest.mark.parametrize(
    ("answer", "reason", "message"),
    [
        ((403, {"error": {"message": f"Permission denied for {PART_OF_TOKEN}"}}), "403", "denied for [redacted]"),
        ((404, {}), "404", "{}"),
        ((302, {}), "302", "{}"),
        ((500, b""), "500", None),
        ((200, []), "200", "[]"),
        ((200, {"labels": 7}), "200", '{"labels": 7}'),
        ((200, {"labels": {"team": ["blue"]}}), "200", '"team"'),
        ((200, b"no JSON"), "200", "no JSON"),
        ((200, b"[" * 100_000), "200", "[[["),
        (DeadlinePassedError(), "did not respond in time", None),
    ],
)
def test_project_labeled_is_not_proved_if_the_labels_cannot_be_read(
    answer: Any, reason: str, message: str | None
) -> None:
    rung = run_steps(federated("VERTEX_AI"), FakeProvider({LABELS: answer}))["project_labeled"]
    assert rung.status is NOT_PROVED
    assert "resourcemanager.projects.get" in (rung.not_proved or "")
    assert reason in (rung.not_proved or "")
    assert rung.provider_said is None if message is None else message in (rung.provider_said or "")


def test_vertex_ai_without_federation_recommends_it() -> None:
    fake = FakeProvider()
    rungs = run_steps(federated("VERTEX_AI", federation=None), fake)
    assert statuses(rungs) == {"reachable": PASSED, "authenticated": NOT_PROVED, "model_answers": NOT_PROVED}
    assert "federation" in (rungs["authenticated"].not_proved or "")
    assert fake.sent == []


def test_model_that_repeats_the_access_token_is_left_out() -> None:
    models = {"data": [{"id": TOKEN}, {"id": f"m-{PART_OF_TOKEN}"}, {"id": "m-1"}]}
    fake = FakeProvider({"https://api.openai.com/v1/models": (200, models)})
    assert HttpSteps(fake, FakeTokenExchanger()).run(federated(), None, None).models == ("m-1",)


def test_endpoints_of_vertex_ai_are_not_returned_as_models() -> None:
    fake = FakeProvider({LIST: (200, {"endpoints": [{"name": "endpoints/7", "displayName": "e-7"}]})})
    assert HttpSteps(fake, FakeTokenExchanger()).run(federated("VERTEX_AI"), None, None).models == ()
