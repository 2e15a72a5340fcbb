"""The route of an integration's IAM role: the trust policy that the role needs."""

from aws_lambda_powertools.event_handler import APIGatewayRestResolver, Response

from ai_integrations.contracts import ids
from ai_integrations.contracts.caller import caller_from_context
from ai_integrations.http.responses import json_response
from ai_integrations.use_cases.role_trust import RoleTrusts

ROUTE = "/v2/ai-integrations/<integration_id>/role"


class RoleRoutes:
    """The route of an integration's role."""

    def __init__(self, app: APIGatewayRestResolver, role_trusts: RoleTrusts) -> None:
        self._app = app
        self._role_trusts = role_trusts
        app.get(ROUTE)(self.get)

    def get(self, integration_id: str) -> Response[str]:
        """Return the trust policy that the role of an integration needs."""
        from ai_integrations.http.trust_views import role_view  # noqa: PLC0415 - see there

        caller = caller_from_context(self._app.current_event.request_context.authorizer)
        return json_response(role_view(self._role_trusts.get(caller, ids.decode(integration_id))))
