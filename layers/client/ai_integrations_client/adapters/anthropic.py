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
    argument, headers = _token_argument() if uses_bearer_token(resolved) else _key_argument(key)
    own = headers_of(resolved, "Authorization", "X-Api-Key")
    return {argument: key, "base_url": address, "default_headers": headers | own}


def _token_argument() -> tuple[str, dict[str, Any]]:
    return "auth_token", omitted_headers("anthropic", {"ANTHROPIC_API_KEY": "X-Api-Key"})


def _key_argument(key: str) -> tuple[str, dict[str, Any]]:
    # Releases before 1 send the token of this variable beside the key. From release 2, the key is in this header.
    omitted = omitted_headers("anthropic", {"ANTHROPIC_AUTH_TOKEN": "Authorization"})
    return "api_key", {**omitted, "X-Api-Key": key} if omitted else {}
