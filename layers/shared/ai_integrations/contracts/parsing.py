"""From what a client sent to a body that has the agreed form, or to an error that repeats nothing of it."""

import re
from typing import TypeVar

from aws_lambda_powertools.utilities.parser import ValidationError, parse
from pydantic import BaseModel
from pydantic_core import ErrorDetails

from ai_integrations.domain.errors import AiIntegrationsError, FieldError, InvalidRequestError, RuleViolationError

ModelT = TypeVar("ModelT", bound=BaseModel)

# pydantic's types of error that are about a body's form (400); all others are about its rules (422).
_FORM_ERRORS = frozenset(
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
# The one message of pydantic that repeats its input, said in other words.
_UNKNOWN_TAG = "The field that tells the kinds of request apart has an unknown value."
# A list with a fault in each item must not make an answer that nobody takes.
_MOST_SHOWN = 20
# A field's name may be shown when it looks like one. A key that was pasted in its place has digits.
_PLAIN_NAME = r"[A-Za-z_-]{1,40}"


class UnsupportedMediaTypeError(AiIntegrationsError):
    """The body is not declared as application/json."""


def parse_text(text: str, model: type[ModelT]) -> ModelT:
    """Validate a JSON text; raises InvalidRequestError or RuleViolationError."""
    try:
        return parse(event=text, model=model)  # type: ignore[call-overload,no-any-return]  # declared for dicts alone
    except ValidationError as error:
        # The error holds the input, the API key included: nothing but these parts of it may go on.
        details = error.errors(include_url=False, include_context=False, include_input=False)
    # Below the root of a union a location begins with the tag, which is no field.
    raise _error_of(details, skipped=int(model.__pydantic_root_model__))


def _error_of(details: list[ErrorDetails], skipped: int) -> AiIntegrationsError:
    of_form = any(_is_about_form(each["type"]) for each in details)
    error = InvalidRequestError if of_form else RuleViolationError
    return error(*(FieldError(_pointer(each["loc"][skipped:]), _detail(each)) for each in details[:_MOST_SHOWN]))


def _is_about_form(error_type: str) -> bool:
    return error_type in _FORM_ERRORS or error_type.endswith("_type")


def _detail(error: ErrorDetails) -> str:
    return _UNKNOWN_TAG if error["type"] == "union_tag_invalid" else error["msg"]


def _pointer(location: tuple[int | str, ...]) -> str:
    pointer = ""
    for part in location:
        if isinstance(part, str) and not re.fullmatch(_PLAIN_NAME, part):
            break
        pointer += f"/{part}"
    return pointer
