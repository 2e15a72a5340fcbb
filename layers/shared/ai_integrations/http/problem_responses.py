"""HTTP responses that carry a problem document (RFC 9457)."""

import json
from collections.abc import Iterable, Mapping

from aws_lambda_powertools.event_handler import Response

from ai_integrations.contracts import problems
from ai_integrations.domain import errors
from ai_integrations.domain.errors import FieldError


def response(
    kind: problems.Kind,
    detail: str,
    instance: str,
    field_errors: Iterable[FieldError] = (),
    headers: Mapping[str, str] | None = None,
) -> Response[str]:
    """Build a response with a problem document. `instance` is the request id; `detail` must not repeat input."""
    return Response(
        status_code=kind.status,
        content_type=problems.CONTENT_TYPE,
        headers={**kind.headers, **(headers or {})},
        body=json.dumps(problems.document(kind, detail, instance, field_errors)),
    )


def for_error(error: errors.AiIntegrationsError, instance: str) -> Response[str]:
    """Build the response for a domain error."""
    kind, detail = problems.BY_ERROR[type(error)]
    return response(kind, detail, instance, getattr(error, "errors", ()))
