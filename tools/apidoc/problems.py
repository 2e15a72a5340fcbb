"""The schema of problem documents (RFC 9457), and one response per row of contract.md, "Status codes"."""

from typing import Any

from ai_integrations.contracts import problems
from ai_integrations.contracts.integration_bodies import CreateBody
from ai_integrations.contracts.parsing import UnsupportedMediaTypeError, parse_text
from ai_integrations.contracts.problems import Kind
from ai_integrations.domain import errors
from tools.apidoc.examples import INVALID_BODY, REQUEST_ID
from tools.apidoc.operation import TOO_LARGE
from tools.apidoc.operations import OPERATIONS
from tools.apidoc.parameters import HEADERS

KINDS = {kind.status: kind for operation in OPERATIONS for kind in operation.errors}
# The error whose detail is the example of its status.
_EXAMPLE_ERRORS = (
    errors.AccessForbiddenError,
    errors.NotFoundError,
    errors.NameTakenError,
    errors.VersionConflictError,
    UnsupportedMediaTypeError,
    errors.RuleViolationError,
    errors.TokenNotIssuedError,
    errors.ContentionError,
)
# Statuses without a domain error. The texts are those of the gateway responses in template.yaml.
_GATEWAY_DETAILS = {
    problems.AUTHENTICATION_REQUIRED.status: "Send a valid access key in the header Authorization: Bearer KEY.",
    TOO_LARGE.status: "The request is too large. Send a smaller one.",
    problems.RATE_LIMITED.status: problems.THROTTLED_DETAIL,
    problems.INTERNAL.status: problems.UNKNOWN_OUTCOME_DETAIL,
}

SCHEMA: dict[str, Any] = {
    "type": "object",
    "description": "A problem document (RFC 9457). It never repeats values of the request.",
    "required": ["type", "title", "status", "detail", "instance"],
    "properties": {
        "type": {"type": "string", "format": "uri", "description": "Identifies the kind of problem."},
        "title": {"type": "string", "description": "A short, human-readable name of the kind of problem."},
        "status": {"type": "integer", "description": "The HTTP status code."},
        "detail": {"type": "string", "description": "What happened and what to do about it."},
        "instance": {"type": "string", "description": "The request id. Quote it when you ask an operator."},
        "errors": {
            "type": "array",
            "minItems": 1,
            "description": "The invalid fields.",
            "items": {
                "type": "object",
                "required": ["pointer", "detail"],
                "properties": {
                    "pointer": {
                        "type": "string",
                        "description": "A JSON pointer (RFC 6901) into the body. Empty for the request as a whole.",
                    },
                    "detail": {"type": "string", "description": "What is wrong with this field."},
                },
            },
        },
    },
}


def response_name(kind: Kind) -> str:
    """Name the response component of a kind, such as `ResourceNotFound`."""
    if kind == TOO_LARGE:
        return "RequestTooLarge"
    return kind.fragment.title().replace("-", "")


def response(kind: Kind) -> dict[str, Any]:
    """Build the response component of a kind."""
    exact = {
        "type": {"const": problems.TYPE_PREFIX + kind.fragment},
        "title": {"const": kind.title},
        "status": {"const": kind.status},
    }
    names = [*kind.headers, *(["WWW-Authenticate"] if kind == problems.AUTHENTICATION_REQUIRED else [])]
    headers = {name: HEADERS[name] for name in names}
    content = {
        "schema": {"allOf": [{"$ref": "#/components/schemas/Problem"}, {"properties": exact}]},
        "example": _example(kind),
    }
    return {
        "description": kind.title,
        **({"headers": headers} if headers else {}),
        "content": {problems.CONTENT_TYPE: content},
    }


def _example(kind: Kind) -> dict[str, Any]:
    if kind == problems.INVALID_REQUEST:
        return _example_of_invalid_body()
    domain_details = {each.status: detail for each, detail in map(problems.BY_ERROR.__getitem__, _EXAMPLE_ERRORS)}
    return problems.document(kind, (domain_details | _GATEWAY_DETAILS)[kind.status], REQUEST_ID)


def _example_of_invalid_body() -> dict[str, Any]:
    try:
        parse_text(INVALID_BODY, CreateBody)
    except errors.InvalidRequestError as error:
        return problems.document_for(error, REQUEST_ID)
    raise AssertionError("INVALID_BODY must be invalid")
