"""The arguments of integrations with access tokens, and how clients renew these.

tests/stack/test_consumer_requests.py passes the arguments to the libraries.
"""

import asyncio
import sys
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from pytest_socket import enable_socket  # type: ignore[import-untyped]

from ai_integrations_client import ResolvedIntegration, UnsuitableError
from ai_integrations_client.adapters import (
    anthropic_arguments,
    azure_openai_arguments,
    google_genai_arguments,
    litellm_arguments,
    openai_arguments,
)
from tests.unit.client.fixtures import BETA, KEY, TOKEN, Omit, a_keyless, a_resolved, install_libraries, install_renewal

RENEWED = "sk-ant-oat01-fake-renewed-token"
GATEWAY = "https://llm.example.com"
METADATA = {"project_id": "p", "location": "europe-west4", "project_access_label": "l"}
VERTEX = "https://europe-west4-aiplatform.googleapis.com"
VERTEX_OPENAI = f"{VERTEX}/v1/projects/p/locations/europe-west4/endpoints/openapi"
OWN_HEADERS = {"Anthropic-Beta": "files-api-2025-04-14,oauth-2025-04-20"}


class Resolutions:
    """A function that resolves, whose result the test changes."""

    def __init__(self, resolved: ResolvedIntegration) -> None:
        self.latest = resolved

    def __call__(self) -> ResolvedIntegration:
        return self.latest


class OldOpenAI:
    """Stands for the client of releases that do not."""

    def __init__(self, *, api_key: "str | None" = None) -> None: ...


@pytest.fixture(autouse=True)
def _libraries(monkeypatch: pytest.MonkeyPatch) -> None:
    install_libraries(monkeypatch)
    install_renewal(monkeypatch)


def a_vertex(**changes: Any) -> ResolvedIntegration:
    return a_keyless("VERTEX_AI", **({"provider_metadata": METADATA} | changes))


def azure(**changes: Any) -> ResolvedIntegration:
    return a_keyless("AZURE_OPEN_AI", **({"base_url": GATEWAY} | changes))


@pytest.mark.parametrize(
    ("resolved", "address"),
    [
        (a_keyless(), "https://api.openai.com/v1"),
        (a_keyless("CUSTOM", base_url=GATEWAY), GATEWAY),
        (a_keyless("LITELLM", base_url=GATEWAY), f"{GATEWAY}/v1"),
        (a_vertex(), VERTEX_OPENAI),
    ],
)
def test_openai_arguments_pass_access_token(resolved: ResolvedIntegration, address: str) -> None:
    assert openai_arguments(resolved) == {"api_key": TOKEN, "base_url": address, "default_headers": {}}


def test_openai_arguments_with_function_renew_access_token() -> None:
    resolutions = Resolutions(a_keyless())
    provide = openai_arguments(resolutions)["api_key"]
    assert provide() == TOKEN
    resolutions.latest = a_keyless(token=RENEWED)
    assert provide() == RENEWED


