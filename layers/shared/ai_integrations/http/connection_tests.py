"""The routes of connection tests. `test_connection` serves them, because it may read keys."""

from typing import TYPE_CHECKING

from aws_lambda_powertools.event_handler import APIGatewayRestResolver, Response

from ai_integrations.contracts import ids
from ai_integrations.contracts.caller import caller_from_context
from ai_integrations.contracts.fields import TestedModelName
from ai_integrations.contracts.integration_bodies import CreateBody
from ai_integrations.contracts.wire_model import InputModel
from ai_integrations.domain.connection_health import Health
from ai_integrations.domain.model import Caller
from ai_integrations.http.body import parse_body
from ai_integrations.http.health_views import fingerprint_header, health_view
from ai_integrations.http.resolver import register_error_handlers
from ai_integrations.http.responses import json_response
from ai_integrations.http.rest_resolver import RestResolver
from ai_integrations.observability import logger

if TYPE_CHECKING:
    from ai_integrations.use_cases.ports import ConnectionTestRunner

NEW = "/v2/ai-integrations/test"
SAVED = "/v2/ai-integrations/<integration_id>/test"


class ModelChoice(InputModel):
    """The model to test. Default: the first of the integration's models."""

    model: TestedModelName | None = None


def build_connection_test_app(tests: "ConnectionTestRunner") -> APIGatewayRestResolver:
    """Build the app of the `test_connection` function."""
    app = RestResolver()
    register_error_handlers(app)
    ConnectionTestRoutes(app, tests)
    return app


class ConnectionTestRoutes:
    """The routes. Each parses the request, calls one use case and renders the result."""

    def __init__(self, app: APIGatewayRestResolver, tests: "ConnectionTestRunner") -> None:
        self._app = app
        self._tests = tests
        app.post(NEW)(self.test_settings)
        app.post(SAVED)(self.test_saved)

    def test_settings(self) -> Response[str]:
        """Test the settings of an integration that is not saved."""
        event = self._app.current_event
        caller = caller_from_context(event.request_context.authorizer)
        body = parse_body(event, CreateBody)
        health = self._tests.test_settings(caller, body.settings(), body.credential_change())
        return _health_response(caller, health)

    def test_saved(self, integration_id: str) -> Response[str]:
        """Test a saved integration and record its health."""
        event = self._app.current_event
        caller = caller_from_context(event.request_context.authorizer)
        ulid = ids.decode(integration_id)
        model = parse_body(event, ModelChoice).model if event.body else None
        health = self._tests.test_saved(caller, ulid, model)
        return _health_response(caller, health, health.integration_version)


def _health_response(caller: Caller, health: Health, version: int | None = None) -> Response[str]:
    logger.info("connection tested", integration_id=health.id, status=health.status, saved=version is not None)
    return json_response(health_view(health, version), headers=fingerprint_header(caller, health))
