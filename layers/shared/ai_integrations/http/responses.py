"""Answers that carry a JSON body."""

from collections.abc import Mapping
from http import HTTPStatus

from aws_lambda_powertools.event_handler import Response
from pydantic import BaseModel


def shown(
    body: BaseModel, status: HTTPStatus = HTTPStatus.OK, headers: Mapping[str, str] | None = None
) -> Response[str]:
    """Answer with a body; what is unset in it is left out."""
    return Response(
        status_code=status.value,
        content_type="application/json",
        headers=dict(headers or {}),
        body=body.model_dump_json(exclude_none=True),
    )
