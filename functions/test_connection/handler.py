"""Tests connections, behind API Gateway. It reads keys, and answers nothing but what a test has shown."""

from ai_integrations import cold_start

# isort: split
from typing import Any

from aws_lambda_powertools.utilities.typing import LambdaContext

from ai_integrations.bootstrap.connections import connection_tests
from ai_integrations.http.connection_tests import build_connection_test_app
from ai_integrations.observability import logger

app = build_connection_test_app(connection_tests())

cold_start.end()


@logger.inject_lambda_context(clear_state=True)
def lambda_handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    """Answer one request of API Gateway (REST API, Lambda proxy integration)."""
    return app.resolve(event, context)
