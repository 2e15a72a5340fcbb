"""The callback of a LiteLLM proxy, with a stub of LiteLLM's base class; `make consumers` runs a real proxy."""

import asyncio
import importlib
import sys
from enum import Enum
from types import ModuleType
from typing import Any

import pytest
from pytest_socket import enable_socket  # type: ignore[import-untyped]

from ai_integrations_client import ResolutionError, ResolvedIntegration, UnsuitableError
from tests.unit.client.fixtures import (
    KEY,
    TOKEN,
    a_bedrock,
    a_keyless,
    a_problem,
    a_resolved,
    install_libraries,
    install_renewal,
)

ARGUMENTS = {
    "model": "openai/gpt-4o",
    "api_key": "from-the-registry",
    "client": object(),
    "messages": [],
    "stream": True,
}


class Provider(str, Enum):  # noqa: UP042 - like LiteLLM's, whose str() differs from that of a StrEnum
    """Stands for LiteLLM's enumeration of providers."""

    GROQ = "groq"


@pytest.fixture
def module(monkeypatch: pytest.MonkeyPatch) -> Any:
    class StubLogger:
        """Stands for LiteLLM's CustomLogger."""

    enable_socket()  # an asyncio event loop needs a socket pair
    logger = ModuleType("custom_logger")
    logger.CustomLogger = StubLogger  # type: ignore[attr-defined]
    litellm = ModuleType("litellm")
    litellm.provider_list = ["hosted_vllm", Provider.GROQ]  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "litellm", litellm)
    monkeypatch.setitem(sys.modules, "litellm.integrations", ModuleType("litellm.integrations"))
    monkeypatch.setitem(sys.modules, "litellm.integrations.custom_logger", logger)
    monkeypatch.delitem(sys.modules, "ai_integrations_client.litellm_proxy", raising=False)
    return importlib.import_module("ai_integrations_client.litellm_proxy")


def call_hook(module: Any, **changes: Any) -> dict[str, Any]:
    arguments: dict[str, Any] = asyncio.run(
        module.callback.async_pre_call_deployment_hook({**ARGUMENTS, **changes}, None)
    )
    return arguments


def call_for(module: Any, monkeypatch: pytest.MonkeyPatch, resolved: ResolvedIntegration, **changes: Any) -> Any:
    monkeypatch.setattr(module, "resolve", lambda *_, **__: resolved)
    return call_hook(module, ai_integration="Production OpenAI", **changes)


