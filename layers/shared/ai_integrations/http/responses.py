"""Answers that carry a JSON body."""

from collections.abc import Mapping
from http import HTTPStatus

from aws_lambda_powertools.event_handler import Response
from pydantic_core import to_json

from ai_integrations.http.views import given


def shown(
    body: Mapping[str, object], status: HTTPStatus = HTTPStatus.OK, headers: Mapping[str, str] | None = None
) -> Response[str]:
    """Answer with a body; what is unset in it is left out."""
    return Response(
        status_code=status.value,
        content_type="application/json",
        headers=dict(headers or {}),
        body=to_json(given(body)).decode(),
    )
