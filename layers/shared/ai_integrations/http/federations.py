"""The route of an integration's federation: its settings, and the identity token that the provider must trust."""

from aws_lambda_powertools.event_handler import APIGatewayRestResolver, Response

from ai_integrations.contracts import ids
from ai_integrations.contracts.caller import caller_from_context
from ai_integrations.http.responses import json_response
from ai_integrations.use_cases.federation_trust import FederationTrusts

ROUTE = "/v2/ai-integrations/<integration_id>/federation"


class FederationRoutes:
    """The route of an integration's federation."""

    def __init__(self, app: APIGatewayRestResolver, federation_trusts: FederationTrusts) -> None:
        self._app = app
        self._federation_trusts = federation_trusts
        app.get(ROUTE)(self.get)

    def get(self, integration_id: str) -> Response[str]:
        """Return the federation of an integration, and what its provider must trust."""
        from ai_integrations.http.trust_views import federation_view  # noqa: PLC0415 - see there

        caller = caller_from_context(self._app.current_event.request_context.authorizer)
        return json_response(federation_view(self._federation_trusts.get(caller, ids.decode(integration_id))))
