"""The routes of the API, behind API Gateway."""

from ai_integrations import cold_start

# isort: split
from typing import Any

from aws_lambda_powertools.utilities.typing import LambdaContext

from ai_integrations.bootstrap.docs import docs_page
from ai_integrations.bootstrap.integrations import use_cases
from ai_integrations.http.app import build_app
from ai_integrations.observability import logger

_parts = use_cases()
app = build_app(
    _parts.integrations,
    _parts.integration_list,
    _parts.space_directory,
    _parts.healths,
    docs_page=docs_page(),
)

cold_start.end()


@logger.inject_lambda_context(clear_state=True)
def lambda_handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    """Answer one request of API Gateway (REST API, Lambda proxy integration)."""
    return app.resolve(event, context)
