"""Validation of JSON input. The errors never repeat the input, which may contain an API key."""

import re
from typing import TypeVar

from aws_lambda_powertools.utilities.parser import ValidationError, parse
from pydantic import BaseModel
from pydantic_core import ErrorDetails

from ai_integrations.domain.errors import AiIntegrationsError, FieldError, InvalidRequestError, RuleViolationError

ModelT = TypeVar("ModelT", bound=BaseModel)

# The pydantic error types of malformed input (400). All others are broken rules (422).
_MALFORMED = frozenset(
    {
        "enum",
        "extra_forbidden",
        "json_invalid",
        "literal_error",
        "missing",
        "string_unicode",
        "union_tag_invalid",
        "union_tag_not_found",
    }
)
# Replaces the only pydantic message that repeats the input. All tagged unions here are tagged by `action`.
_UNKNOWN_TAG = "The field action has an unknown value."
# Caps the error list, so that a body with thousands of errors cannot produce an oversized response.
_MAX_ERRORS = 20
# The names of unknown fields that an error may repeat: a key pasted as a field name contains digits.
_PLAIN_NAME = r"[A-Za-z_-]{1,40}"


class UnsupportedMediaTypeError(AiIntegrationsError):
    """The Content-Type of the body is not application/json (415)."""


def parse_text(text: str, model: type[ModelT]) -> ModelT:
    """Validate a JSON text.

    Raises InvalidRequestError or RuleViolationError.
    """
    try:
        return parse(event=text, model=model)  # type: ignore[call-overload,no-any-return]  # typed for dicts only
    except ValidationError as error:
        # The error contains the input, API key included: only these parts may leave this function.
        details = error.errors(include_url=False, include_context=False, include_input=False)
    # In a tagged union, a location starts with the tag, which is not a field.
    raise _error_of(details, skipped=int(model.__pydantic_root_model__))


def _error_of(details: list[ErrorDetails], skipped: int) -> AiIntegrationsError:
    malformed = any(_is_malformed(each["type"]) for each in details)
    error = InvalidRequestError if malformed else RuleViolationError
    return error(*(FieldError(_pointer(each["loc"][skipped:]), _detail(each)) for each in details[:_MAX_ERRORS]))


def _is_malformed(error_type: str) -> bool:
    return error_type in _MALFORMED or error_type.endswith("_type")


def _detail(error: ErrorDetails) -> str:
    return _UNKNOWN_TAG if error["type"] == "union_tag_invalid" else error["msg"]


def _pointer(location: tuple[int | str, ...]) -> str:
    pointer = ""
    for part in location:
        if isinstance(part, str) and not re.fullmatch(_PLAIN_NAME, part):
            break
        pointer += f"/{part}"
    return pointer
