"""Integrations by event: a request from the bus in, its outcome on the bus out.

A request may be delivered any number of times. What it asks for happens once, and each delivery leads to the same
outcome. A refusal is an outcome; whatever else fails is raised, and the queue delivers the request again.
"""

import json
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, Protocol

from pydantic import ValidationError

from ai_integrations.errors import (
    AiIntegrationsError,
    ContentionError,
    FieldsError,
    IdempotencyKeyReusedError,
    NotFoundError,
)
from ai_integrations.events import Event, Outcome
from ai_integrations.http import ids, problem
from ai_integrations.http.parsing import parse_text
from ai_integrations.model import IdempotencyKey, Integration
from ai_integrations.outcomes import Settled
from ai_integrations.requests import REQUESTS, Address, CreateRequested, DeleteRequested, Request, UpdateRequested
from ai_integrations.service import Integrations


class Outcomes(Protocol):
    """Where the decided requests are kept."""

    def find(self, account: str, request_id: str) -> Settled | None:
        """Return how a request has been decided."""
        ...

    def remember(self, account: str, request_id: str, settled: Settled, now: datetime) -> None:
        """Write how a request has been decided."""
        ...


class Bus(Protocol):
    """Where the service tells what has happened."""

    def publish(self, *events: Event) -> None:
        """Put events on the bus."""
        ...


class Provisioner:
    """Carries out requests for one whole stack."""

    def __init__(
        self, *, integrations: Integrations, outcomes: Outcomes, bus: Bus, clock: Callable[[], datetime]
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
            request = parse_text(json.dumps(detail), kind)
        except AiIntegrationsError as refusal:
            return _refused(kind, _address_in(detail), refusal, event_id)
        earlier = self._outcomes.find(request.account, request.request_id)
        if earlier is None:
            return self._decide(request, event_id)
        if earlier.fingerprint != request.fingerprint():
            return _refused(kind, _address_in(detail), IdempotencyKeyReusedError(), event_id)
        told = kind.succeeded if earlier.detail_type == kind.succeeded.detail_type else kind.failed
        return told.model_validate_json(earlier.detail)

    def _decide(self, request: Request, event_id: str) -> Outcome:
        address = {"account": request.account, "request_id": request.request_id}
        outcome: Outcome
        try:
            integration = self._carry_out(request)
        except ContentionError:
            raise
        except AiIntegrationsError as refusal:
            outcome = _refused(type(request), address, refusal, event_id)
        else:
            kind = type(request).succeeded
            outcome = kind(**address, event_id=_outcome_id(kind, address), **_named(integration))
        settled = Settled(
            fingerprint=request.fingerprint(),
            detail_type=outcome.detail_type,
            detail=outcome.model_dump_json(exclude_none=True),
        )
        self._outcomes.remember(request.account, request.request_id, settled, self._clock())
        return outcome

    def _carry_out(self, request: Request) -> Integration:
        try:
            return self._asked(request)
        except FieldsError as error:
            raise error.below("/integration") from None

    def _asked(self, request: Request) -> Integration:
        match request:
            case CreateRequested():
                key = IdempotencyKey(value=f"event:{request.request_id}", fingerprint=request.fingerprint())
                body = request.integration
                integration = self._integrations.create(request.caller(), body.settings(), body.key(), key)
            case UpdateRequested():
                ulid = ids.parse(request.id)
                body_change = request.integration
                integration = self._integrations.update(request.caller(), ulid, body_change.apply, body_change.key())
            case DeleteRequested():
                integration = self._deleted(request)
        return integration

    def _deleted(self, request: DeleteRequested) -> Integration:
        ulid = ids.parse(request.id)
        try:
            return self._integrations.delete(request.caller(), ulid).integration
        except NotFoundError:
            return self._integrations.deleted(request.caller(), ulid).integration


def _named(integration: Integration) -> dict[str, Any]:
    return {"id": ids.public(integration.id), "version": integration.version}


def _refused(kind: type[Request], address: Mapping[str, str], refusal: AiIntegrationsError, event_id: str) -> Outcome:
    outcome_id = _outcome_id(kind.failed, address) if address else event_id
    return kind.failed(**address, event_id=outcome_id, problem=problem.document_of(refusal, event_id))


def _outcome_id(kind: type[Outcome], address: Mapping[str, str]) -> str:
    return f"{address['account']}.{address['request_id']}.{kind.detail_type.replace(' ', '-').lower()}"


def _address_in(detail: object) -> dict[str, str]:
    """Return to whom a malformed request can be answered: nobody, unless both parts of the address are sound."""
    try:
        return Address.model_validate(detail).model_dump()
    except ValidationError:
        return {}
