"""The routes with which consumers resolve integrations. API Gateway verifies who signed the request (AWS_IAM)."""

from collections.abc import Callable, Mapping
from typing import NamedTuple

from aws_lambda_powertools.event_handler import APIGatewayRestResolver, Response

from ai_integrations.contracts import ids
from ai_integrations.contracts.credential_bodies import CredentialRequest, NamedCredentialRequest
from ai_integrations.domain.errors import FieldError, NoGrantError
from ai_integrations.domain.principals import Principal, principal_of_caller
from ai_integrations.http.body import parse_body
from ai_integrations.http.resolver import register_error_handlers
from ai_integrations.http.responses import json_response

OF_INTEGRATION = "/v2/ai-integrations/<integration_id>/credentials"
BY_NAME = "/v2/credentials"


class ConsumerRequest(NamedTuple):
    """A consumer, and the integration that it asks for by id or name."""

    principal: Principal
    integration: str
    account: str | None
    key_version: str | None


ResolveForConsumer = Callable[[ConsumerRequest], Mapping[str, object]]


def build_credentials_app(resolve: ResolveForConsumer) -> APIGatewayRestResolver:
    """Build the app of the `credentials` function. `resolve` returns the response, which contains credentials."""
    app = APIGatewayRestResolver()
    register_error_handlers(app)
    CredentialRoutes(app, resolve)
    return app


class CredentialRoutes:
    """The routes. Each parses the request, calls one use case and renders the result."""

    def __init__(self, app: APIGatewayRestResolver, resolve: ResolveForConsumer) -> None:
        self._app = app
        self._resolve = resolve
        app.post(OF_INTEGRATION)(self.resolve_by_id)
        app.post(BY_NAME)(self.resolve_by_name)

    def resolve_by_id(self, integration_id: str) -> Response[str]:
        """Resolve an integration by its id. The body is optional."""
        event = self._app.current_event
        body = parse_body(event, CredentialRequest) if event.body else CredentialRequest()
        return self._respond(ids.encode(ids.decode(integration_id)), body)

    def resolve_by_name(self) -> Response[str]:
        """Resolve an integration by its name or id."""
        body = parse_body(self._app.current_event, NamedCredentialRequest)
        return self._respond(body.integration, body)

    def _respond(self, integration: str, body: CredentialRequest) -> Response[str]:
        request = ConsumerRequest(self._principal(), integration, body.account, body.key_version)
        return json_response(self._resolve(request))

    def _principal(self) -> Principal:
        """Determine who signed the request, which API Gateway has verified."""
        arn = self._app.current_event.request_context.identity.user_arn or ""
        principal = principal_of_caller(arn)
        if principal is None:
            raise NoGrantError(FieldError("", "Only IAM roles and users can have a grant. Sign the request as one."))
        return principal
