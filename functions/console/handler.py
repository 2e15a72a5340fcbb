"""Serve the console's files behind API Gateway. The page itself calls the public API."""

from typing import TYPE_CHECKING, Any

from ai_integrations.bootstrap.aws_calls import aws_calls
from ai_integrations.bootstrap.console import console
from ai_integrations.http.resolver import resolve
from ai_integrations.observability import logs_invocation

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.typing import LambdaContext

app = console()


@logs_invocation(aws_calls)
def lambda_handler(event: dict[str, Any], context: "LambdaContext") -> dict[str, Any]:
    """Handle one request of API Gateway (REST API, Lambda proxy integration)."""
    return resolve(app, event, context)
