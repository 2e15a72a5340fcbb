"""Connection test of a provider that is called over HTTP with a key.

Whether the provider checks the credentials is measured: the same request is sent with and without them. If both
succeed, the endpoint is public, and the test has proved nothing about the key.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import TYPE_CHECKING

from pydantic import SecretStr

from ai_integrations.domain.connection_health import CheckStatus, Rung
from ai_integrations.domain.endpoints import accepted_forms
from ai_integrations.domain.model import Integration
from ai_integrations.domain.providers import Dialect
from ai_integrations.domain.url_policy import RefusedDestinationError
from ai_integrations.key_access.connection_test.provider_requests import (
    ProviderAccess,
    build_access,
    collect_secrets,
)
from ai_integrations.key_access.connection_test.redaction import describe_response
from ai_integrations.key_access.connection_test.step_timer import (
    AUTHENTICATED,
    MODEL_ANSWERS,
    NO_MODEL,
    REACHABLE,
    StepTimer,
)
from ai_integrations.key_access.outbound.deadline import Deadline, DeadlinePassedError
from ai_integrations.key_access.outbound.guard import UnreachableError
from ai_integrations.key_access.outbound.http_messages import OutboundRequest, OutboundResponse

if TYPE_CHECKING:
    from ai_integrations.key_access.ports import Outbound

# Seconds. The function's timeout is 25, and it also reads a key, the table and perhaps a fingerprint.
_TOTAL, _CONNECT, _LIST, _COMPLETION = 15.0, 5.0, 6.0, 10.0

_REJECTED = frozenset({HTTPStatus.BAD_REQUEST, HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN})
_INCONCLUSIVE = frozenset(
    {HTTPStatus.NOT_FOUND, HTTPStatus.METHOD_NOT_ALLOWED, HTTPStatus.TOO_MANY_REQUESTS, HTTPStatus.NOT_IMPLEMENTED}
)
_FAILURES = (RefusedDestinationError, UnreachableError, DeadlinePassedError)

_PUBLIC_LIST = "The provider also lists its models without the credentials, so the list does not prove them."
_UNCLEAR_LIST = (
    "The provider listed its models, but the same request without credentials had an unclear result: the list may be "
    "public."
)
_NO_CREDENTIALS = "The integration has no key and no headers, so there are no credentials to test."


class HttpSteps:
    """Tests integrations over HTTP, each within a time limit."""

    def __init__(self, outbound: "Outbound", seconds: float = _TOTAL) -> None:
        self._outbound = outbound
        self._seconds = seconds

    def run(self, integration: Integration, key: SecretStr | None, model: str | None) -> tuple[Rung, ...]:
        """Run the steps in order, up to the first that fails."""
        access = build_access(integration, key)
        if access is None:
            timer = StepTimer(REACHABLE)
            forms = accepted_forms(integration.provider)
            return (timer.failed(f"The integration has no base_url of an accepted form. {forms}"),)
        secrets = collect_secrets(integration, key)
        return _HttpTest(self._outbound, access, secrets, model, Deadline(self._seconds)).run()


@dataclass(frozen=True)
class _HttpTest:
    outbound: "Outbound"
    access: ProviderAccess
    secrets: list[str] = field(repr=False)
    model: str | None
    deadline: Deadline

    def run(self) -> tuple[Rung, ...]:
        results: list[Rung] = []
        for rung in self._steps():
            results.append(rung)
            if rung.status is CheckStatus.FAILED:
                break
        return tuple(self._prove_key_by_model(results))

    def _steps(self) -> Iterator[Rung]:
        yield self._test_connection()
        if self.access.probe.dialect is Dialect.UNSUPPORTED:
            yield StepTimer(AUTHENTICATED).inconclusive(self.access.probe.unproved)
            yield StepTimer(MODEL_ANSWERS).inconclusive(self.access.probe.unproved)
            return
        yield self._test_credentials()
        yield self._test_model()

    def _prove_key_by_model(self, results: list[Rung]) -> list[Rung]:
        """Let `authenticated` pass after all if the model answers only with the credentials."""
        match results:
            case [first, Rung(status=CheckStatus.NOT_PROVED) as second, Rung(status=CheckStatus.PASSED) as third]:
                if self._model_needs_credentials():
                    proved = "The model answered with the credentials and rejected the same request without them."
                    return [first, second._replace(status=CheckStatus.PASSED, proved=proved, provider_said=None), third]
        return results

    def _model_needs_credentials(self) -> bool:
        request = self.access.completion_request(self.model or "")
        return bool(self.access.credential_headers) and self._status_without_credentials(request) in _REJECTED

    def _test_connection(self) -> Rung:
        timer = StepTimer(REACHABLE)
        try:
            self.outbound.reach(self.access.api, self.deadline.within(_CONNECT))
        except _FAILURES as failure:
            return timer.failed(_describe_failure(failure))
        if self.access.api.startswith("https:"):
            return timer.passed("The connection succeeded, and the certificate is valid for the host.")
        return timer.passed(
            "The connection succeeded.", "It is not encrypted, so the identity of the server is not verified."
        )

    def _test_credentials(self) -> Rung:
        timer = StepTimer(AUTHENTICATED)
        request = self.access.models_request()
        try:
            response = self._send(request, _LIST, with_credentials=True)
        except _FAILURES as failure:
            return timer.failed(_describe_failure(failure))
        if _is_success(response):
            return self._compare_without_credentials(timer, request)
        message = describe_response(response.body, self.secrets)
        if response.status in _INCONCLUSIVE:
            return timer.inconclusive(f"Listing the models returned status {response.status}.", message)
        return timer.failed(_describe_status(response), message)

    def _compare_without_credentials(self, timer: StepTimer, request: OutboundRequest) -> Rung:
        if not self.access.credential_headers:
            return timer.inconclusive(_NO_CREDENTIALS)
        status = self._status_without_credentials(request)
        if status in _REJECTED:
            proved = "The provider lists its models with the credentials and rejects the same request without them."
            return timer.passed(proved, self.access.probe.unproved)
        return timer.inconclusive(_PUBLIC_LIST if status == HTTPStatus.OK else _UNCLEAR_LIST)

    def _status_without_credentials(self, request: OutboundRequest) -> int | None:
        try:
            return self._send(request, _LIST, with_credentials=False).status
        except _FAILURES:
            return None

    def _test_model(self) -> Rung:
        timer = StepTimer(MODEL_ANSWERS)
        if self.model is None:
            return timer.inconclusive(NO_MODEL)
        try:
            response = self._send(self.access.completion_request(self.model), _COMPLETION, with_credentials=True)
        except _FAILURES as failure:
            return timer.failed(_describe_failure(failure))
        if not _is_success(response):
            return timer.failed(_describe_status(response), describe_response(response.body, self.secrets))
        if response.truncated or not self.access.is_completion(response.body):
            reason = "The response is not a completion in the provider's format."
            return timer.failed(reason, describe_response(response.body, self.secrets))
        return timer.passed("The model answered.")

    def _send(self, request: OutboundRequest, seconds: float, *, with_credentials: bool) -> OutboundResponse:
        complete = self.access.add_headers(request, with_credentials=with_credentials)
        return self.outbound.send(complete, self.deadline.within(seconds))


def _describe_failure(failure: Exception) -> str:
    if isinstance(failure, RefusedDestinationError):
        return f"Nothing was sent: the base_url {failure}."
    return str(failure) or "The provider did not respond in time."


def _describe_status(response: OutboundResponse) -> str:
    if HTTPStatus.MULTIPLE_CHOICES <= response.status < HTTPStatus.BAD_REQUEST:
        return f"The provider redirected the request (status {response.status}). Keys are not sent to redirect targets."
    return f"The provider answered with status {response.status}."


def _is_success(response: OutboundResponse) -> bool:
    return HTTPStatus.OK <= response.status < HTTPStatus.MULTIPLE_CHOICES
