"""A client with a fake service, a fixed clock and controlled background work."""

import io
import json
import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import accumulate
from types import ModuleType
from typing import Any

import pytest

from ai_integrations.domain.endpoints import endpoints_of
from ai_integrations_client import Client, Freshness, ResolvedIntegration, Runtime
from ai_integrations_client.resolved import parse_response

KEY = "sk-fake-first-key"
ID = "QWlJbnRlZ3JhdGlvbjoxOjAxS0RaM1pRODAwMDAwMDAwMDAwMDAwMDBB"
CREDENTIALS = {"access_key_id": "ASIAFAKE", "secret_access_key": "fake-secret", "session_token": "fake-token"}
TOKEN = "sk-ant-oat01-fake-token"
BETA = {"anthropic-beta": "oauth-2025-04-20"}
NOON = 1_767_355_200.0  # 2026-01-02T12:00:00Z


def a_response(**changes: Any) -> dict[str, Any]:
    response = {
        "id": ID,
        "name": "Production OpenAI",
        "provider": "OPEN_AI",
        "version": 1,
        "enable_default_models": True,
        "function_calling_enabled": True,
        "auth_type": "DEFAULT",
        "api_key": KEY,
        "key_version": "version-1",
    } | changes
    return {name: value for name, value in response.items() if value is not ...}


def a_resolved(provider: str = "OPEN_AI", **changes: Any) -> ResolvedIntegration:
    """Parse a response that has the endpoints that the service sends for the integration."""
    response = a_response(provider=provider, **changes)
    endpoints = endpoints_of(provider, response.get("base_url"), response.get("provider_metadata"))
    return parse_response({"endpoints": endpoints and endpoints._asdict(), **response})


def a_bedrock(**changes: Any) -> ResolvedIntegration:
    values = {"api_key": ..., "aws_credentials": CREDENTIALS, "expires_at": "2099-01-01T00:00:00.000Z"} | changes
    return a_resolved("AWS_BEDROCK", **values)


def a_keyless(provider: str = "OPEN_AI", token: str = TOKEN, **changes: Any) -> ResolvedIntegration:
    """Parse the response for an integration with an access token. Only that of ANTHROPIC has a header."""
    headers = {"headers": BETA} if provider == "ANTHROPIC" else {}
    access_token = {"value": token, "token_type": "Bearer", **headers}
    values = {"api_key": ..., "key_version": ..., "access_token": access_token, "expires_at": "2099-01-01T00:00:00Z"}
    return a_resolved(provider, **(values | changes))


class Omit:
    """Stands for the class of `openai` and `anthropic` whose instances suppress a header."""


def install_libraries(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let `openai` and `anthropic` be stubs, which have only what the adapters import."""
    for name in ("openai", "anthropic"):
        library = ModuleType(name)
        library.Omit = Omit  # type: ignore[attr-defined]
        monkeypatch.setitem(sys.modules, name, library)


class OpenAI:
    """Stands for the client of releases that call a function for the key."""

    def __init__(self, *, api_key: "str | Callable[[], str] | None" = None) -> None: ...


class Anthropic:
    """Stands for the client of releases with credentials that are renewed."""

    def __init__(self, *, credentials: Any = None) -> None: ...


class AccessToken:
    """Stands for the class of `anthropic.lib.credentials`."""

    def __init__(self, token: str, expires_at: int) -> None:
        self.token, self.expires_at = token, expires_at


class Credentials:
    """Stands for the base class of google-auth."""

    token: str | None = None

    def apply(self, headers: dict[str, str]) -> None:
        headers["authorization"] = f"Bearer {self.token}"


class AnthropicModelInfo:
    """Stands for LiteLLM's, which sends tokens of Anthropic as bearer tokens."""

    def get_anthropic_headers(self, api_key: str) -> dict[str, str]:
        return {"authorization": f"Bearer {api_key}"} if api_key.startswith("sk-ant-oat") else {"x-api-key": api_key}


def install_renewal(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the libraries be stubs of releases that renew access tokens. Call `install_libraries` first."""
    monkeypatch.setattr(sys.modules["openai"], "OpenAI", OpenAI, raising=False)
    monkeypatch.setattr(sys.modules["anthropic"], "Anthropic", Anthropic, raising=False)
    members = {
        "anthropic.lib.credentials": AccessToken,
        "google.auth.credentials": Credentials,
        "litellm.llms.anthropic.common_utils": AnthropicModelInfo,
    }
    for name, member in members.items():
        module = ModuleType(name)
        setattr(module, member.__name__, member)
        for package in accumulate(name.split(".")[:-1], "{}.{}".format):
            monkeypatch.setitem(sys.modules, package, sys.modules.get(package, ModuleType(package)))
        monkeypatch.setitem(sys.modules, name, module)


def a_problem(status: int, title: str = "Resource not found", detail: str = "No.") -> dict[str, Any]:
    problem = {"type": "https://example.com/e", "title": title, "status": status, "detail": detail, "instance": "r"}
    return {"problem": problem}


@dataclass
class FakeService:
    """A Lambda client that returns or raises `response` and records requests."""

    response: dict[str, Any] | Exception = field(default_factory=a_response)
    function_error: str | None = None
    requests: list[dict[str, Any]] = field(default_factory=list)
    before_response: Callable[[], None] = lambda: None

    def invoke(self, **request: Any) -> dict[str, Any]:
        self.requests.append(json.loads(request["Payload"]) | {"function": request["FunctionName"]})
        response = self.response
        self.before_response()
        if isinstance(response, Exception):
            raise response
        failed = {"FunctionError": self.function_error} if self.function_error else {}
        return {"StatusCode": 200, "Payload": io.BytesIO(json.dumps(response).encode()), **failed}

    def change(self, **changes: Any) -> None:
        assert isinstance(self.response, dict)
        self.response = self.response | {"version": self.response["version"] + 1} | changes


@dataclass
class ClientFixture:
    """A client with a clock that the test sets. With `run_in_background`, the test also runs the background work."""

    service: FakeService = field(default_factory=FakeService)
    freshness: Freshness = field(default_factory=Freshness)
    now: float = NOON
    seconds_between_readings: float = 0
    random: float = 0.0
    run_in_background: bool = False
    background_work: list[Callable[[], None]] = field(default_factory=list)

    def __post_init__(self) -> None:
        runtime = Runtime(clock=self._read_clock, random=lambda: self.random, spawn=self._spawn)
        self.client = Client(
            function="credentials",
            account="acme",
            consumer="billing-job",
            lambda_client=self.service,
            freshness=self.freshness,
            runtime=runtime,
        )

    def _read_clock(self) -> float:
        self.now += self.seconds_between_readings
        return self.now

    def _spawn(self, work: Callable[[], None]) -> None:
        if self.run_in_background:
            self.background_work.append(work)
        else:
            work()

    def run_background_work(self) -> None:
        """Run the work of the threads that have been started."""
        while self.background_work:
            self.background_work.pop(0)()

    def key(self, integration: str = "Production OpenAI", **arguments: str) -> str:
        key = self.client.resolve(integration, **arguments).api_key
        assert key is not None
        return key.reveal()

    @property
    def fetch_count(self) -> int:
        return len(self.service.requests)
