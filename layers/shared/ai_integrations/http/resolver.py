"""The request resolver of the HTTP API: what all its requests and responses have in common."""

from typing import TYPE_CHECKING, Any

from aws_lambda_powertools.event_handler import APIGatewayRestResolver

from ai_integrations.observability import log_texts, logger

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.typing import LambdaContext

# API Gateway's own responses have the same (template.yaml, ResponseHeaders).
RESPONSE_HEADERS = {"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff"}


class ApiResolver(APIGatewayRestResolver):
    """Logs who sends a request, also if it is rejected or fails, and adds RESPONSE_HEADERS to every response."""

    def resolve(self, event: Any, context: "LambdaContext") -> dict[str, Any]:  # noqa: ANN401 - as the base class
        """Handle one event of API Gateway."""
        request = event["requestContext"]
        log_texts(request.get("authorizer"), account="account", user="user", role="role")
        log_texts(request, request_id="requestId")
        log_texts(event, method="httpMethod", route="resource")
        response = super().resolve(event, context)
        response["multiValueHeaders"].update({name: [value] for name, value in RESPONSE_HEADERS.items()})
        logger.append_keys(status=response["statusCode"])
        return response
