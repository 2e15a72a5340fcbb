"""Resolve AI integrations: from an integration's name to the arguments that a provider's client library needs.

    from ai_integrations_client import resolve
    from ai_integrations_client.adapters import openai_arguments

    answer = OpenAI(**openai_arguments(resolve("Production OpenAI"))).chat.completions.create(...)

`resolve` reads its settings from the environment: AI_INTEGRATIONS_FUNCTION, AI_INTEGRATIONS_ACCOUNT and
AI_INTEGRATIONS_CONSUMER. `Client` takes them as arguments.

Modules depend on each other in one direction, which import-linter enforces:

resolve_request <- errors <- resolved <- policy <- {cache_entry | lambda_source | runtime} <- cache <-
{client | adapters} <- {default | bedrock} <- litellm_proxy.
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
from ai_integrations_client.policy import Freshness
from ai_integrations_client.resolve_request import ResolveRequest
from ai_integrations_client.resolved import AccessToken, AwsCredentials, Endpoints, ResolvedIntegration, Secret
from ai_integrations_client.runtime import Runtime

__all__ = [
    "AccessToken",
    "AiIntegrationsClientError",
    "AwsCredentials",
    "Client",
    "ConfigurationError",
    "Endpoints",
    "Freshness",
    "ResolutionError",
    "ResolveRequest",
    "ResolvedIntegration",
    "Runtime",
    "Secret",
    "UnavailableError",
    "UnsuitableError",
    "handle_event",
    "invalidate",
    "resolve",
]