def test_callback_replaces_model_settings_by_integration(module: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    requested: list[Any] = []

    def resolve(integration: str, *, space: str | None) -> Any:
        requested.append((integration, space))
        return a_resolved(base_url="https://llm.example.com/v1", headers={"x-team": "billing"})

    monkeypatch.setattr(module, "resolve", resolve)
    assert call_hook(module, ai_integration="Production OpenAI", ai_integration_space="s") == {
        "model": "openai/gpt-4o",
        "messages": [],
        "stream": True,
        "client": None,
        "api_key": KEY,
        "api_base": "https://llm.example.com/v1",
        "extra_headers": {"x-team": "billing"},
    }
    assert requested == [("Production OpenAI", "s")]


ARN = "arn:aws:bedrock:eu-west-1:123456789012:inference-profile/eu.anthropic.claude-3-sonnet-20240229-v1:0"


@pytest.mark.parametrize(
    ("provider", "model", "expected"),
    [
        ("OPEN_AI", "gpt-4o", "openai/gpt-4o"),
        ("OPEN_AI", "azure/gpt-4o", "openai/gpt-4o"),
        ("OPEN_AI", "openai/openai/gpt-oss-120b", "openai/openai/gpt-oss-120b"),
        ("CUSTOM", "hosted_vllm/Qwen/Qwen3", "openai/Qwen/Qwen3"),
        ("CUSTOM", "groq/llama-3.3-70b", "openai/llama-3.3-70b"),
        ("CUSTOM", "Qwen/Qwen3", "openai/Qwen/Qwen3"),
        ("NVIDIA_NIM", "nvidia_nim/meta/llama-3.1-8b-instruct", "nvidia_nim/meta/llama-3.1-8b-instruct"),
        ("TOGETHER_AI", "together_ai/meta-llama/Llama-3-70b", "together_ai/meta-llama/Llama-3-70b"),
        ("FIREWORKS", "fireworks_ai/accounts/fireworks/models/m", "fireworks_ai/accounts/fireworks/models/m"),
        ("LITELLM", "litellm_proxy/azure/gpt-4o", "litellm_proxy/azure/gpt-4o"),
        ("AWS_BEDROCK", f"bedrock/{ARN}", f"bedrock/{ARN}"),
        ("AWS_BEDROCK", f"bedrock/converse/{ARN}", f"bedrock/converse/{ARN}"),
        ("AWS_BEDROCK", ARN, f"bedrock/{ARN}"),
        ("OPEN_AI", "openai/", "openai/openai/"),
    ],
)
def test_callback_removes_only_a_provider_from_the_model(
    module: Any, monkeypatch: pytest.MonkeyPatch, provider: str, model: str, expected: str
) -> None:
    resolved = a_bedrock() if provider == "AWS_BEDROCK" else a_resolved(provider, base_url="https://llm.example.com/v1")
    assert call_for(module, monkeypatch, resolved, model=model)["model"] == expected


@pytest.mark.parametrize(
    ("model", "expected"), [("openai/gpt-oss-120b", "together_ai/openai/gpt-oss-120b"), ("groq/m", "together_ai/m")]
)
def test_callback_removes_the_provider_that_the_deployment_names(
    module: Any, monkeypatch: pytest.MonkeyPatch, model: str, expected: str
) -> None:
    arguments = call_for(module, monkeypatch, a_resolved("TOGETHER_AI"), model=model, custom_llm_provider="groq")
    assert arguments["model"] == expected
    assert "custom_llm_provider" not in arguments


def test_callback_passes_no_key_and_no_other_credentials_to_bedrock(
    module: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    deployment = {
        "aws_role_name": "arn:aws:iam::123456789012:role/of-the-deployment",
        "aws_profile_name": "fake",
        "aws_region_name": "us-west-2",
        "base_url": "https://deployment.example.com",
        "litellm_credential_name": "fake",
    }
    arguments = call_for(module, monkeypatch, a_bedrock(), model=f"bedrock/{ARN}", **deployment)
    assert arguments == {
        "model": f"bedrock/{ARN}",
        "messages": [],
        "stream": True,
        "client": None,
        "aws_access_key_id": "ASIAFAKE",
        "aws_secret_access_key": "fake-secret",
        "aws_session_token": "fake-token",
        "aws_region_name": "us-west-2",
    }


def test_callback_merges_headers_of_deployment(module: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    deployment = {
        "extra_headers": {"X-Team": "deployment", "x-trace": "on", "AUTHORIZATION": "Bearer fake", "Api-Key": "fake"},
        "headers": {"x-team": "deployment", "x-user": "alice"},
    }
    resolved = a_resolved(headers={"x-team": "billing"})
    arguments = call_for(module, monkeypatch, resolved, **deployment)
    assert arguments["extra_headers"] == {"x-trace": "on", "x-team": "billing"}
    assert arguments["headers"] == {"x-user": "alice"}
    assert call_for(module, monkeypatch, a_resolved(), **deployment)["extra_headers"] == {
        "X-Team": "deployment",
        "x-trace": "on",
    }


KEYLESS: dict[str, dict[str, Any]] = {
    "OPEN_AI": {"model": "openai/m", "api_key": TOKEN, "api_base": "https://llm.example.com"},
    "AZURE_OPEN_AI": {
        "model": "azure/m",
        "azure_ad_token": TOKEN,
        "api_base": "https://llm.example.com",
        "extra_headers": {"Authorization": f"Bearer {TOKEN}"},
    },
    "ANTHROPIC": {
        "model": "anthropic/m",
        "api_key": TOKEN,
        "api_base": "https://llm.example.com",
        "extra_headers": {"Authorization": f"Bearer {TOKEN}", "anthropic-beta": "oauth-2025-04-20"},
    },
    "VERTEX_AI": {
        "model": "openai/google/m",
        "api_key": TOKEN,
        "api_base": "https://llm.example.com/v1/projects/p/locations/europe-west4/endpoints/openapi",
    },
}


@pytest.mark.parametrize("provider", KEYLESS)
def test_callback_passes_access_token_and_no_other_credentials(
    module: Any, monkeypatch: pytest.MonkeyPatch, provider: str
) -> None:
    install_libraries(monkeypatch)
    install_renewal(monkeypatch)
    metadata = {"project_id": "p", "location": "europe-west4"} if provider == "VERTEX_AI" else ...
    resolved = a_keyless(provider, base_url="https://llm.example.com", provider_metadata=metadata)
    deployment = {"vertex_credentials": "fake", "azure_ad_token": "fake", "azure_ad_token_provider": print}
    arguments = call_for(module, monkeypatch, resolved, model="vertex_ai/m", **deployment)
    assert arguments == {"messages": [], "stream": True, "client": None, **KEYLESS[provider]}


def test_callback_keeps_other_settings_of_deployment(module: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    settings = {"api_version": "2024-10-21", "timeout": 30, "max_retries": 1, "organization": "org-1", "temperature": 0}
    arguments = call_for(module, monkeypatch, a_resolved(), **settings)
    assert settings.items() <= arguments.items()


def test_callback_raises_if_integration_does_not_suit(module: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(UnsuitableError, match="no key"):
        call_for(module, monkeypatch, a_resolved("VERTEX_AI", api_key=...), model="vertex_ai/gemini-1.5-pro")


def test_callback_leaves_models_without_integration_unchanged(module: Any) -> None:
    assert call_hook(module) == ARGUMENTS


def test_callback_raises_if_service_rejects_request(module: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    def resolve(_integration: str, *, space: str | None) -> Any:
        assert space is None
        raise ResolutionError(a_problem(404)["problem"])

    monkeypatch.setattr(module, "resolve", resolve)
    with pytest.raises(ResolutionError):
        call_hook(module, ai_integration="Production OpenAI")
