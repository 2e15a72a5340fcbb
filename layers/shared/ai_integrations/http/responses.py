"""Successful responses with a JSON body."""

from collections.abc import Mapping
from http import HTTPStatus

from aws_lambda_powertools.event_handler import Response
from pydantic_core import to_json


def json_response(
    body: Mapping[str, object], status: HTTPStatus = HTTPStatus.OK, headers: Mapping[str, str] | None = None
) -> Response[str]:
    """Build a response with a view as its body."""
    return Response(
        status_code=status.value,
        content_type="application/json",
        headers=dict(headers or {}),
        body=to_json(body).decode(),
    )