def test_openai_arguments_with_function_keep_key_and_first_token_of_old_releases(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    assert openai_arguments(Resolutions(a_resolved()))["api_key"] == KEY
    monkeypatch.setattr(sys.modules["openai"], "OpenAI", OldOpenAI)
    assert openai_arguments(Resolutions(a_keyless()))["api_key"] == TOKEN
    monkeypatch.delattr(sys.modules["openai"], "OpenAI")
    assert openai_arguments(Resolutions(a_keyless()))["api_key"] == TOKEN


@pytest.mark.parametrize(
    ("adapter", "resolved", "argument"),
    [
        (openai_arguments, a_keyless(), "api_key"),
        (azure_openai_arguments, azure(), "azure_ad_token_provider"),
    ],
)
def test_asynchronous_arguments_renew_access_token_in_a_coroutine(
    adapter: Any, resolved: ResolvedIntegration, argument: str
) -> None:
    enable_socket()  # an asyncio event loop needs a socket pair
    provide: Callable[[], Awaitable[str]] = adapter(Resolutions(resolved), asynchronous=True)[argument]

    async def token() -> str:
        return await provide()

    assert asyncio.run(token()) == TOKEN


def test_azure_arguments_pass_or_renew_access_token() -> None:
    common = {"azure_endpoint": GATEWAY, "default_headers": {}}
    assert azure_openai_arguments(azure()) == {"azure_ad_token": TOKEN, **common}
    resolutions = Resolutions(azure())
    arguments = azure_openai_arguments(resolutions)
    resolutions.latest = azure(token=RENEWED)
    assert arguments.pop("azure_ad_token_provider")() == RENEWED
    assert arguments == common


@pytest.mark.parametrize("kind", [lambda resolved: resolved, Resolutions])
def test_anthropic_arguments_pass_access_token_and_its_header(kind: Any) -> None:
    arguments = anthropic_arguments(kind(a_keyless("ANTHROPIC")))
    token = arguments.pop("credentials")(force_refresh=True)
    assert (token.token, token.expires_at) == (TOKEN, 0)
    assert arguments == {"base_url": "https://api.anthropic.com", "default_headers": BETA}


def test_anthropic_arguments_with_function_renew_access_token() -> None:
    resolutions = Resolutions(a_keyless("ANTHROPIC"))
    provide = anthropic_arguments(resolutions)["credentials"]
    resolutions.latest = a_keyless("ANTHROPIC", token=RENEWED)
    assert provide().token == RENEWED


@pytest.mark.parametrize("kind", [lambda resolved: resolved, Resolutions])
def test_anthropic_arguments_pass_first_token_to_old_releases(kind: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(sys.modules["anthropic"], "Anthropic")
    assert anthropic_arguments(kind(a_keyless("ANTHROPIC"))) == {
        "auth_token": TOKEN,
        "base_url": "https://api.anthropic.com",
        "default_headers": BETA,
    }


def test_header_of_access_token_is_added_to_that_of_the_integration() -> None:
    headers = anthropic_arguments(a_keyless("ANTHROPIC", headers=OWN_HEADERS))["default_headers"]
    assert headers == OWN_HEADERS
    headers = anthropic_arguments(a_keyless("ANTHROPIC", headers={"Anthropic-Beta": "files"}))["default_headers"]
    assert headers == {"Anthropic-Beta": "files,oauth-2025-04-20"}


def test_anthropic_arguments_omit_credentials_of_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ANTHROPIC_API_KEY", "fake-key-of-the-environment")
    monkeypatch.setenv("ANTHROPIC_AUTH_TOKEN", "fake-token-of-the-environment")
    headers = anthropic_arguments(a_keyless("ANTHROPIC"))["default_headers"]
    assert isinstance(headers.pop("X-Api-Key"), Omit)
    assert isinstance(headers.pop("Authorization"), Omit)
    assert headers == BETA


def test_google_genai_arguments_pass_project_address_and_credentials() -> None:
    arguments = google_genai_arguments(a_vertex(headers={"x-team": "billing"}))
    credentials = arguments.pop("credentials")
    assert arguments == {
        "vertexai": True,
        "project": "p",
        "location": "europe-west4",
        "http_options": {"base_url": VERTEX, "api_version": "v1", "headers": {"x-team": "billing"}},
    }
    headers: dict[str, str] = {}
    credentials.before_request(None, "POST", VERTEX, headers)
    assert headers == {"authorization": f"Bearer {TOKEN}"}


def test_google_genai_arguments_with_function_renew_access_token_for_each_request() -> None:
    resolutions = Resolutions(a_vertex())
    credentials = google_genai_arguments(resolutions)["credentials"]
    for token in (TOKEN, RENEWED):
        resolutions.latest = a_vertex(token=token)
        assert credentials.expired
        credentials.refresh(None)
        assert credentials.token == token


def test_google_genai_arguments_require_vertex_and_access_token() -> None:
    with pytest.raises(UnsuitableError, match="no access token"):
        google_genai_arguments(a_resolved("VERTEX_AI", provider_metadata=METADATA))
    with pytest.raises(UnsuitableError, match="OPEN_AI"):
        google_genai_arguments(a_keyless())


RENEWING: list[tuple[Any, Callable[..., ResolvedIntegration], Callable[[dict[str, Any]], object]]] = [
    (openai_arguments, a_keyless, lambda arguments: arguments["api_key"]()),
    (azure_openai_arguments, azure, lambda arguments: arguments["azure_ad_token_provider"]()),
    (anthropic_arguments, lambda **changes: a_keyless("ANTHROPIC", **changes), lambda given: given["credentials"]()),
    (google_genai_arguments, a_vertex, lambda arguments: arguments["credentials"].refresh(None)),
]


@pytest.mark.parametrize(("adapter", "create", "renew"), RENEWING)
@pytest.mark.parametrize("change", [{"base_url": "https://other.example.com"}, {"access_token": ..., "api_key": KEY}])
def test_renewal_raises_if_integration_got_other_address_or_a_key(
    adapter: Any, create: Any, renew: Any, change: dict[str, Any]
) -> None:
    resolutions = Resolutions(create(base_url=GATEWAY))
    arguments = adapter(resolutions)
    renew(arguments)
    resolutions.latest = create(**({"base_url": GATEWAY} | change))
    with pytest.raises(UnsuitableError, match="Create a new client"):
        renew(arguments)


@pytest.mark.parametrize("resolved", [a_keyless(), a_keyless("CUSTOM", base_url=GATEWAY)])
def test_litellm_arguments_pass_access_token_as_key(resolved: ResolvedIntegration) -> None:
    arguments = litellm_arguments(resolved, "m")
    assert (arguments["model"], arguments["api_key"], arguments.get("extra_headers")) == ("openai/m", TOKEN, None)


def test_litellm_arguments_of_azure_pass_access_token_also_as_header() -> None:
    assert litellm_arguments(azure(), "m") == {
        "model": "azure/m",
        "azure_ad_token": TOKEN,
        "api_base": GATEWAY,
        "extra_headers": {"Authorization": f"Bearer {TOKEN}"},
    }


def test_litellm_arguments_of_anthropic_pass_access_token_and_its_header() -> None:
    arguments = litellm_arguments(a_keyless("ANTHROPIC"), "m")
    assert arguments["api_key"] == TOKEN
    assert arguments["extra_headers"] == {"Authorization": f"Bearer {TOKEN}", **BETA}


def test_litellm_arguments_of_anthropic_reject_token_that_would_be_sent_as_key(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(UnsuitableError, match="x-api-key"):
        litellm_arguments(a_keyless("ANTHROPIC", token="fake-token-of-another-form"), "m")
    monkeypatch.setitem(sys.modules, "litellm.llms.anthropic.common_utils", None)
    with pytest.raises(UnsuitableError, match="x-api-key"):
        litellm_arguments(a_keyless("ANTHROPIC"), "m")


@pytest.mark.parametrize("model", ["gemini-2.5-flash", "google/gemini-2.5-flash"])
def test_litellm_arguments_of_vertex_use_the_openai_protocol(model: str) -> None:
    assert litellm_arguments(a_vertex(), model) == {
        "model": "openai/google/gemini-2.5-flash",
        "api_key": TOKEN,
        "api_base": VERTEX_OPENAI,
    }


def test_litellm_arguments_of_vertex_reject_claude_models_without_key() -> None:
    for model in ("claude-sonnet-4-5", "anthropic/claude-sonnet-4-5"):
        with pytest.raises(UnsuitableError, match="Claude"):
            litellm_arguments(a_vertex(), model)
