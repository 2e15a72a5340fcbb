"""Serve the read-only routes about keys, deleted integrations and the audit log behind API Gateway."""

from typing import TYPE_CHECKING, Any

from ai_integrations.bootstrap.audit import api
from ai_integrations.bootstrap.aws_calls import aws_calls
from ai_integrations.http.resolver import resolve
from ai_integrations.observability import logs_invocation

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.typing import LambdaContext

app = api()


@logs_invocation(aws_calls)
def lambda_handler(event: dict[str, Any], context: "LambdaContext") -> dict[str, Any]:
    """Handle one request of API Gateway (REST API, Lambda proxy integration)."""
    return resolve(app, event, context)
