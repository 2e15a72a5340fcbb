"""Count the AWS calls of the functions, and make one of them fail."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from http import HTTPStatus
from typing import Any

from botocore.awsrequest import AWSResponse
from botocore.exceptions import ReadTimeoutError
from moto.core.models import botocore_stubber

from ai_integrations.bootstrap.botocore_session import session
from ai_integrations.observability import LoggedError
from tests.builders import API_KEY
from tests.cloud import Killed
from tests.faults import sts
from tests.faults.aws_backends import AwsBackend
from tests.faults.aws_responses import aws_response

ALL_ATTEMPTS = 99  # more attempts than any client makes


@dataclass(frozen=True, kw_only=True)
class Fault:
    """How a call fails: before or after AWS applies it, with an error response or an exception, in how many attempts.

    Without `response` and `error`, the call times out.
    """

    after_effect: bool = False
    response: tuple[int, str] | None = None
    error: type[BaseException] | None = None
    attempts: int = ALL_ATTEMPTS

    def apply(self, send: Callable[[], object], url: str) -> AWSResponse:
        """Fail a call. `send` makes AWS apply it."""
        if self.after_effect:
            send()
        if self.response is not None:
            status, code = self.response
            return sts.error(status, code) if url.startswith("https://sts.") else _error_response(status, code)
        raise ReadTimeoutError(endpoint_url=f"{url}?{API_KEY}") if self.error is None else self.error


FAULTS = {
    "denied": Fault(response=(400, "AccessDeniedException")),
    "throttled": Fault(response=(400, "ThrottlingException")),
    "throttled once": Fault(response=(400, "ThrottlingException"), attempts=1),
    "failed": Fault(response=(500, "InternalServerError")),
    "failed after its effect": Fault(response=(500, "InternalServerError"), after_effect=True),
    "timed out": Fault(),
    "timed out once": Fault(attempts=1),
    "timed out after its effect": Fault(after_effect=True),
    "timed out once after its effect": Fault(after_effect=True, attempts=1),
    "killed": Fault(error=Killed),
    "killed after its effect": Fault(error=Killed, after_effect=True),
}


class FaultInjector:
    """Intercepts every AWS call of the functions' clients."""

    def __init__(self, backend: AwsBackend) -> None:
        self._backend = backend
        self.functions: Callable[[str], Callable[[dict[str, Any]], object]]  # set by the stack
        self.calls: list[str] = []
        self._fault: tuple[int, Fault] | None = None
        self._failed_attempts = 0
        self._concurrent_action: tuple[str, Callable[[], object]] | None = None
        self._secret_age = timedelta(0)
        self._hooks = {
            "before-call.*.*": self._count,
            "before-send.*.*": self._send,
            "after-call.*.ListSecrets": self._age_secrets,
        }
        self._events = session().get_component("event_emitter")
        for event, hook in self._hooks.items():
            self._events.register_first(event, hook)
        self._events.unregister("before-send", botocore_stubber)  # it would apply a call that must fail before

    def close(self) -> None:
        """Remove the hooks."""
        for event, hook in self._hooks.items():
            self._events.unregister(event, hook)
        self._events.register("before-send", botocore_stubber)

    def fail_call(self, number: int, fault: Fault) -> None:
        """Make a call fail. Calls are counted from 1, starting now."""
        self.calls = []
        self._fault, self._failed_attempts = (number, fault), 0

    def run_before(self, operation: str, action: Callable[[], object]) -> None:
        """Run an action once, just before the next call of an operation is sent."""
        self._concurrent_action = operation, action

    def stop(self) -> None:
        """Let no further call fail. A pending concurrent action still runs."""
        self._fault = None
        self.calls = []

    def set_secret_age(self, age: timedelta) -> None:
        """Make ListSecrets report that each secret was created and changed earlier by `age`."""
        self._secret_age = age

    def _count(self, model: Any, **_: Any) -> None:
        self.calls.append(f"{model.service_model.service_name}:{model.name}")

    def _send(self, request: Any, event_name: str, **_: Any) -> AWSResponse | None:
        self._run_concurrent_action()
        number, fault = self._fault or (0, None)
        is_chosen_call = number == len(self.calls)
        self._failed_attempts += is_chosen_call
        if fault is None or not is_chosen_call or self._failed_attempts > fault.attempts:
            return self._forward(event_name, request)
        return fault.apply(lambda: self._forward(event_name, request), request.url)

    def _run_concurrent_action(self) -> None:
        """Run the pending action if it is due. Its own calls are neither counted nor failed."""
        if self._concurrent_action is None or self._concurrent_action[0] != self.calls[-1]:
            return
        action, self._concurrent_action = self._concurrent_action[1], None
        calls, fault = self.calls, self._fault
        self.stop()
        action()
        self.calls, self._fault = calls, fault

    def _forward(self, event_name: str, request: Any) -> AWSResponse:
        """Send a call to the backend, which has no functions and issues no identity tokens."""
        if event_name.endswith(".lambda.Invoke"):
            return self._invoke(json.loads(request.body))
        if event_name.endswith(".sts.GetWebIdentityToken"):
            return sts.identity_token_response(request.body)
        return self._backend.send(event_name, request)

    def _invoke(self, event: dict[str, Any]) -> AWSResponse:
        """Invoke exchange_token, or answer for verify_key: every key is accepted."""
        if "api_key" in event:
            return _response(HTTPStatus.OK, {"refusal": None})
        try:
            return _response(HTTPStatus.OK, self.functions("exchange_token")(event))
        except LoggedError:
            return _response(HTTPStatus.OK, {}, {"x-amz-function-error": "Unhandled"})

    def _age_secrets(self, parsed: dict[str, Any], **_: Any) -> None:
        for secret in parsed.get("SecretList", ()):
            for name in ("CreatedDate", "LastChangedDate"):
                secret[name] -= self._secret_age


def _error_response(status: int, code: str) -> AWSResponse:
    return _response(status, {"__type": code, "message": f"Rejected {API_KEY}"})


def _response(status: int, document: object, headers: Mapping[str, str] | None = None) -> AWSResponse:
    return aws_response(status, json.dumps(document), headers)
