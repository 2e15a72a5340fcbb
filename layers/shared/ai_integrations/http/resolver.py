"""What all requests of the HTTP API, their responses and their errors have in common."""

from collections.abc import Collection
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from aws_lambda_powertools.event_handler import APIGatewayRestResolver, Response
from aws_lambda_powertools.event_handler.exceptions import NotFoundError
from botocore import exceptions as aws

from ai_integrations.contracts import problems
from ai_integrations.domain.errors import AiIntegrationsError
from ai_integrations.http import docs, problem_responses
from ai_integrations.observability import describe, log_texts, logger

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.typing import LambdaContext

# API Gateway's own responses have the same (template.yaml, ResponseHeaders).
RESPONSE_HEADERS = {"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff"}
_THROTTLED = frozenset(
    {
        "LimitExceededException",
        "ProvisionedThroughputExceededException",
        "RequestLimitExceeded",
        "ThrottledException",
        "Throttling",
        "ThrottlingException",
        "TooManyRequestsException",
    }
)


def resolve(app: APIGatewayRestResolver, event: dict[str, Any], context: "LambdaContext") -> dict[str, Any]:
    """Handle one event of API Gateway: log who sends it, also if it is rejected or fails, and add RESPONSE_HEADERS."""
    request = event["requestContext"]
    log_texts(request.get("authorizer"), account="account", user="user", role="role")
    log_texts(request, request_id="requestId")
    log_texts(event, method="httpMethod", route="resource")
    response = app.resolve(event, context)
    response["multiValueHeaders"].update({name: [value] for name, value in RESPONSE_HEADERS.items()})
    logger.append_keys(status=response["statusCode"])
    return response


def register_error_handlers(app: APIGatewayRestResolver, disabled: Collection[str] = ()) -> None:
    """Respond to every error with a problem document. The paths in `disabled` are unknown."""

    def request_id() -> str:
        return app.current_event.request_context.request_id or ""

    def domain_error(error: AiIntegrationsError) -> Response[str]:
        response = problem_responses.for_error(error, request_id())
        logger.info("request rejected", error=type(error).__name__, status=response.status_code)
        return response

    def unknown_route(_error: NotFoundError) -> Response[str]:
        event = app.current_event
        methods = () if event.resource in disabled else docs.methods(event.resource)
        if not methods or event.http_method in methods:
            detail = "The API has no such path. The document at /v2/openapi.json lists all paths."
            return problem_responses.response(problems.NOT_FOUND, detail, request_id())
        allow = {"Allow": ", ".join(methods)}
        detail = "The path does not have this method. The Allow header lists its methods."
        return problem_responses.response(problems.METHOD_NOT_ALLOWED, detail, request_id(), headers=allow)

    def unexpected_error(error: Exception) -> Response[str]:
        logger.error("request failed", **describe(error))
        kind, detail = _problem_for(error)
        return problem_responses.response(kind, detail, request_id())

    app.exception_handler(AiIntegrationsError)(domain_error)
    app.exception_handler(NotFoundError)(unknown_route)
    app.exception_handler(Exception)(unexpected_error)


def _problem_for(error: Exception) -> tuple[problems.Kind, str]:
    if isinstance(error, aws.ClientError):
        if error.response.get("Error", {}).get("Code") in _THROTTLED:
            return problems.RATE_LIMITED, problems.THROTTLED_DETAIL
        if error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0) >= HTTPStatus.INTERNAL_SERVER_ERROR:
            return problems.UNAVAILABLE, problems.UNKNOWN_OUTCOME_DETAIL
    if isinstance(error, aws.HTTPClientError | aws.ConnectionError):
        return problems.UNAVAILABLE, problems.UNKNOWN_OUTCOME_DETAIL
    return problems.INTERNAL, problems.UNKNOWN_OUTCOME_DETAIL
