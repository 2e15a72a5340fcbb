"""Resolves AI integrations: from the name that a team knows to what a client of the provider needs.

    from ai_integrations_client import resolve
    from ai_integrations_client.adapters import openai_arguments

    answer = OpenAI(**openai_arguments(resolve("Production OpenAI"))).chat.completions.create(...)

Asks as AI_INTEGRATIONS_FUNCTION, AI_INTEGRATIONS_ACCOUNT and AI_INTEGRATIONS_CONSUMER say; `Client` takes them as
arguments.
"""

from ai_integrations_client.client import Client
from ai_integrations_client.default import handle_event, invalidate, resolve
from ai_integrations_client.errors import (
    AiIntegrationsClientError,
    ConfigurationError,
    ResolutionError,
    UnavailableError,
    UnsuitableError,
)
from ai_integrations_client.freshness import Freshness
from ai_integrations_client.machine import Machine
from ai_integrations_client.resolved import AwsCredentials, ResolvedIntegration, Secret

__all__ = [
    "AiIntegrationsClientError",
    "AwsCredentials",
    "Client",
    "ConfigurationError",
    "Freshness",
    "Machine",
    "ResolutionError",
    "ResolvedIntegration",
    "Secret",
    "UnavailableError",
    "UnsuitableError",
    "handle_event",
    "invalidate",
    "resolve",
]
