"""The arguments for `openai` and `anthropic`; tests/stack/test_consumer_requests.py passes them to the libraries."""

from typing import Any

import pytest

from ai_integrations_client import UnsuitableError
from ai_integrations_client.adapters import (
    LITELLM_PREFIXES,
    NO_KEY,
    OPENAI_PROTOCOL,
    anthropic_arguments,
    azure_openai_arguments,
    openai_arguments,
)
from ai_integrations_client.resolved import parse_response
from tests.unit.client.fixtures import KEY, Omit, a_resolved, a_response, install_libraries

GATEWAY = "https://llm.example.com/v1"
AZURE = "https://team.openai.azure.com"
OWN_ADDRESSES = {
    "OPEN_AI": "https://api.openai.com/v1",
    "NVIDIA_NIM": "https://integrate.api.nvidia.com/v1",
    "GEMINI": "https://generativelanguage.googleapis.com/v1beta/openai",
    "FIREWORKS": "https://api.fireworks.ai/inference/v1",
    "TOGETHER_AI": "https://api.together.xyz/v1",
}


@pytest.fixture(autouse=True)
def _libraries(monkeypatch: pytest.MonkeyPatch) -> None:
    install_libraries(monkeypatch)


@pytest.mark.parametrize(("provider", "address"), OWN_ADDRESSES.items())
def test_openai_arguments_always_include_address(provider: str, address: str) -> None:
    arguments = openai_arguments(a_resolved(provider))
    assert arguments == {"api_key": KEY, "base_url": address, "default_headers": {}}


@pytest.mark.parametrize("provider", sorted(OPENAI_PROTOCOL - {"GEMINI"}))
def test_openai_arguments_use_base_url(provider: str) -> None:
    assert openai_arguments(a_resolved(provider, base_url=f"{GATEWAY}/"))["base_url"] == GATEWAY


@pytest.mark.parametrize("provider", ["CUSTOM", "LITELLM"])
def test_arguments_require_base_url_without_default_address(provider: str) -> None:
    for arguments in (openai_arguments, anthropic_arguments):
        with pytest.raises(UnsuitableError, match="no base_url"):
            arguments(a_resolved(provider))


def test_arguments_require_service_that_returns_endpoints() -> None:
    with pytest.raises(UnsuitableError, match=r"'Production OpenAI'.*deploy the current version of the service"):
        openai_arguments(parse_response(a_response(base_url=GATEWAY)))


def test_arguments_require_endpoint_that_the_library_wants() -> None:
    endpoints = {"root": "https://llm.example.com", "api": GATEWAY}
    with pytest.raises(UnsuitableError, match="no endpoint"):
        openai_arguments(parse_response(a_response(base_url=GATEWAY, endpoints=endpoints)))


@pytest.mark.parametrize("provider", sorted(LITELLM_PREFIXES.keys() - OPENAI_PROTOCOL))
def test_openai_arguments_reject_providers_without_openai_protocol(provider: str) -> None:
    with pytest.raises(UnsuitableError, match=provider):
        openai_arguments(a_resolved(provider))


def test_openai_arguments_use_placeholder_without_key() -> None:
    assert openai_arguments(a_resolved(api_key=...))["api_key"] == NO_KEY


def test_headers_are_spelled_as_in_the_library() -> None:
    headers = {"AUTHORIZATION": "Bearer fake", "api-KEY": "fake", "x-api-key": "fake", "openai-project": "fake"}
    openai = openai_arguments(a_resolved(headers=headers, auth_type="PROXY_WITH_HEADERS"))["default_headers"]
    assert openai.keys() == {"Authorization", "api-KEY", "x-api-key", "OpenAI-Project"}
    azure = azure_openai_arguments(a_resolved("AZURE_OPEN_AI", headers=headers, base_url=AZURE))
    assert azure["default_headers"].keys() == {"Authorization", "x-api-key", "OpenAI-Project"}
    assert azure["api_key"] == "fake"
    anthropic = anthropic_arguments(a_resolved("ANTHROPIC", headers=headers))["default_headers"]
    assert anthropic.keys() == {"Authorization", "api-KEY", "X-Api-Key", "openai-project"}


