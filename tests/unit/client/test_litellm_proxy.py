"""The callback of a LiteLLM proxy, over a stand-in for LiteLLM's class; `make consumers` runs a real proxy."""

import asyncio
import importlib
import sys
from types import ModuleType
from typing import Any

import pytest
from pytest_socket import enable_socket  # type: ignore[import-untyped]

from ai_integrations_client import ResolutionError
from ai_integrations_client.resolved import read
from tests.unit.client.service import KEY, a_problem, an_answer

GIVEN = {"model": "openai/gpt-4o", "api_key": "from-the-registry", "client": object(), "messages": [], "stream": True}


@pytest.fixture
def module(monkeypatch: pytest.MonkeyPatch) -> Any:
    class Base:
        """What LiteLLM's own class promises: nothing."""

    enable_socket()  # a loop of asyncio has a pair of them to wake itself
    logger = ModuleType("custom_logger")
    logger.CustomLogger = Base  # type: ignore[attr-defined]
    for name in ("litellm", "litellm.integrations"):
        monkeypatch.setitem(sys.modules, name, ModuleType(name))
    monkeypatch.setitem(sys.modules, "litellm.integrations.custom_logger", logger)
    monkeypatch.delitem(sys.modules, "ai_integrations_client.litellm_proxy", raising=False)
    return importlib.import_module("ai_integrations_client.litellm_proxy")


def called(module: Any, **given: Any) -> dict[str, Any]:
    arguments: dict[str, Any] = asyncio.run(module.callback.async_pre_call_deployment_hook({**GIVEN, **given}, None))
    return arguments


def test_puts_the_integration_in_the_place_of_the_models_settings(module: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[Any] = []

    def resolve(integration: str, *, space: str | None) -> Any:
        asked.append((integration, space))
        return read(an_answer(base_url="https://llm.example.com/v1", headers={"x-team": "billing"}))

    monkeypatch.setattr(module, "resolve", resolve)
    assert called(module, ai_integration="Production OpenAI", ai_integration_space="s") == {
        "model": "openai/gpt-4o",
        "messages": [],
        "stream": True,
        "client": None,
        "api_key": KEY,
        "api_base": "https://llm.example.com/v1",
        "extra_headers": {"x-team": "billing"},
    }
    assert asked == [("Production OpenAI", "s")]


def test_leaves_other_models_alone(module: Any) -> None:
    assert called(module) == GIVEN


def test_sends_nothing_when_the_service_says_no(module: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    def resolve(_integration: str, *, space: str | None) -> Any:
        assert space is None
        raise ResolutionError(a_problem(404)["problem"])

    monkeypatch.setattr(module, "resolve", resolve)
    with pytest.raises(ResolutionError):
        called(module, ai_integration="Production OpenAI")
