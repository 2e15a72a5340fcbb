"""The routes of connection tests, served by the function that may read keys."""

from aws_lambda_powertools.event_handler import APIGatewayRestResolver, Response

from ai_integrations.contracts import ids
from ai_integrations.contracts.fields import ModelName
from ai_integrations.contracts.integration_bodies import CreateBody
from ai_integrations.contracts.wire_model import InputModel
from ai_integrations.domain.connection_health import Health
from ai_integrations.domain.model import Caller
from ai_integrations.http import error_handlers
from ai_integrations.http.body import parse_body
from ai_integrations.http.caller import caller_from_context
from ai_integrations.http.health import fingerprint_header, health_view
from ai_integrations.http.responses import json_response
from ai_integrations.observability import logger
from ai_integrations.use_cases.ports import ConnectionTestRunner

NEW = "/v2/ai-integrations/test"
SAVED = "/v2/ai-integrations/<integration_id>/test"


class ModelChoice(InputModel):
    """Which model to ask; without one, the first of the integration's."""

    model: ModelName | None = None


def build_connection_test_app(tests: ConnectionTestRunner) -> APIGatewayRestResolver:
    """Return the resolver."""
    app = APIGatewayRestResolver()
    error_handlers.register(app)
    ConnectionTestRoutes(app, tests)
    return app


class ConnectionTestRoutes:
    """The routes, each of which parses, makes one call, and shows what came of it."""

    def __init__(self, app: APIGatewayRestResolver, tests: ConnectionTestRunner) -> None:
        self._app = app
        self._tests = tests
        app.post(NEW)(self.test_settings)
        app.post(SAVED)(self.test_saved)

    def test_settings(self) -> Response[str]:
        """Test what may become an integration."""
        event = self._app.current_event
        caller = caller_from_context(event.request_context.authorizer)
        body = parse_body(event, CreateBody)
        return _answer(caller, self._tests.test_settings(caller, body.settings(), body.key_change()))

    def test_saved(self, integration_id: str) -> Response[str]:
        """Test an integration, and record its health."""
        event = self._app.current_event
        caller = caller_from_context(event.request_context.authorizer)
        ulid = ids.decode(integration_id)
        model = parse_body(event, ModelChoice).model if event.body else None
        health = self._tests.test_saved(caller, ulid, model)
        return _answer(caller, health, health.integration_version)


def _answer(caller: Caller, health: Health, version: int | None = None) -> Response[str]:
    logger.info("connection tested", integration_id=health.id, status=health.status, saved=version is not None)
    return json_response(health_view(health, version), headers=fingerprint_header(caller, health))
