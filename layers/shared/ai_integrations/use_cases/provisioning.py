"""Integrations by event: a request from the bus in, its outcome on the bus out.

A request may be delivered any number of times. What it asks for happens once, and each delivery leads to the same
outcome. A refusal is an outcome; whatever else fails is raised, and the queue delivers the request again.
"""

import json
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from pydantic import ValidationError

from ai_integrations.contracts import ids, problems
from ai_integrations.contracts.parsing import parse_text
from ai_integrations.contracts.provisioning_requests import (
    REQUESTS,
    Correlation,
    CreateRequested,
    DeleteRequested,
    Request,
    UpdateRequested,
)
from ai_integrations.contracts.published_events import Outcome
from ai_integrations.domain.errors import (
    AiIntegrationsError,
    ContentionError,
    FieldError,
    FieldsError,
    IdempotencyKeyReusedError,
    InvalidRequestError,
    NotFoundError,
    RepeatedRequestError,
    RuleViolationError,
)
from ai_integrations.domain.model import Caller, Integration
from ai_integrations.use_cases.integrations import Integrations
from ai_integrations.use_cases.ports import EventPublisher, RecordedOutcome, RequestOutcomes


class Provisioner:
    """Carries out requests for one whole stack."""

    def __init__(
        self,
        *,
        integrations: Integrations,
        outcomes: RequestOutcomes,
        bus: EventPublisher,
        clock: Callable[[], datetime],
    ) -> None:
        self._integrations = integrations
        self._outcomes = outcomes
        self._bus = bus
        self._clock = clock

    def handle(self, envelope: Mapping[str, Any]) -> Outcome:
        """Carry out the request in an event, as EventBridge wraps it, and publish the outcome."""
        outcome = self._outcome(REQUESTS[envelope["detail-type"]], envelope["detail"], envelope["id"])
        self._bus.publish(outcome)
        return outcome

    def _outcome(self, kind: type[Request], detail: object, event_id: str) -> Outcome:
        try:
            _refuse_keys(detail)
            request = parse_text(json.dumps(detail), kind)
            return self._earlier(request) or self._decide(request, event_id)
        except IdempotencyKeyReusedError:
            refusal: FieldsError = RuleViolationError(FieldError("/request_id", "It came before, in another request."))
        except FieldsError as error:
            refusal = error
        # Not remembered, and named after this event alone: the same id may yet come with a request that can be decided.
        return kind.failed(**_address_in(detail), event_id=event_id, problem=problems.document_for(refusal, event_id))

    def _earlier(self, request: Request) -> Outcome | None:
        earlier = self._outcomes.find(request.account, request.request_id)
        if earlier is None:
            return None
        if earlier.fingerprint != request.fingerprint():
            raise IdempotencyKeyReusedError
        told = request.succeeded if earlier.detail_type == request.succeeded.detail_type else request.failed
        return told.model_validate_json(earlier.detail)

    def _decide(self, request: Request, event_id: str) -> Outcome:
        outcome: Outcome
        try:
            integration = self._carry_out(request)
        except (ContentionError, IdempotencyKeyReusedError):
            raise
        except AiIntegrationsError as refusal:
            outcome = request.failed(
                **_told_to(request, request.failed), problem=problems.document_for(refusal, event_id)
            )
        else:
            outcome = request.succeeded(
                **_told_to(request, request.succeeded), id=ids.encode(integration.id), version=integration.version
            )
        self._record(request, outcome)
        return outcome

    def _record(self, request: Request, outcome: Outcome) -> None:
        recorded = RecordedOutcome(
            fingerprint=request.fingerprint(),
            detail_type=outcome.detail_type,
            detail=outcome.model_dump_json(exclude_none=True),
        )
        self._outcomes.record(request.account, request.request_id, recorded, self._clock())

    def _carry_out(self, request: Request) -> Integration:
        try:
            return self._asked(request, self._integrations.idempotent(request.idempotency_key()))
        except RepeatedRequestError as repeated:
            return repeated.first
        except FieldsError as error:
            raise error.with_prefix("/integration") from None

    def _asked(self, request: Request, integrations: Integrations) -> Integration:
        caller = request.caller()
        match request:
            case CreateRequested():
                body = request.integration
                made = integrations.create(caller, body.settings(), body.key_change(), request.idempotency_key())
            case UpdateRequested():
                change = request.integration
                made = integrations.update(caller, ids.decode(request.id), change.apply, change.key_change())
            case DeleteRequested():
                made = _deleted(integrations, caller, ids.decode(request.id))
        return made


def _deleted(integrations: Integrations, caller: Caller, ulid: str) -> Integration:
    try:
        return integrations.delete(caller, ulid).integration
    except NotFoundError:
        return integrations.get_deleted(caller, ulid).integration


def _told_to(request: Request, kind: type[Outcome]) -> dict[str, str]:
    """Return who is told an outcome, and its id; an account has no slash in it, nor has the word for the kind."""
    word = kind.detail_type.replace(" ", "-").lower()
    return {**request.correlation(), "event_id": f"{request.account}/{request.request_id}/{word}"}


def _refuse_keys(detail: object) -> None:
    """Say what is to be done instead; for whoever sends a key it is the one thing that matters."""
    integration = detail.get("integration") if isinstance(detail, dict) else None
    for pointer, part in (("", detail), ("/integration", integration)):
        if isinstance(part, dict) and "api_key" in part:
            raise InvalidRequestError(
                FieldError(f"{pointer}/api_key", "An event must hold no key: let api_key_secret_arn name its secret.")
            )


def _address_in(detail: object) -> dict[str, str]:
    """Return to whom a malformed request can be answered: nobody, unless both parts of the address are sound."""
    try:
        return Correlation.model_validate(detail).model_dump()
    except ValidationError:
        return {}
