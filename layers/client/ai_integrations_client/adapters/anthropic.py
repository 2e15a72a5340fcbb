"""Arguments for the clients of the package `anthropic`."""

from typing import Any

from ai_integrations_client.adapters.environment import omitted_headers, refuse_proxy, refuse_variables
from ai_integrations_client.adapters.settings import endpoint, headers_of, key_of, require_provider, uses_bearer_token
from ai_integrations_client.resolved import ResolvedIntegration


def anthropic_arguments(resolved: ResolvedIntegration) -> dict[str, Any]:
    """Build the arguments of `anthropic.Anthropic` and `anthropic.AsyncAnthropic`, also for compatible gateways."""
    require_provider(resolved, {"ANTHROPIC", "CUSTOM", "LITELLM"}, "the Anthropic protocol")
    address, key = endpoint(resolved, "root"), key_of(resolved)
    refuse_variables(resolved, "anthropic", ["ANTHROPIC_CUSTOM_HEADERS"])
    refuse_proxy(resolved, "anthropic", address)
    return {
        "auth_token" if uses_bearer_token(resolved) else "api_key": key,
        "base_url": address,
        "default_headers": _suppressed(resolved, key) | headers_of(resolved, "Authorization", "X-Api-Key"),
    }


def _suppressed(resolved: ResolvedIntegration, key: str) -> dict[str, Any]:
    """Suppress the credentials that releases before 1 take from the environment and send too."""
    if uses_bearer_token(resolved):
        return omitted_headers(resolved, "anthropic", {"ANTHROPIC_API_KEY": "X-Api-Key"})
    omitted = omitted_headers(resolved, "anthropic", {"ANTHROPIC_AUTH_TOKEN": "Authorization"})
    # From release 2, the key itself would be in the suppressed header.
    return {**omitted, "X-Api-Key": key} if omitted else {}
