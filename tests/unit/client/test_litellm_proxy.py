"""The callback of a LiteLLM proxy, with a stub of LiteLLM's base class; `make consumers` runs a real proxy."""

import asyncio
import importlib
import sys
from types import ModuleType
from typing import Any

import pytest
from pytest_socket import enable_socket  # type: ignore[import-untyped]

from ai_integrations_client import ResolutionError
from ai_integrations_client.resolved import parse_response
from tests.unit.client.fixtures import KEY, a_problem, a_response

ARGUMENTS = {
    "model": "openai/gpt-4o",
    "api_key": "from-the-registry",
    "client": object(),
    "messages": [],
    "stream": True,
}


@pytest.fixture
def module(monkeypatch: pytest.MonkeyPatch) -> Any:
    class StubLogger:
        """Stands for LiteLLM's CustomLogger."""

    enable_socket()  # an asyncio event loop needs a socket pair
    logger = ModuleType("custom_logger")
    logger.CustomLogger = StubLogger  # type: ignore[attr-defined]
    for name in ("litellm", "litellm.integrations"):
        monkeypatch.setitem(sys.modules, name, ModuleType(name))
    monkeypatch.setitem(sys.modules, "litellm.integrations.custom_logger", logger)
    monkeypatch.delitem(sys.modules, "ai_integrations_client.litellm_proxy", raising=False)
    return importlib.import_module("ai_integrations_client.litellm_proxy")


def call_hook(module: Any, **changes: Any) -> dict[str, Any]:
    arguments: dict[str, Any] = asyncio.run(
        module.callback.async_pre_call_deployment_hook({**ARGUMENTS, **changes}, None)
    )
    return arguments


def test_callback_replaces_model_settings_by_integration(module: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    resolved: list[Any] = []

    def resolve(integration: str, *, space: str | None) -> Any:
        resolved.append((integration, space))
        return parse_response(a_response(base_url="https://llm.example.com/v1", headers={"x-team": "billing"}))

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
    assert resolved == [("Production OpenAI", "s")]


def test_callback_leaves_models_without_integration_unchanged(module: Any) -> None:
    assert call_hook(module) == ARGUMENTS


def test_callback_raises_if_service_rejects_request(module: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    def resolve(_integration: str, *, space: str | None) -> Any:
        assert space is None
        raise ResolutionError(a_problem(404)["problem"])

    monkeypatch.setattr(module, "resolve", resolve)
    with pytest.raises(ResolutionError):
        call_hook(module, ai_integration="Production OpenAI")
