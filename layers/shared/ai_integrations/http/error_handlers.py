"""How whatever a route raises becomes an answer."""

from collections.abc import Collection
from http import HTTPStatus

from aws_lambda_powertools.event_handler import APIGatewayRestResolver, Response
from aws_lambda_powertools.event_handler.exceptions import NotFoundError
from botocore import exceptions as aws

from ai_integrations.contracts import problems
from ai_integrations.domain.errors import AiIntegrationsError
from ai_integrations.http import docs, problem_responses
from ai_integrations.observability import describe, logger

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


_UNKNOWN_OUTCOME = "The call failed. Its outcome is unknown: look before you repeat it."


def register(app: APIGatewayRestResolver, switched_off: Collection[str] = ()) -> None:
    """Make every error of the app's routes a problem document; paths that are switched off are unknown."""

    def request_id() -> str:
        return app.current_event.request_context.request_id or ""

    def refused(error: AiIntegrationsError) -> Response[str]:
        answer = problem_responses.for_error(error, request_id())
        logger.info("request refused", error=type(error).__name__, status=answer.status_code)
        return answer

    def no_such_route(_error: NotFoundError) -> Response[str]:
        event = app.current_event
        methods = () if event.resource in switched_off else docs.methods(event.resource)
        if not methods or event.http_method in methods:
            return problem_responses.response(problems.NOT_FOUND, "The API has no such path and method.", request_id())
        allow = {"Allow": ", ".join(methods)}
        detail = "The path has no such method. The header Allow says which it has."
        return problem_responses.response(problems.METHOD_NOT_ALLOWED, detail, request_id(), headers=allow)

    def failed(error: Exception) -> Response[str]:
        logger.error("request failed", **describe(error))
        kind, detail = _problem_for(error)
        return problem_responses.response(kind, detail, request_id())

    app.exception_handler(AiIntegrationsError)(refused)
    app.exception_handler(NotFoundError)(no_such_route)
    app.exception_handler(Exception)(failed)


def _problem_for(error: Exception) -> tuple[problems.Kind, str]:
    if isinstance(error, aws.ClientError):
        if error.response.get("Error", {}).get("Code") in _THROTTLED:
            return problems.RATE_LIMITED, "Too many requests: wait and try again."
        if error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0) >= HTTPStatus.INTERNAL_SERVER_ERROR:
            return problems.UNAVAILABLE, _UNKNOWN_OUTCOME
    if isinstance(error, aws.HTTPClientError | aws.ConnectionError):
        return problems.UNAVAILABLE, _UNKNOWN_OUTCOME
    return problems.INTERNAL, _UNKNOWN_OUTCOME
