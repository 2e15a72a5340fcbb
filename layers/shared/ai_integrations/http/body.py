"""Parsing of HTTP request bodies: media type, encoding, validation."""

from typing import TypeVar

from aws_lambda_powertools.utilities.data_classes import APIGatewayProxyEvent
from pydantic import BaseModel

from ai_integrations.contracts.parsing import UnsupportedMediaTypeError, parse_text
from ai_integrations.domain.errors import FieldError, InvalidRequestError

ModelT = TypeVar("ModelT", bound=BaseModel)


def parse_body(event: APIGatewayProxyEvent, model: type[ModelT]) -> ModelT:
    """Validate the body of a request.

    Raises UnsupportedMediaTypeError, InvalidRequestError or RuleViolationError.
    """
    media_type = (event.headers.get("content-type") or "").partition(";")[0].strip().lower()
    if media_type != "application/json":
        raise UnsupportedMediaTypeError
    return parse_text(_text(event), model)


def _text(event: APIGatewayProxyEvent) -> str:
    try:
        text = event.decoded_body or ""
        text.encode()  # rejects lone surrogates, which an event can contain as JSON escapes
    except ValueError:
        raise InvalidRequestError(FieldError("", "The body must be UTF-8.")) from None
    return text
