"""The test of a provider that is talked to by HTTP with a key.

Whether credentials are accepted is measured, not assumed: the same request is sent once with them and once without. If
both are answered, the endpoint is open to everybody, and nothing has been proved of the key.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from http import HTTPStatus

from pydantic import SecretStr

from ai_integrations.domain.connection_health import CheckStatus, Rung
from ai_integrations.domain.model import Integration
from ai_integrations.domain.providers import Dialect
from ai_integrations.domain.url_policy import RefusedDestinationError
from ai_integrations.key_access.connection_test.provider_requests import Access, access_to, secrets_of
from ai_integrations.key_access.connection_test.redaction import words_of
from ai_integrations.key_access.connection_test.step_timer import (
    AUTHENTICATED,
    MODEL_ANSWERS,
    NO_MODEL,
    REACHABLE,
    StepTimer,
)
from ai_integrations.key_access.outbound.deadline import Deadline, DeadlinePassedError
from ai_integrations.key_access.outbound.guard import UnreachableError
from ai_integrations.key_access.outbound.http_messages import Answer, Request
from ai_integrations.key_access.ports import Outbound

# Seconds. The function has 25 and reads a key, a table and perhaps a fingerprint as well.
TOTAL, CONNECT, LIST, COMPLETE = 15.0, 5.0, 6.0, 10.0

_REFUSED = frozenset({HTTPStatus.BAD_REQUEST, HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN})
_SAYS_NOTHING = frozenset(
    {HTTPStatus.NOT_FOUND, HTTPStatus.METHOD_NOT_ALLOWED, HTTPStatus.TOO_MANY_REQUESTS, HTTPStatus.NOT_IMPLEMENTED}
)
_OPEN = "The endpoint answers without the credentials too: whether they are right can not be seen there."
_UNCLEAR = "The list was shown; what happens without the credentials is not clear, so that it may be open to everybody."
_NOTHING_TO_PROVE = "The integration has no key and no headers: there is nothing to authenticate with."


class HttpSteps:
    """Tests integrations, each within a time limit of its own."""

    def __init__(self, outbound: Outbound, seconds: float = TOTAL) -> None:
        self._outbound = outbound
        self._seconds = seconds

    def run(self, integration: Integration, key: SecretStr | None, model: str | None) -> tuple[Rung, ...]:
        """Return the rungs that were climbed."""
        access = access_to(integration, key)
        if access is None:
            rung = StepTimer(REACHABLE)
            return (rung.failed("Nothing says where the provider is: the integration needs a base_url."),)
        climb = _TestRun(self._outbound, access, secrets_of(integration, key), model, Deadline(self._seconds))
        return climb.rungs()


@dataclass(frozen=True)
class _TestRun:
    outbound: Outbound
    access: Access
    secrets: list[str] = field(repr=False)
    model: str | None
    deadline: Deadline

    def rungs(self) -> tuple[Rung, ...]:
        climbed: list[Rung] = []
        for rung in self._each():
            climbed.append(rung)
            if rung.status is CheckStatus.FAILED:
                break
        return tuple(self._in_hindsight(climbed))

    def _each(self) -> Iterator[Rung]:
        yield self._reachable()
        if self.access.probe.dialect is Dialect.UNSUPPORTED:
            yield StepTimer(AUTHENTICATED).unproved(self.access.probe.unproved)
            yield StepTimer(MODEL_ANSWERS).unproved(self.access.probe.unproved)
            return
        yield self._authenticated()
        yield self._model_answers()

    def _in_hindsight(self, climbed: list[Rung]) -> list[Rung]:
        """Let a model that answers only with the credentials prove what an open list of models could not."""
        match climbed:
            case [first, Rung(status=CheckStatus.NOT_PROVED) as second, Rung(status=CheckStatus.PASSED) as third]:
                if self._is_refused_without_credentials():
                    proved = "The model answered with the credentials and not without them."
                    return [first, second._replace(status=CheckStatus.PASSED, proved=proved, provider_said=None), third]
        return climbed

    def _is_refused_without_credentials(self) -> bool:
        asked = self.access.completion(self.model or "")
        return bool(self.access.credentials) and self._status_without_credentials(asked) in _REFUSED

    def _reachable(self) -> Rung:
        watch = StepTimer(REACHABLE)
        try:
            self.outbound.reach(self.access.base_url, self.deadline.within(CONNECT))
        except _FAILURES as failure:
            return watch.failed(_of(failure))
        if self.access.base_url.lower().startswith("https:"):
            return watch.passed("A connection could be made, and its certificate is the host's.")
        return watch.passed("A connection could be made.", "It is not encrypted: nothing shows whose server it is.")

    def _authenticated(self) -> Rung:
        watch = StepTimer(AUTHENTICATED)
        asked = self.access.models()
        try:
            answer = self._send(asked, LIST, opened=True)
        except _FAILURES as failure:
            return watch.failed(_of(failure))
        if _is_good(answer):
            return self._compared(watch, asked)
        said = words_of(answer.body, self.secrets)
        if answer.status in _SAYS_NOTHING:
            return watch.unproved(f"The list of models was answered by status {answer.status}.", said)
        return watch.failed(_of_status(answer), said)

    def _compared(self, watch: StepTimer, asked: Request) -> Rung:
        if not self.access.credentials:
            return watch.unproved(_NOTHING_TO_PROVE)
        status = self._status_without_credentials(asked)
        if status in _REFUSED:
            proved = "The models were listed with the credentials and not without them."
            return watch.passed(proved, self.access.probe.unproved)
        return watch.unproved(_OPEN if status == HTTPStatus.OK else _UNCLEAR)

    def _status_without_credentials(self, asked: Request) -> int | None:
        try:
            return self._send(asked, LIST, opened=False).status
        except _FAILURES:
            return None

    def _model_answers(self) -> Rung:
        watch = StepTimer(MODEL_ANSWERS)
        if self.model is None:
            return watch.unproved(NO_MODEL)
        try:
            answer = self._send(self.access.completion(self.model), COMPLETE, opened=True)
        except _FAILURES as failure:
            return watch.failed(_of(failure))
        if not _is_good(answer):
            return watch.failed(_of_status(answer), words_of(answer.body, self.secrets))
        if answer.truncated or not self.access.is_completion(answer.body):
            return watch.failed("The answer has not the form of a model's.", words_of(answer.body, self.secrets))
        return watch.passed("The model answered.")

    def _send(self, request: Request, seconds: float, *, opened: bool) -> Answer:
        return self.outbound.send(self.access.request(request, opened=opened), self.deadline.within(seconds))


_FAILURES = (RefusedDestinationError, UnreachableError, DeadlinePassedError)


def _of(failure: Exception) -> str:
    if isinstance(failure, RefusedDestinationError):
        return f"The base_url {failure}: nothing was sent."
    return str(failure) or "There was no answer in time."


def _of_status(answer: Answer) -> str:
    if HTTPStatus.MULTIPLE_CHOICES <= answer.status < HTTPStatus.BAD_REQUEST:
        return f"The provider redirects elsewhere (status {answer.status}); a key is not sent after it."
    return f"The provider answered with status {answer.status}."


def _is_good(answer: Answer) -> bool:
    return HTTPStatus.OK <= answer.status < HTTPStatus.MULTIPLE_CHOICES
