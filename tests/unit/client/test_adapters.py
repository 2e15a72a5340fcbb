"""The arguments that adapters build; tests/stack/test_consumers.py passes them to the real libraries."""

from typing import Any

import pytest

from ai_integrations_client import ResolvedIntegration, UnsuitableError
from ai_integrations_client.adapters import (
    LITELLM_PREFIXES,
    NO_KEY,
    OPENAI_PROTOCOL,
    anthropic_arguments,
    azure_openai_arguments,
    bedrock_arguments,
    litellm_arguments,
    openai_arguments,
)
from ai_integrations_client.bedrock import bedrock_session
from ai_integrations_client.resolved import parse_response
from tests.unit.client.fixtures import KEY, a_response

GATEWAY = "https://llm.example.com/v1"
CREDENTIALS = {"access_key_id": "ASIAFAKE", "secret_access_key": "fake-secret", "session_token": "fake-token"}


def a_resolved(provider: str = "OPEN_AI", **changes: Any) -> ResolvedIntegration:
    return parse_response(a_response(provider=provider, **changes))


def bedrock(**changes: Any) -> ResolvedIntegration:
    values = {"api_key": ..., "aws_credentials": CREDENTIALS, "expires_at": "2099-01-01T00:00:00.000Z"} | changes
    return a_resolved("AWS_BEDROCK", **values)


@pytest.mark.parametrize(("provider", "address"), [each for each in OPENAI_PROTOCOL.items() if each[1]])
def test_openai_arguments_always_include_address(provider: str, address: str) -> None:
    arguments = openai_arguments(a_resolved(provider))
    assert arguments == {"api_key": KEY, "base_url": address, "default_headers": {}}
    assert openai_arguments(a_resolved(provider, base_url=GATEWAY))["base_url"] == GATEWAY


@pytest.mark.parametrize("provider", ["CUSTOM", "LITELLM"])
def test_arguments_require_base_url_without_default_address(provider: str) -> None:
    assert openai_arguments(a_resolved(provider, base_url=GATEWAY))["base_url"] == GATEWAY
    for arguments in (openai_arguments, anthropic_arguments):
        with pytest.raises(UnsuitableError, match="no base_url"):
            arguments(a_resolved(provider))


@pytest.mark.parametrize("provider", sorted(LITELLM_PREFIXES.keys() - OPENAI_PROTOCOL.keys()))
def test_openai_arguments_reject_providers_without_openai_protocol(provider: str) -> None:
    with pytest.raises(UnsuitableError, match=provider):
        openai_arguments(a_resolved(provider))


def test_openai_arguments_use_placeholder_without_key() -> None:
    assert openai_arguments(a_resolved(api_key=...))["api_key"] == NO_KEY


def test_headers_are_spelled_as_in_the_library() -> None:
    headers = {"AUTHORIZATION": "Bearer fake", "api-KEY": "fake", "x-api-key": "fake", "x-team": "billing"}
    openai = openai_arguments(a_resolved(headers=headers, auth_type="PROXY_WITH_HEADERS"))["default_headers"]
    assert openai == {"Authorization": "Bearer fake", "api-KEY": "fake", "x-api-key": "fake", "x-team": "billing"}
    azure = azure_openai_arguments(a_resolved("AZURE_OPEN_AI", headers=headers, base_url=GATEWAY))
    assert azure["default_headers"].keys() == {"Authorization", "x-api-key", "x-team"}
    assert azure["api_key"] == "fake"
    anthropic = anthropic_arguments(a_resolved("ANTHROPIC", headers=headers))["default_headers"]
    assert anthropic.keys() == {"Authorization", "api-KEY", "X-Api-Key", "x-team"}


@pytest.mark.parametrize(
    ("auth_type", "name"),
    [("DEFAULT", "api_key"), ("PROXY_WITH_HEADERS", "api_key"), ("BEARER_TOKEN", "azure_ad_token")],
)
def test_azure_arguments_pass_key_or_token(auth_type: str, name: str) -> None:
    arguments = azure_openai_arguments(a_resolved("AZURE_OPEN_AI", base_url=GATEWAY, auth_type=auth_type))
    assert arguments == {name: KEY, "azure_endpoint": GATEWAY, "default_headers": {}}


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


@pytest.mark.parametrize(("provider", "prefix"), LITELLM_PREFIXES.items())
def test_litellm_model_has_prefix_of_provider(provider: str, prefix: str) -> None:
    resolved = bedrock() if provider == "AWS_BEDROCK" else a_resolved(provider)
    assert litellm_arguments(resolved, "m-1")["model"] == f"{prefix}/m-1"


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


def test_litellm_arguments_of_azure_vertex_and_bedrock() -> None:
    azure = litellm_arguments(a_resolved("AZURE_OPEN_AI", base_url=GATEWAY, auth_type="BEARER_TOKEN"), "m")
    assert azure == {"model": "azure/m", "azure_ad_token": KEY, "api_base": GATEWAY}
    metadata = {"project_id": "p", "location": "europe-west4", "project_access_label": "l"}
    vertex = litellm_arguments(a_resolved("VERTEX_AI", provider_metadata=metadata), "m")
    assert vertex == {
        "model": "vertex_ai/m",
        "vertex_credentials": KEY,
        "vertex_project": "p",
        "vertex_location": "europe-west4",
    }
    assert litellm_arguments(bedrock(base_url="https://bedrock-runtime.eu-west-1.amazonaws.com"), "m") == {
        "model": "bedrock/m",
        "api_base": "https://bedrock-runtime.eu-west-1.amazonaws.com",
        "aws_access_key_id": "ASIAFAKE",
        "aws_secret_access_key": "fake-secret",
        "aws_session_token": "fake-token",
        "aws_region_name": "eu-west-1",
    }


@pytest.mark.parametrize(
    ("base_url", "region", "expected"),
    [
        (None, None, None),
        (None, "eu-west-1", "eu-west-1"),
        ("https://bedrock-runtime.us-east-1.amazonaws.com", None, "us-east-1"),
        ("https://bedrock-runtime.us-east-1.amazonaws.com", "eu-west-1", "eu-west-1"),
        (GATEWAY, None, None),
    ],
)
def test_bedrock_arguments_include_credentials_and_region(
    base_url: str | None, region: str | None, expected: str | None
) -> None:
    arguments = bedrock_arguments(bedrock(base_url=base_url), region)
    assert arguments.get("region_name") == expected
    assert arguments.get("endpoint_url") == base_url
    assert arguments["aws_session_token"] == "fake-token"


def test_bedrock_arguments_reject_other_providers() -> None:
    with pytest.raises(UnsuitableError, match="OPEN_AI"):
        bedrock_arguments(a_resolved())


def test_bedrock_session_renews_expired_credentials() -> None:
    resolutions = [
        bedrock(aws_credentials=CREDENTIALS | {"session_token": token}, expires_at=end)
        for token, end in [("fake-old", "2000-01-01T00:00:00.000Z"), ("fake-new", "2099-01-01T00:00:00.000Z")]
    ]
    session = bedrock_session(
        lambda: resolutions.pop(0) if len(resolutions) > 1 else resolutions[0], region="eu-west-1"
    )
    assert session.client("bedrock-runtime").meta.region_name == "eu-west-1"
    credentials = session.get_credentials()
    assert credentials is not None
    assert credentials.get_frozen_credentials().token == "fake-new"
