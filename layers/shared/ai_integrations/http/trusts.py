"""The routes that show admins what others must trust: the IAM role of an integration, or its provider."""

from collections.abc import Callable
from typing import TYPE_CHECKING

from aws_lambda_powertools.event_handler import APIGatewayRestResolver, Response

from ai_integrations.contracts import ids
from ai_integrations.contracts.caller import caller_from_context
from ai_integrations.http.responses import json_response

if TYPE_CHECKING:
    from ai_integrations.use_cases.federation_trust import FederationTrusts
    from ai_integrations.use_cases.role_trust import RoleTrusts

ONE = "/v2/ai-integrations/<integration_id>"


class TrustRoutes:
    """The routes. Their use cases and views are imported on first use: each cold start would pay for them."""

    def __init__(
        self,
        app: APIGatewayRestResolver,
        role_trusts: "Callable[[], RoleTrusts]",
        federation_trusts: "Callable[[], FederationTrusts]",
    ) -> None:
        self._app = app
        self._role_trusts = role_trusts
        self._federation_trusts = federation_trusts
        app.get(f"{ONE}/role")(self.get_role)
        app.get(f"{ONE}/federation")(self.get_federation)

    def get_role(self, integration_id: str) -> Response[str]:
        """Return the trust policy that the role of an integration needs."""
        from ai_integrations.http.trust_views import role_view  # noqa: PLC0415

        caller = caller_from_context(self._app.current_event.request_context.authorizer)
        return json_response(role_view(self._role_trusts().get(caller, ids.decode(integration_id))))

    def get_federation(self, integration_id: str) -> Response[str]:
        """Return the federation of an integration, and what its provider must trust."""
        from ai_integrations.http.trust_views import federation_view  # noqa: PLC0415

        caller = caller_from_context(self._app.current_event.request_context.authorizer)
        return json_response(federation_view(self._federation_trusts().get(caller, ids.decode(integration_id))))
