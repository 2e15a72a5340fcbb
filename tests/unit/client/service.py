"""The service as the client sees it: a function of Lambda that can be changed, be down, and be watched."""

import io
import json
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from ai_integrations_client import Client, Freshness, Machine

KEY = "sk-fake-first-key"
ID = "QWlJbnRlZ3JhdGlvbjoxOjAxS0RaM1pRODAwMDAwMDAwMDAwMDAwMDBB"
NOON = 1_767_355_200.0  # 2026-01-02T12:00:00Z


def an_answer(**changes: Any) -> dict[str, Any]:
    answer = {
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
    return {name: value for name, value in answer.items() if value is not ...}


def a_problem(status: int, title: str = "Resource not found") -> dict[str, Any]:
    problem = {"type": "https://example.com/e", "title": title, "status": status, "detail": "No.", "instance": "r"}
    return {"problem": problem}


@dataclass
class Service:
    """Answers what it is told to, or raises it."""

    answer: dict[str, Any] | Exception = field(default_factory=an_answer)
    function_error: str | None = None
    asked: list[dict[str, Any]] = field(default_factory=list)
    before_answering: Callable[[], None] = lambda: None

    def invoke(self, **request: Any) -> dict[str, Any]:
        self.asked.append(json.loads(request["Payload"]) | {"to": request["FunctionName"]})
        answer = self.answer
        self.before_answering()
        if isinstance(answer, Exception):
            raise answer
        failed = {"FunctionError": self.function_error} if self.function_error else {}
        return {"StatusCode": 200, "Payload": io.BytesIO(json.dumps(answer).encode()), **failed}

    def change(self, **changes: Any) -> None:
        assert isinstance(self.answer, dict)
        self.answer = self.answer | {"version": self.answer["version"] + 1} | changes


@dataclass
class Bench:
    """A client whose time stands still and whose threads run when they are told to."""

    service: Service = field(default_factory=Service)
    freshness: Freshness = field(default_factory=Freshness)
    now: float = NOON
    luck: float = 0.0
    in_the_background: bool = False
    waiting: list[Callable[[], None]] = field(default_factory=list)

    def __post_init__(self) -> None:
        machine = Machine(clock=lambda: self.now, random=lambda: self.luck, spawn=self._spawn)
        self.client = Client(
            function="credentials",
            account="acme",
            consumer="billing-job",
            lambda_client=self.service,
            freshness=self.freshness,
            machine=machine,
        )

    def _spawn(self, work: Callable[[], None]) -> None:
        if self.in_the_background:
            self.waiting.append(work)
        else:
            work()

    def run(self) -> None:
        """Let the threads run that have been started."""
        while self.waiting:
            self.waiting.pop(0)()

    def key(self, integration: str = "Production OpenAI", **question: str) -> str:
        key = self.client.resolve(integration, **question).api_key
        assert key is not None
        return key.reveal()

    @property
    def times_asked(self) -> int:
        return len(self.service.asked)
