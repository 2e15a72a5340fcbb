"""The routes of the API, behind API Gateway."""

from ai_integrations import cold_start

# isort: split
from typing import Any

from aws_lambda_powertools.utilities.typing import LambdaContext

from ai_integrations.bootstrap.api import docs_page, use_cases
from ai_integrations.http.app import build_app
from ai_integrations.observability import logger

app = build_app(use_cases(), docs_page=docs_page())

cold_start.end()


@logger.inject_lambda_context(clear_state=True)
def lambda_handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    """Answer one request of API Gateway (REST API, Lambda proxy integration)."""
    return app.resolve(event, context)
