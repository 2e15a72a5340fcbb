"""The wire between the functions and AWS, where the calls are counted and one of them can fail."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from http import HTTPStatus
from io import BytesIO
from typing import Any

from botocore.awsrequest import AWSResponse
from botocore.compat import HTTPHeaders
from botocore.exceptions import ReadTimeoutError
from moto.core.models import botocore_stubber

from ai_integrations.bootstrap.botocore_session import session
from tests.builders import API_KEY
from tests.cloud import Killed
from tests.faults.aws import Aws

EVER = 99  # more attempts than any client makes


class _Body(BytesIO):
    def stream(self, **_: Any) -> Any:
        yield self.read()


@dataclass(frozen=True, kw_only=True)
class Fault:
    """How a call fails: after AWS has done it or before, with an answer or without, in how many of its attempts."""

    after_effect: bool = False
    answer: tuple[int, str] | None = None
    error: type[BaseException] | None = None
    attempts: int = EVER

    def strike(self, effect: Callable[[], object], url: str) -> AWSResponse:
        if self.after_effect:
            effect()
        if self.answer is not None:
            return _answer(*self.answer)
        raise ReadTimeoutError(endpoint_url=f"{url}?{API_KEY}") if self.error is None else self.error


FAULTS = {
    "refused": Fault(answer=(400, "AccessDeniedException")),
    "throttled": Fault(answer=(400, "ThrottlingException")),
    "throttled at first": Fault(answer=(400, "ThrottlingException"), attempts=1),
    "failed": Fault(answer=(500, "InternalServerError")),
    "failed after its effect": Fault(answer=(500, "InternalServerError"), after_effect=True),
    "timed out": Fault(),
    "timed out at first": Fault(attempts=1),
    "timed out after its effect": Fault(after_effect=True),
    "timed out after its effect at first": Fault(after_effect=True, attempts=1),
    "killed": Fault(error=Killed),
    "killed after its effect": Fault(error=Killed, after_effect=True),
}


class Wire:
    """Between the clients that functions make from now on, and AWS."""

    def __init__(self, aws: Aws) -> None:
        self._aws = aws
        self.calls: list[str] = []
        self._strike: tuple[int, Fault] | None = None
        self._hit = 0
        self._interloper: tuple[str, Callable[[], object]] | None = None
        self._age = timedelta(0)
        self._hooks = {
            "before-call.*.*": self._count,
            "before-send.*.*": self._send,
            "after-call.*.ListSecrets": self._received,
        }
        self._events = session().get_component("event_emitter")
        for event, hook in self._hooks.items():
            self._events.register_first(event, hook)
        self._events.unregister("before-send", botocore_stubber)  # or it would carry out what an answer stands for

    def close(self) -> None:
        for event, hook in self._hooks.items():
            self._events.unregister(event, hook)
        self._events.register("before-send", botocore_stubber)

    def break_call(self, number: int, fault: Fault) -> None:
        """Let a call fail, counted from 1 and from now on."""
        self.calls = []
        self._strike, self._hit = (number, fault), 0

    def get_before(self, operation: str, action: Callable[[], object]) -> None:
        """Let somebody else act once, just before the next call of an operation reaches AWS."""
        self._interloper = operation, action

    def mend(self) -> None:
        """Let no call fail any more; who is about to get in between still does."""
        self._strike = None
        self.calls = []

    def let_pass(self, time: timedelta) -> None:
        """Let Secrets Manager tell of each secret that it was made and changed so much earlier."""
        self._age = time

    def _count(self, model: Any, **_: Any) -> None:
        self.calls.append(f"{model.service_model.service_name}:{model.name}")

    def _send(self, request: Any, event_name: str, **_: Any) -> AWSResponse | None:
        if self._interloper is not None and self._interloper[0] == self.calls[-1]:
            action, self._interloper = self._interloper[1], None
            calls, strike = self.calls, self._strike
            self.mend()
            action()
            self.calls, self._strike = calls, strike
        number, fault = self._strike or (0, None)
        self._hit += number == len(self.calls)
        if fault is None or number != len(self.calls) or self._hit > fault.attempts:
            return self._carry_out(event_name, request)
        return fault.strike(lambda: self._carry_out(event_name, request), request.url)

    def _carry_out(self, event_name: str, request: Any) -> AWSResponse:
        """Let AWS do it; the one function that is invoked, which takes every key, is not there."""
        if event_name.endswith(".lambda.Invoke"):
            return _response(HTTPStatus.OK, {"refusal": None})
        return self._aws.carry_out(event_name, request)

    def _received(self, parsed: dict[str, Any], **_: Any) -> None:
        for secret in parsed.get("SecretList", ()):
            for name in ("CreatedDate", "LastChangedDate"):
                secret[name] -= self._age


def _answer(status: int, code: str) -> AWSResponse:
    return _response(status, {"__type": code, "message": f"Said of {API_KEY}"})


def _response(status: int, document: object) -> AWSResponse:
    headers = HTTPHeaders.from_dict({"x-amzn-requestid": "aws-request-id"})
    return AWSResponse("https://aws.test", status, headers, _Body(json.dumps(document).encode()))
