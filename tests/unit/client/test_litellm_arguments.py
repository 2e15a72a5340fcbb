"""The arguments for LiteLLM; tests/stack/test_consumer_requests.py passes them to the library."""

from typing import Any

import pytest

from ai_integrations_client import UnsuitableError
from ai_integrations_client.adapters import LITELLM_PREFIXES, litellm_arguments
from tests.unit.client.fixtures import KEY, a_bedrock, a_resolved

GATEWAY = "https://llm.example.com/v1"
BEARER = {"Authorization": f"Bearer {KEY}"}
METADATA = {"project_id": "p", "location": "europe-west4", "project_access_label": "l"}
CREDENTIALS = {
    "aws_access_key_id": "ASIAFAKE",
    "aws_secret_access_key": "fake-secret",
    "aws_session_token": "fake-token",
}
OWN_ADDRESSES = {
    "OPEN_AI": "https://api.openai.com/v1",
    "NVIDIA_NIM": "https://integrate.api.nvidia.com/v1",
    "ANTHROPIC": "https://api.anthropic.com",
    "GEMINI": "https://generativelanguage.googleapis.com/v1beta",
    "FIREWORKS": "https://api.fireworks.ai/inference/v1",
    "TOGETHER_AI": "https://api.together.xyz/v1",
}


def resolved_of(provider: str, **changes: Any) -> Any:
    metadata = {"provider_metadata": METADATA} if provider == "VERTEX_AI" else {}
    if provider == "AWS_BEDROCK":
        return a_bedrock(**changes)
    return a_resolved(provider, **metadata, **changes)


@pytest.mark.parametrize(("provider", "prefix"), LITELLM_PREFIXES.items())
def test_litellm_model_has_prefix_of_provider(provider: str, prefix: str) -> None:
    base_url = {"VERTEX_AI": ..., "AWS_BEDROCK": ...}.get(provider, "https://llm.example.com")
    arguments = litellm_arguments(resolved_of(provider, base_url=base_url), "vendor/m-1")
    assert arguments["model"] == f"{prefix}/vendor/m-1"


def test_litellm_model_defaults_to_first_of_integration() -> None:
    resolved = a_resolved(model_names=["m-1", "m-2"], base_url=GATEWAY, headers={"x-team": "billing"})
    assert litellm_arguments(resolved) == {
        "model": "openai/m-1",
        "api_key": KEY,
        "api_base": GATEWAY,
        "extra_headers": {"x-team": "billing"},
    }
    with pytest.raises(UnsuitableError, match="no model_names"):
        litellm_arguments(a_resolved())


@pytest.mark.parametrize(("provider", "address"), OWN_ADDRESSES.items())
def test_litellm_arguments_always_include_address(provider: str, address: str) -> None:
    assert litellm_arguments(a_resolved(provider), "m")["api_base"] == address


@pytest.mark.parametrize(
    ("provider", "form", "api_base"),
    [
        ("AZURE_OPEN_AI", "/openai/v1/", ""),
        ("ANTHROPIC", "/v1", ""),
        ("GEMINI", "/v1beta/openai/", "/v1beta"),
        ("GEMINI", "/v1", "/v1"),
        ("CUSTOM", "/api", "/api"),
        ("LITELLM", "/", "/v1"),
    ],
)
def test_litellm_api_base_is_the_endpoint_that_it_extends(provider: str, form: str, api_base: str) -> None:
    arguments = litellm_arguments(a_resolved(provider, base_url=f"https://llm.example.com{form}"), "m")
    assert arguments["api_base"] == f"https://llm.example.com{api_base}"


@pytest.mark.parametrize("provider", ["ANTHROPIC", "GEMINI"])
def test_litellm_arguments_send_bearer_token_where_it_is_not_the_default(provider: str) -> None:
    arguments = litellm_arguments(a_resolved(provider, auth_type="BEARER_TOKEN"), "m")
    assert (arguments["api_key"], arguments["extra_headers"]) == (KEY, BEARER)
    own = a_resolved(provider, auth_type="BEARER_TOKEN", headers={"authorization": "Bearer own"})
    assert litellm_arguments(own, "m")["extra_headers"] == {"Authorization": "Bearer own"}


