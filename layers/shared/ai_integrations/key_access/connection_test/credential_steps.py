"""The steps of a connection test that need credentials.

Whether the provider checks the credentials is measured: the same request is sent with and without them. If both
succeed, the endpoint is public, and the test has proved nothing about the key.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from http import HTTPStatus
from typing import TYPE_CHECKING

from ai_integrations.domain.connection_health import CheckStatus, Rung
from ai_integrations.key_access.connection_test.listed_models import find_models
from ai_integrations.key_access.connection_test.outcomes import (
    FAILURES,
    describe_failure,
    describe_status,
    is_success,
)
from ai_integrations.key_access.connection_test.provider_requests import ProviderAccess
from ai_integrations.key_access.connection_test.redaction import describe_response
from ai_integrations.key_access.connection_test.step_timer import AUTHENTICATED, MODEL_ANSWERS, NO_MODEL, StepTimer
from ai_integrations.key_access.outbound.deadline import Deadline
from ai_integrations.key_access.outbound.http_messages import OutboundRequest, OutboundResponse

if TYPE_CHECKING:
    from ai_integrations.key_access.ports import Outbound

_LIST, _COMPLETION = 6.0, 10.0  # seconds

_REJECTED = frozenset({HTTPStatus.BAD_REQUEST, HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN})
_INCONCLUSIVE = frozenset(
    {HTTPStatus.NOT_FOUND, HTTPStatus.METHOD_NOT_ALLOWED, HTTPStatus.TOO_MANY_REQUESTS, HTTPStatus.NOT_IMPLEMENTED}
)

_PUBLIC_LIST = "The provider also lists its models without the credentials, so the list does not prove them."
_UNCLEAR_LIST = (
    "The provider listed its models, but the same request without credentials had an unclear result: the list may be "
    "public."
)
_NO_CREDENTIALS = "The integration has no key and no headers, so there are no credentials to test."


@dataclass(frozen=True)
class CredentialSteps:
    """Tests the credentials and a model. `secrets` must not appear in the results.

    `models` receives the names that the provider lists.
    """

    outbound: "Outbound"
    access: ProviderAccess
    secrets: list[str] = field(repr=False)
    model: str | None
    deadline: Deadline
    models: list[str] = field(default_factory=list)

    def run(self) -> Iterator[Rung]:
        """Run the steps in order, up to the first that fails."""
        authenticated = self._test_credentials()
        if authenticated.status is CheckStatus.FAILED:
            yield authenticated
            return
        answers = self._test_model()
        yield self._prove_credentials_by_model(authenticated, answers)
        yield answers

    def _prove_credentials_by_model(self, authenticated: Rung, answers: Rung) -> Rung:
        """Let `authenticated` pass after all if the model answers only with the credentials."""
        is_open = authenticated.status is CheckStatus.NOT_PROVED and answers.status is CheckStatus.PASSED
        if not (is_open and self._model_needs_credentials()):
            return authenticated
        proved = "The model answered with the credentials and rejected the same request without them."
        return authenticated._replace(status=CheckStatus.PASSED, proved=proved, provider_said=None)

    def _model_needs_credentials(self) -> bool:
        request = self.access.completion_request(self.model or "")
        return bool(self.access.credential_headers) and self._status_without_credentials(request) in _REJECTED

    def _test_credentials(self) -> Rung:
        timer = StepTimer(AUTHENTICATED)
        request = self.access.models_request()
        try:
            response = self._send(request, _LIST, with_credentials=True)
        except FAILURES as failure:
            return timer.failed(describe_failure(failure))
        if is_success(response):
            self.models.extend(find_models(self.access.probe.dialect, response, self.secrets))
            return self._compare_without_credentials(timer, request)
        message = describe_response(response.body, self.secrets)
        if response.status in _INCONCLUSIVE | self.access.probe.unclear_statuses:
            return timer.inconclusive(f"Listing the models returned status {response.status}.", message)
        return timer.failed(describe_status(response), message)

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
            return self._send(replace(request, max_bytes=0), _LIST, with_credentials=False).status
        except FAILURES:
            return None

    def _test_model(self) -> Rung:
        timer = StepTimer(MODEL_ANSWERS)
        if self.model is None:
            return timer.inconclusive(NO_MODEL)
        try:
            response = self._send(self.access.completion_request(self.model), _COMPLETION, with_credentials=True)
        except FAILURES as failure:
            return timer.failed(describe_failure(failure))
        if not is_success(response):
            return timer.failed(describe_status(response), describe_response(response.body, self.secrets))
        if response.truncated or not self.access.is_completion(response.body):
            reason = "The response is not a completion in the provider's format."
            return timer.failed(reason, describe_response(response.body, self.secrets))
        return timer.passed("The model answered.")

    def _send(self, request: OutboundRequest, seconds: float, *, with_credentials: bool) -> OutboundResponse:
        complete = self.access.add_headers(request, with_credentials=with_credentials)
        return self.outbound.send(complete, self.deadline.within(seconds))
