"""Carry out provisioning requests from the event bus, and publish their outcomes.

A request may be delivered several times. It is applied once, and each delivery publishes the same outcome. A domain
error is an outcome; any other error propagates, and the queue redelivers the request.
"""

import json
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any, NamedTuple

from pydantic import ValidationError

from ai_integrations.contracts import ids, problems
from ai_integrations.contracts.parsing import parse_text
from ai_integrations.contracts.provisioning_requests import (
    REQUESTS,
    Correlation,
    CreateRequested,
    DeleteRequested,
    ProvisioningRequest,
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
from ai_integrations.use_cases.integrations import Integrations, RequestedChange

if TYPE_CHECKING:
    from ai_integrations.use_cases.ports import EventPublisher, RequestOutcomes


class RecordedOutcome(NamedTuple):
    """A decided provisioning request: its fingerprint, and the event that reported its outcome."""

    fingerprint: str
    detail_type: str
    detail: str


class Provisioner:
    """Carries out the provisioning requests of all accounts."""

    def __init__(
        self,
        *,
        integrations: Integrations,
        outcomes: "RequestOutcomes",
        bus: "EventPublisher",
        clock: Callable[[], datetime],
    ) -> None:
        self._integrations = integrations
        self._outcomes = outcomes
        self._bus = bus
        self._clock = clock

    def handle(self, envelope: Mapping[str, Any]) -> Outcome:
        """Carry out the request in an EventBridge event, and publish the outcome."""
        outcome = self._carry_out(REQUESTS[envelope["detail-type"]], envelope.get("detail"), envelope["id"])
        self._bus.publish(outcome)
        return outcome

    def _carry_out(self, kind: type[ProvisioningRequest], detail: object, event_id: str) -> Outcome:
        try:
            _reject_keys(detail)
            request = parse_text(json.dumps(detail), kind)
            return self._find_outcome(request) or self._apply_and_record(request, event_id)
        except IdempotencyKeyReusedError:
            text = "This request_id was already used for a different request. Use a new one."
            error: FieldsError = RuleViolationError(FieldError("/request_id", text))
        except FieldsError as fields_error:
            error = fields_error
        # Do not record this failure; identify it by the event's id. A valid request with the same request_id may still
        # arrive.
        problem = problems.document_for(error, event_id)
        return kind.failed(**_parse_correlation(detail), event_id=event_id, problem=problem)

    def _find_outcome(self, request: ProvisioningRequest) -> Outcome | None:
        """Read the outcome of an earlier delivery."""
        earlier = self._outcomes.find(request.account, request.request_id)
        if earlier is None:
            return None
        if earlier.fingerprint != request.fingerprint():
            raise IdempotencyKeyReusedError
        has_succeeded = earlier.detail_type == request.succeeded.detail_type
        kind = request.succeeded if has_succeeded else request.failed
        return kind.model_validate_json(earlier.detail)

    def _apply_and_record(self, request: ProvisioningRequest, event_id: str) -> Outcome:
        """Apply a request and record its outcome."""
        outcome: Outcome
        try:
            integration = self._apply_once(request)
        except (ContentionError, IdempotencyKeyReusedError):
            raise
        except AiIntegrationsError as error:
            outcome = request.failed(
                **_outcome_identity(request, request.failed), problem=problems.document_for(error, event_id)
            )
        else:
            outcome = request.succeeded(
                **_outcome_identity(request, request.succeeded),
                id=ids.encode(integration.id),
                version=integration.version,
            )
        self._record(request, outcome)
        return outcome

    def _record(self, request: ProvisioningRequest, outcome: Outcome) -> None:
        recorded = RecordedOutcome(
            fingerprint=request.fingerprint(),
            detail_type=outcome.detail_type,
            detail=outcome.model_dump_json(exclude_none=True),
        )
        self._outcomes.record(request.account, request.request_id, recorded, self._clock())

    def _apply_once(self, request: ProvisioningRequest) -> Integration:
        """Apply a request; if it was applied before, return the original result."""
        try:
            return self._apply(request, self._integrations.idempotent(request.idempotency_key()))
        except RepeatedRequestError as repeated:
            return repeated.first
        except FieldsError as error:
            raise error.with_prefix("/integration") from None

    def _apply(self, request: ProvisioningRequest, integrations: Integrations) -> Integration:
        caller = request.caller()
        match request:
            case CreateRequested():
                body = request.integration
                result = integrations.create(
                    caller, body.settings(), body.credential_change(), request.idempotency_key()
                )
            case UpdateRequested():
                sent = request.integration
                change = RequestedChange(sent.apply, sent.credential_change(), sent_fields=sent.model_fields_set)
                result = integrations.update(caller, ids.decode(request.id), change)
            case DeleteRequested():
                result = _delete(integrations, caller, ids.decode(request.id))
        return result


def _delete(integrations: Integrations, caller: Caller, ulid: str) -> Integration:
    """Delete an integration. Deleting an already deleted one succeeds."""
    try:
        return integrations.delete(caller, ulid).integration
    except NotFoundError:
        return integrations.get_deleted(caller, ulid).integration


def _outcome_identity(request: ProvisioningRequest, kind: type[Outcome]) -> dict[str, str]:
    """Build the correlation and the id of an outcome. The id is unambiguous: only request_id can contain a slash."""
    slug = kind.detail_type.replace(" ", "-").lower()
    return {**request.correlation(), "event_id": f"{request.account}/{request.request_id}/{slug}"}


def _reject_keys(detail: object) -> None:
    """Before any other check, reject an event that contains an API key. The error names the alternative."""
    integration = detail.get("integration") if isinstance(detail, dict) else None
    for pointer, part in (("", detail), ("/integration", integration)):
        if isinstance(part, dict) and "api_key" in part:
            text = "An event must not contain a key. Store it in Secrets Manager and send api_key_secret_arn."
            raise InvalidRequestError(FieldError(f"{pointer}/api_key", text))


def _parse_correlation(detail: object) -> dict[str, str]:
    """Parse account and request_id of a malformed request. The result is empty unless both are valid."""
    try:
        return Correlation.model_validate(detail).model_dump()
    except ValidationError:
        return {}
