"""The routes with which consumers resolve integrations. API Gateway verifies who signed the request (AWS_IAM)."""

from typing import TYPE_CHECKING

from aws_lambda_powertools.event_handler import APIGatewayRestResolver, Response

from ai_integrations.contracts import ids
from ai_integrations.contracts.credential_bodies import CredentialRequest, NamedCredentialRequest
from ai_integrations.domain.errors import FieldError, NoGrantError
from ai_integrations.domain.principals import Principal, principal_of_caller
from ai_integrations.http.body import parse_body
from ai_integrations.http.resolver import register_error_handlers
from ai_integrations.http.responses import json_response
from ai_integrations.http.rest_resolver import RestResolver
from ai_integrations.observability import logger

if TYPE_CHECKING:
    from ai_integrations.use_cases.ports import ConsumerResolver

OF_INTEGRATION = "/v2/ai-integrations/<integration_id>/credentials"
BY_NAME = "/v2/credentials"


def build_credentials_app(resolver: "ConsumerResolver") -> APIGatewayRestResolver:
    """Build the app of the `credentials` function."""
    app = RestResolver()
    register_error_handlers(app)
    CredentialRoutes(app, resolver)
    return app


class CredentialRoutes:
    """The routes. Each parses the request, calls one use case and renders the result."""

    def __init__(self, app: APIGatewayRestResolver, resolver: "ConsumerResolver") -> None:
        self._app = app
        self._resolver = resolver
        app.post(OF_INTEGRATION)(self.resolve_by_id)
        app.post(BY_NAME)(self.resolve_by_name)

    def resolve_by_id(self, integration_id: str) -> Response[str]:
        """Resolve an integration by its id. The body is optional."""
        event, principal = self._app.current_event, self._principal()
        ids.decode(integration_id)  # raises InvalidRequestError: a name is not part of a path
        body = parse_body(event, CredentialRequest) if event.body else CredentialRequest()
        return self._resolve(principal, integration_id, body)

    def resolve_by_name(self) -> Response[str]:
        """Resolve an integration by its name or id."""
        principal = self._principal()
        body = parse_body(self._app.current_event, NamedCredentialRequest)
        return self._resolve(principal, body.integration, body)

    def _resolve(self, principal: Principal, integration: str, body: CredentialRequest) -> Response[str]:
        resolution = self._resolver.for_consumer(
            principal, integration, account=body.account, key_version=body.key_version
        )
        return json_response(resolution)

    def _principal(self) -> Principal:
        """Determine who signed the request, from what API Gateway has verified."""
        identity = self._app.current_event.request_context.get("identity") or {}
        principal = principal_of_caller(identity.get("userArn") or "")
        if principal is None:
            raise NoGrantError(FieldError("", "Only IAM roles and users can have a grant. Sign the request as one."))
        logger.append_keys(principal=principal.arn)
        return principal
