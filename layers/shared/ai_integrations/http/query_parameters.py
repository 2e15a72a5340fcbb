"""Validation of query parameters. InvalidRequestError names the invalid parameter, but not its value."""

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING

from ai_integrations.contracts.fields import MAX_ID_BYTES
from ai_integrations.domain.errors import FieldError, InvalidRequestError

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.data_classes import APIGatewayProxyEvent

MAX_LIMIT = 100
DEFAULT_LIMIT = 50
MAX_NAME_LENGTH = 255
MAX_ID_LENGTH = 256

_NUMBER = r"[1-9][0-9]{0,2}"
_DAYS = r"0|[1-9][0-9]{0,3}"


def limit(query: Mapping[str, str]) -> int:
    """Read the maximum size of a page."""
    text = query.get("limit", str(DEFAULT_LIMIT))
    if not re.fullmatch(_NUMBER, text) or int(text) > MAX_LIMIT:
        raise InvalidRequestError(FieldError("", f"The parameter limit must be a number from 1 to {MAX_LIMIT}."))
    return int(text)


def days(query: Mapping[str, str], name: str, maximum: int) -> int | None:
    """Read a number of days; None if it is absent."""
    text = query.get(name)
    if text is not None and not (re.fullmatch(_DAYS, text) and int(text) <= maximum):
        raise InvalidRequestError(FieldError("", f"The parameter {name} must be a number from 0 to {maximum}."))
    return None if text is None else int(text)


def text(query: Mapping[str, str], name: str, max_length: int) -> str | None:
    """Read a text; None if it is absent."""
    value = query.get(name)
    if value is not None and not 1 <= len(value) <= max_length:
        raise InvalidRequestError(FieldError("", f"The parameter {name} must have 1 to {max_length} characters."))
    return value


def is_opaque_id(value: str) -> bool:
    """Check whether a text can be the id of a space or an organization."""
    return 1 <= len(value) <= MAX_ID_LENGTH and len(value.encode()) <= MAX_ID_BYTES


def opaque_id(query: Mapping[str, str], name: str) -> str | None:
    """Read an opaque id; None if it is absent."""
    value = text(query, name, MAX_ID_LENGTH)
    if value is not None and not is_opaque_id(value):
        raise InvalidRequestError(FieldError("", f"The parameter {name} must have at most {MAX_ID_BYTES} bytes."))
    return value


def is_dry_run(event: "APIGatewayProxyEvent") -> bool:
    """Check whether a request asks for a dry run. A value that is not clear must not execute the operation."""
    values = event.resolved_query_string_parameters.get("dry_run", ["false"])
    if values not in (["true"], ["false"]):
        raise InvalidRequestError(FieldError("", "The parameter dry_run must be true or false, once."))
    return values == ["true"]


def refuse_dry_run(event: "APIGatewayProxyEvent") -> None:
    """Reject a dry run of an operation that has none, rather than execute the operation."""
    if is_dry_run(event):
        raise InvalidRequestError(FieldError("", "This operation has no dry run. Nothing was changed."))