@pytest.mark.parametrize(
    ("auth_type", "name"),
    [("DEFAULT", "api_key"), ("PROXY_WITH_HEADERS", "api_key"), ("BEARER_TOKEN", "azure_ad_token")],
)
@pytest.mark.parametrize("form", ["", "/", "/openai", "/openai/v1"])
def test_azure_arguments_pass_root_and_key_or_token(auth_type: str, name: str, form: str) -> None:
    arguments = azure_openai_arguments(a_resolved("AZURE_OPEN_AI", base_url=AZURE + form, auth_type=auth_type))
    assert arguments == {name: KEY, "azure_endpoint": AZURE, "default_headers": {}}


def test_azure_arguments_require_provider_and_base_url() -> None:
    for resolved in (a_resolved("AZURE_OPEN_AI"), a_resolved()):
        with pytest.raises(UnsuitableError):
            azure_openai_arguments(resolved)


@pytest.mark.parametrize(
    ("auth_type", "name"), [("DEFAULT", "api_key"), ("PROXY_WITH_HEADERS", "api_key"), ("BEARER_TOKEN", "auth_token")]
)
def test_anthropic_arguments_pass_key_or_token(auth_type: str, name: str) -> None:
    arguments = anthropic_arguments(a_resolved("ANTHROPIC", auth_type=auth_type))
    assert arguments == {name: KEY, "base_url": "https://api.anthropic.com", "default_headers": {}}


@pytest.mark.parametrize("provider", ["ANTHROPIC", "CUSTOM", "LITELLM"])
def test_anthropic_arguments_pass_root(provider: str) -> None:
    assert anthropic_arguments(a_resolved(provider, base_url=GATEWAY))["base_url"] == "https://llm.example.com"


@pytest.mark.parametrize("arguments", [openai_arguments, azure_openai_arguments])
def test_openai_arguments_omit_organization_and_project_of_environment(
    arguments: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPENAI_ORG_ID", "")  # the library sends it even if it is empty
    monkeypatch.setenv("OPENAI_PROJECT_ID", "project-of-the-environment")
    provider = {"provider": "AZURE_OPEN_AI", "base_url": AZURE} if arguments is azure_openai_arguments else {}
    headers = arguments(a_resolved(**provider, headers={"openai-project": "own"}))["default_headers"]
    assert headers.keys() == {"OpenAI-Organization", "OpenAI-Project"}
    assert isinstance(headers["OpenAI-Organization"], Omit)
    assert headers["OpenAI-Project"] == "own"


def test_openai_arguments_replace_administration_key_of_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_ADMIN_KEY", "fake-key-of-the-environment")
    assert openai_arguments(a_resolved())["default_headers"] == {"Authorization": f"Bearer {KEY}"}
    own = {"authorization": "Bearer own"}
    assert openai_arguments(a_resolved(headers=own))["default_headers"] == {"Authorization": "Bearer own"}


def test_anthropic_arguments_omit_token_of_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ANTHROPIC_AUTH_TOKEN", "fake-token-of-the-environment")
    headers = anthropic_arguments(a_resolved("ANTHROPIC"))["default_headers"]
    assert headers.keys() == {"Authorization", "X-Api-Key"}
    assert isinstance(headers["Authorization"], Omit)
    assert headers["X-Api-Key"] == KEY
    assert anthropic_arguments(a_resolved("ANTHROPIC", auth_type="BEARER_TOKEN"))["default_headers"] == {}


def test_anthropic_arguments_omit_key_of_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ANTHROPIC_API_KEY", "fake-key-of-the-environment")
    headers = anthropic_arguments(a_resolved("ANTHROPIC", auth_type="BEARER_TOKEN"))["default_headers"]
    assert headers.keys() == {"X-Api-Key"}
    assert isinstance(headers["X-Api-Key"], Omit)
    assert anthropic_arguments(a_resolved("ANTHROPIC"))["default_headers"] == {}
