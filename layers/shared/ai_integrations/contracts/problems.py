"""Problem documents (RFC 9457) for all errors, as in the table of contract.md, "Status codes"."""

from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import Any, NamedTuple

from ai_integrations.contracts.parsing import UnsupportedMediaTypeError
from ai_integrations.domain import errors
from ai_integrations.domain.errors import FieldError

CONTENT_TYPE = "application/problem+json"
TYPE_PREFIX = "https://arize.com/docs/ax/rest-reference/errors#"


class Kind(NamedTuple):
    """One row of the table. `fragment` completes the problem's `type`."""

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
# Not 5xx: these count as errors of the service, ring alarms and roll deployments back.
FAILED_DEPENDENCY = Kind(424, "failed-dependency", "Failed dependency", {"Retry-After": "1"})
# One second, because old Python clients retry three times and sleep exactly that long.
RATE_LIMITED = Kind(429, "rate-limit-exceeded", "Rate limit exceeded", {"Retry-After": "1"})
INTERNAL = Kind(500, "internal-error", "Internal error")
UNAVAILABLE = Kind(503, "service-unavailable", "Service unavailable", {"Retry-After": "1"})

UNKNOWN_OUTCOME_DETAIL = (
    "The request failed and may or may not have been applied. "
    "Read the resource before retrying, or retry with the same Idempotency-Key."
)
THROTTLED_DETAIL = "Too many requests. Wait, then retry."

# The status and the message of each domain error. FieldsError adds the fields.
BY_ERROR: dict[type[errors.AiIntegrationsError], tuple[Kind, str]] = {
    errors.InvalidRequestError: (INVALID_REQUEST, "The request is malformed."),
    errors.RuleViolationError: (UNPROCESSABLE, "The request breaks a rule."),
    errors.AccessKeyNotFoundError: (NOT_FOUND, "The account has no such access key."),
    errors.AccessForbiddenError: (ACCESS_FORBIDDEN, "Your role and memberships do not permit this operation."),
    errors.NotFoundError: (NOT_FOUND, "There is no such resource."),
    errors.VersionConflictError: (
        PRECONDITION_FAILED,
        "The integration has changed since you read it. Read it again, then retry with its new ETag.",
    ),
    errors.KeyUnavailableError: (
        CONFLICT,
        "The integration's API key is unavailable: it was deleted, the tags of its secret do not allow this account or "
        "this host, or the secret does not contain a valid API key.",
    ),
    errors.KeyTestFailedError: (
        UNAVAILABLE,
        "The key could not be verified, and nothing was changed. Retry the request.",
    ),
    errors.NoKeyToRotateError: (
        CONFLICT,
        "The integration has no API key of its own to rotate. Set api_key with PATCH first.",
    ),
    errors.NoPreviousKeyError: (
        CONFLICT,
        "There is no previous key to roll back to: no key was rotated, or the grace period has ended.",
    ),
    errors.RoleRefusedError: (
        CONFLICT,
        "AWS rejected sts:AssumeRole for the integration's role. Check the role's ARN and its trust policy; "
        "the sub-resource /role returns the trust policy that it needs.",
    ),
    errors.RoleTakenError: (
        CONFLICT,
        "Another account of this service has registered this IAM role. Use a role of your own.",
    ),
    errors.TokenRefusedError: (
        CONFLICT,
        "The integration's identity token was not exchanged for an access token. Test the connection for the reason; "
        "the sub-resource /federation returns what the provider must trust.",
    ),
    errors.TokenNotIssuedError: (
        FAILED_DEPENDENCY,
        "The access token could not be obtained: AWS or the provider did not respond. Retry the request.",
    ),
    errors.ExchangeFailedError: (UNAVAILABLE, "The access token could not be obtained. Retry the request."),
    errors.FederationOffError: (
        CONFLICT,
        "Workload identity federation is off in this service. Ask its operator to turn it on, or set an API key.",
    ),
    errors.FederationTakenError: (
        CONFLICT,
        "Another account of this service has registered this identity. Use an identity of your own.",
    ),
    errors.NoGrantError: (ACCESS_FORBIDDEN, "You have no grant to resolve integrations."),
    errors.AuditLogOffError: (
        ACCESS_FORBIDDEN,
        "The audit log of this service is off. Ask its operator to turn it on.",
    ),
    errors.SenderNotFoundError: (NOT_FOUND, "The account has no such source or stacks. List its senders."),
    errors.UnregisteredSenderError: (
        ACCESS_FORBIDDEN,
        "This sender is not registered for the account. Ask an operator to register the source of the event, or the "
        "stack, with its AWS account.",
    ),
    errors.ConsumerChangedError: (
        PRECONDITION_FAILED,
        "The consumer has changed since you read it. Read it again, then retry with its new ETag.",
    ),
    errors.ConsumerExistsError: (
        CONFLICT,
        "The account already has a consumer for this principal. Change it with PATCH.",
    ),
    errors.NameTakenError: (
        CONFLICT,
        "Another integration of the account has this name. Names are unique, ignoring case.",
    ),
    errors.IdempotencyKeyReusedError: (
        UNPROCESSABLE,
        "This Idempotency-Key was already used with a different request body or API key, or the API key that it stored "
        "was deleted. Use a new Idempotency-Key.",
    ),
    UnsupportedMediaTypeError: (UNSUPPORTED_MEDIA_TYPE, "Send the body as application/json."),
    errors.ContentionError: (
        UNAVAILABLE,
        "The write conflicted with concurrent writes and was not applied. Retry the request.",
    ),
}


def document(kind: Kind, detail: str, instance: str, field_errors: Iterable[FieldError] = ()) -> dict[str, Any]:
    """Build a problem document. `instance` is the id of the request."""
    listed = [{"pointer": each.pointer, "detail": each.detail} for each in field_errors]
    return {
        "type": TYPE_PREFIX + kind.fragment,
        "title": kind.title,
        "status": kind.status,
        "detail": _with_first_error(detail, listed),
        "instance": instance,
    } | ({"errors": listed} if listed else {})


def document_for(error: errors.AiIntegrationsError, instance: str) -> dict[str, Any]:
    """Build the problem document of a domain error."""
    kind, detail = BY_ERROR[type(error)]
    return document(kind, detail, instance, getattr(error, "errors", ()))


def _with_first_error(detail: str, listed: list[dict[str, str]]) -> str:
    """Append the first field error to the detail, because the official clients show no other member."""
    if not listed:
        return detail
    return f"{detail} {': '.join(filter(None, listed[0].values()))}"