def test_litellm_arguments_leave_bearer_token_to_openai_protocol() -> None:
    assert "extra_headers" not in litellm_arguments(a_resolved(auth_type="BEARER_TOKEN"), "m")


@pytest.mark.parametrize(
    ("provider", "header"), [("ANTHROPIC", "X-API-KEY"), ("AZURE_OPEN_AI", "Api-Key"), ("GEMINI", "X-Goog-Api-Key")]
)
def test_litellm_arguments_pass_own_header_of_key_as_key(provider: str, header: str) -> None:
    arguments = litellm_arguments(
        a_resolved(provider, base_url="https://llm.example.com", headers={header: "own"}), "m"
    )
    assert arguments["api_key"] == "own"
    assert "extra_headers" not in arguments


def test_litellm_arguments_of_azure_pass_token_also_as_header() -> None:
    resolved = a_resolved("AZURE_OPEN_AI", base_url="https://llm.example.com/openai/v1", auth_type="BEARER_TOKEN")
    assert litellm_arguments(resolved, "m") == {
        "model": "azure/m",
        "azure_ad_token": KEY,
        "api_base": "https://llm.example.com",
        "extra_headers": BEARER,
    }


def test_litellm_arguments_of_vertex_pass_service_account() -> None:
    assert litellm_arguments(resolved_of("VERTEX_AI"), "m") == {
        "model": "vertex_ai/m",
        "vertex_credentials": KEY,
        "vertex_project": "p",
        "vertex_location": "europe-west4",
    }


@pytest.mark.parametrize(("model", "publisher"), [("gemini-1.5-pro", "google"), ("claude-3-5-sonnet", "anthropic")])
def test_litellm_arguments_of_vertex_with_base_url_name_the_model(model: str, publisher: str) -> None:
    arguments = litellm_arguments(resolved_of("VERTEX_AI", base_url="https://llm.example.com/v1beta1"), model)
    path = f"/v1beta1/projects/p/locations/europe-west4/publishers/{publisher}/models/{model}"
    assert arguments["api_base"] == f"https://llm.example.com{path}"


def test_litellm_arguments_of_vertex_with_base_url_reject_models_with_unknown_path() -> None:
    with pytest.raises(UnsuitableError, match="gemini, claude"):
        litellm_arguments(resolved_of("VERTEX_AI", base_url="https://llm.example.com"), "meta/llama-3")


def test_litellm_arguments_of_vertex_require_key_and_location() -> None:
    with pytest.raises(UnsuitableError, match="no key"):
        litellm_arguments(resolved_of("VERTEX_AI", api_key=...), "m")
    with pytest.raises(UnsuitableError, match="no endpoint"):
        litellm_arguments(a_resolved("VERTEX_AI", provider_metadata=METADATA | {"location": "example.com/"}), "m")


def test_litellm_arguments_of_bedrock_pass_credentials_and_no_key() -> None:
    assert litellm_arguments(a_bedrock(), "m") == {"model": "bedrock/m", **CREDENTIALS}
    address = "https://bedrock-runtime.eu-west-1.amazonaws.com"
    assert litellm_arguments(a_bedrock(base_url=f"{address}/openai/v1"), "m") == {
        "model": "bedrock/m",
        "api_base": address,
        "aws_bedrock_runtime_endpoint": address,
        "aws_region_name": "eu-west-1",
        **CREDENTIALS,
    }


@pytest.mark.parametrize("variable", ["AWS_REGION_NAME", "AWS_REGION", "AWS_DEFAULT_REGION"])
def test_litellm_arguments_of_bedrock_reject_region_that_would_change_the_host(
    variable: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(variable, "eu-west-1.example.com/")
    with pytest.raises(UnsuitableError, match=variable):
        litellm_arguments(a_bedrock(), "m")
    litellm_arguments(a_bedrock(base_url="https://bedrock-runtime.eu-west-1.amazonaws.com"), "m")
