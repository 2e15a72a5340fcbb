"""The routes of the API: each parses, makes one call, and shows what came of it."""

from http import HTTPStatus

from aws_lambda_powertools.event_handler import APIGatewayRestResolver, Response
from aws_lambda_powertools.event_handler.router import APIGatewayRouter

from ai_integrations.http import failures, ids
from ai_integrations.http.caller import from_context
from ai_integrations.http.idempotency import idempotency_key
from ai_integrations.http.parsing import parse_body
from ai_integrations.http.schemas import AiIntegration, CreateBody
from ai_integrations.http.spelling import answer_spelling
from ai_integrations.observability import logger
from ai_integrations.service import Integrations

COLLECTION = "/v2/ai-integrations"


def build_app(integrations: Integrations) -> APIGatewayRestResolver:
    """Return the resolver of all routes."""
    app = APIGatewayRestResolver()
    failures.handle(app)
    app.include_router(_routes(integrations))
    return app


def _routes(integrations: Integrations) -> APIGatewayRouter:
    router = APIGatewayRouter()  # type: ignore[no-untyped-call]

    @router.post(COLLECTION)
    def create() -> Response[str]:
        event = router.current_event
        body = parse_body(event, CreateBody)
        key = idempotency_key(event.headers.get("idempotency-key"), body)
        caller = from_context(event.request_context.authorizer)
        integration = integrations.create(caller, body.settings(), body.api_key, key)
        logger.info("integration created", integration_id=integration.id)
        return Response(
            status_code=HTTPStatus.CREATED.value,
            content_type="application/json",
            headers={
                "Location": f"{event.request_context.path}/{ids.public(integration.id)}",
                "ETag": f'"{integration.id}.{integration.version}"',
            },
            body=AiIntegration.of(integration, answer_spelling(body.words(), event.headers)).model_dump_json(
                exclude_none=True
            ),
        )

    return router
