"""The route of the last connection test's result."""

from collections.abc import Callable
from typing import TYPE_CHECKING

from aws_lambda_powertools.event_handler import APIGatewayRestResolver, Response

from ai_integrations.contracts import ids
from ai_integrations.contracts.caller import caller_from_context
from ai_integrations.http.responses import json_response
from ai_integrations.use_cases.integrations import Integrations

if TYPE_CHECKING:
    from ai_integrations.domain.connection_health import Health
    from ai_integrations.domain.model import Integration
    from ai_integrations.use_cases.ports import HealthReader

ROUTE = "/v2/ai-integrations/<integration_id>/health"


class HealthRoutes:
    """The route. The reader and the views are imported on first use: each cold start would pay for them."""

    def __init__(
        self, app: APIGatewayRestResolver, integrations: Integrations, healths: "Callable[[], HealthReader]"
    ) -> None:
        self._app = app
        self._integrations = integrations
        self._healths = healths
        app.get(ROUTE)(self.get)

    def get(self, integration_id: str) -> Response[str]:
        """Return the result of the last test."""
        from ai_integrations.http import health_views  # noqa: PLC0415

        caller = caller_from_context(self._app.current_event.request_context.authorizer)
        integration = self._integrations.get(caller, ids.decode(integration_id))
        health = self._healths().last(caller.account, integration.id)
        if health is None:
            return json_response(health_views.UNTESTED)
        headers = health_views.fingerprint_header(caller, health) if _tested_current_key(health, integration) else {}
        return json_response(health_views.health_view(health, integration.version), headers=headers)


def _tested_current_key(health: "Health", integration: "Integration") -> bool:
    """Check whether the tested key is the integration's current one.

    The current version of an external secret is unknown without reading it, so the integration must be unchanged.
    """
    secret = integration.secret
    if secret is not None and secret.is_owned:
        return secret.version == health.key_version
    return secret is not None and integration.version == health.integration_version
