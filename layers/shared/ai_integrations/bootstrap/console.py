"""Compose functions/console."""

import os

from aws_lambda_powertools.event_handler import APIGatewayRestResolver

from ai_integrations.bootstrap.init_phase import ends_init
from ai_integrations.http.console import build_console_app


@ends_init
def console() -> APIGatewayRestResolver:
    """Build the request resolver of the console's files."""
    return build_console_app(page=os.environ["CONSOLE_PAGE"] == "true")
