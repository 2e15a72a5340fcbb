"""Arguments for the clients of the package `anthropic`."""

from typing import Any

from ai_integrations_client.adapters.environment import omitted_headers, refuse_proxy, refuse_variables
from ai_integrations_client.adapters.settings import endpoint, headers_of, key_of, require_provider, uses_bearer_token
from ai_integrations_client.resolved import ResolvedIntegration

# anthropic/_client.py: older releases send the credentials of these variables too.
_KEY_HEADERS = {"ANTHROPIC_API_KEY": "X-Api-Key"}
_TOKEN_HEADERS = {"ANTHROPIC_AUTH_TOKEN": "Authorization"}


def anthropic_arguments(resolved: ResolvedIntegration) -> dict[str, Any]:
    """Build the arguments of `anthropic.Anthropic` and `anthropic.AsyncAnthropic`, also for compatible gateways."""
    require_provider(resolved, {"ANTHROPIC", "CUSTOM", "LITELLM"}, "the Anthropic protocol")
    address = endpoint(resolved, "root")
    refuse_variables(resolved, "anthropic", ["ANTHROPIC_CUSTOM_HEADERS"])
    refuse_proxy(resolved, "anthropic", address)
    argument, unused = ("auth_token", _KEY_HEADERS) if uses_bearer_token(resolved) else ("api_key", _TOKEN_HEADERS)
    return {
        argument: key_of(resolved),
        "base_url": address,
        "default_headers": omitted_headers("anthropic", unused) | headers_of(resolved, "Authorization", "X-Api-Key"),
    }
