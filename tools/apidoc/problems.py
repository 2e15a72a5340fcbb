"""The problem documents of RFC 9457: their schema, and one response for each kind of contract.md, "Status codes"."""

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
_UNKNOWN_OUTCOME = "The call failed. Its outcome is unknown: look before you repeat it."
# The errors that say in examples what their status is about.
_TYPICAL = (
    errors.AccessForbiddenError,
    errors.NotFoundError,
    errors.NameTakenError,
    errors.VersionConflictError,
    UnsupportedMediaTypeError,
    errors.RuleViolationError,
    errors.ContentionError,
)
# What no error of the domain says: these come from the gateway, or from a failure.
_DETAILS = {
    problems.AUTHENTICATION_REQUIRED.status: "Send a valid access key as Authorization: Bearer KEY.",
    TOO_LARGE.status: "The request is larger than the gateway takes.",
    problems.RATE_LIMITED.status: "Too many requests: wait and try again.",
    problems.INTERNAL.status: _UNKNOWN_OUTCOME,
}

SCHEMA: dict[str, Any] = {
    "type": "object",
    "description": "An RFC 9457 problem document. It repeats nothing of what was sent.",
    "required": ["type", "title", "status", "detail", "instance"],
    "properties": {
        "type": {"type": "string", "format": "uri", "description": "The kind of problem."},
        "title": {"type": "string", "description": "The kind of problem, for people."},
        "status": {"type": "integer", "description": "The status of the answer."},
        "detail": {"type": "string", "description": "What is wrong with this request."},
        "instance": {"type": "string", "description": "The id of the request, for questions about it."},
        "errors": {
            "type": "array",
            "minItems": 1,
            "description": "The fields at fault.",
            "items": {
                "type": "object",
                "required": ["pointer", "detail"],
                "properties": {
                    "pointer": {
                        "type": "string",
                        "description": "A JSON pointer (RFC 6901) into the body; empty for the request as a whole.",
                    },
                    "detail": {"type": "string", "description": "What is wrong with the field."},
                },
            },
        },
    },
}


def response_name(kind: Kind) -> str:
    """Return the name of a kind's response, such as ResourceNotFound."""
    if kind == TOO_LARGE:
        return "RequestTooLarge"
    return kind.fragment.title().replace("-", "")


def response(kind: Kind) -> dict[str, Any]:
    """Return the response of one kind."""
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
        return _of_the_invalid_body()
    of_errors = {each.status: detail for each, detail in map(problems.BY_ERROR.__getitem__, _TYPICAL)}
    return problems.document(kind, (of_errors | _DETAILS)[kind.status], REQUEST_ID)


def _of_the_invalid_body() -> dict[str, Any]:
    try:
        parse_text(INVALID_BODY, CreateBody)
    except errors.InvalidRequestError as error:
        return problems.document_for(error, REQUEST_ID)
    raise AssertionError("the invalid example must be refused")
