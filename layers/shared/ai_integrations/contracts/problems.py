"""Every error as an RFC 9457 problem document, by the table of contract.md, "Status codes"."""

from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import Any, NamedTuple

from ai_integrations.contracts.parsing import UnsupportedMediaTypeError
from ai_integrations.domain import errors
from ai_integrations.domain.errors import FieldError

CONTENT_TYPE = "application/problem+json"
TYPE_PREFIX = "https://arize.com/docs/ax/rest-reference/errors#"


class Kind(NamedTuple):
    """One row of the table: a status, and how the contract names it."""

    status: int
    fragment: str
    title: str
    headers: Mapping[str, str] = MappingProxyType({})


INVALID_REQUEST = Kind(400, "invalid-request", "Invalid request parameters")
AUTHENTICATION_REQUIRED = Kind(401, "authentication-required", "Authentication required")
ACCESS_FORBIDDEN = Kind(403, "access-forbidden", "Access forbidden")
NOT_FOUND = Kind(404, "resource-not-found", "Resource not found")
METHOD_NOT_ALLOWED = Kind(405, "method-not-allowed", "Method not allowed")
CONFLICT = Kind(409, "resource-conflict", "Resource conflict")
PRECONDITION_FAILED = Kind(412, "precondition-failed", "Precondition failed")
UNSUPPORTED_MEDIA_TYPE = Kind(415, "unsupported-media-type", "Unsupported media type")
UNPROCESSABLE = Kind(422, "unprocessable-entity", "Unprocessable entity")
# The wait is in seconds and small: old Python clients sleep exactly that long, three times.
RATE_LIMITED = Kind(429, "rate-limit-exceeded", "Rate limit exceeded", {"Retry-After": "1"})
INTERNAL = Kind(500, "internal-error", "Internal error")
UNAVAILABLE = Kind(503, "service-unavailable", "Service unavailable", {"Retry-After": "1"})

# Which status each domain error becomes, and in which words. Errors that carry fields say the rest themselves.
BY_ERROR: dict[type[errors.AiIntegrationsError], tuple[Kind, str]] = {
    errors.InvalidRequestError: (INVALID_REQUEST, "The request does not have the form that the API takes."),
    errors.RuleViolationError: (UNPROCESSABLE, "The request breaks a rule."),
    errors.AccessKeyNotFoundError: (NOT_FOUND, "The account has no such access key."),
    errors.AccessForbiddenError: (ACCESS_FORBIDDEN, "This access key may not do this."),
    errors.NotFoundError: (NOT_FOUND, "There is no such resource."),
    errors.VersionConflictError: (PRECONDITION_FAILED, "The integration has changed since. Read it again."),
    errors.KeyUnavailableError: (
        CONFLICT,
        "The integration's key can not be had: it is gone or no longer meant for it.",
    ),
    errors.KeyTestFailedError: (UNAVAILABLE, "The key could not be tested, and nothing was changed. Try again."),
    errors.NoKeyToRotateError: (CONFLICT, "The integration has no key of its own to rotate: set one by PATCH first."),
    errors.NoPreviousKeyError: (CONFLICT, "There is no key to go back to: nothing was rotated, or its grace is over."),
    errors.RoleRefusedError: (
        CONFLICT,
        "AWS does not let the integration's role be assumed: look at its trust policy and the external id.",
    ),
    errors.NameTakenError: (CONFLICT, "Another integration of the account has this name; case does not count."),
    errors.IdempotencyKeyReusedError: (UNPROCESSABLE, "This Idempotency-Key came before, with another body."),
    UnsupportedMediaTypeError: (UNSUPPORTED_MEDIA_TYPE, "Send the body as application/json."),
    errors.ContentionError: (UNAVAILABLE, "Other writes were in the way and nothing was changed. Try again."),
}


def document(kind: Kind, detail: str, instance: str, field_errors: Iterable[FieldError] = ()) -> dict[str, Any]:
    """Build the document itself."""
    shown = [{"pointer": each.pointer, "detail": each.detail} for each in field_errors]
    return {
        "type": TYPE_PREFIX + kind.fragment,
        "title": kind.title,
        "status": kind.status,
        "detail": _with_first_fault(detail, shown),
        "instance": instance,
    } | ({"errors": shown} if shown else {})


def _with_first_fault(detail: str, faults: list[dict[str, str]]) -> str:
    """Name a fault in the detail too: the official clients show people that and not the rest."""
    if not faults:
        return detail
    return f"{detail} {': '.join(filter(None, faults[0].values()))}"


def document_for(error: errors.AiIntegrationsError, instance: str) -> dict[str, Any]:
    """Build the document of a domain error."""
    kind, detail = BY_ERROR[type(error)]
    return document(kind, detail, instance, getattr(error, "errors", ()))
