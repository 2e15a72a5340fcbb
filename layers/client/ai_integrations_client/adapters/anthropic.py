"""Arguments for the clients of the package `anthropic`."""

from collections.abc import Callable
from importlib import import_module
from typing import Any

from ai_integrations_client.adapters.environment import omitted_headers, refuse_proxy, refuse_variables
from ai_integrations_client.adapters.renewal import Resolve, current, parameter, renewal
from ai_integrations_client.adapters.settings import endpoint, headers_of, key_of, require_provider, uses_bearer_token
from ai_integrations_client.resolved import ResolvedIntegration

_TOKEN_VARIABLE = {"ANTHROPIC_AUTH_TOKEN": "Authorization"}
_KEY_VARIABLE = {"ANTHROPIC_API_KEY": "X-Api-Key"}


def anthropic_arguments(resolved: ResolvedIntegration | Resolve) -> dict[str, Any]:
    """Build the arguments of `anthropic.Anthropic` and `anthropic.AsyncAnthropic`, also for compatible gateways.

    Pass a function that resolves, and a client of an integration with access tokens renews them. Releases without the
    argument `credentials` cannot do that: they keep the first token, and `betas` of a request replace its header.
    """
    integration = current(resolved)
    require_provider(integration, {"ANTHROPIC", "CUSTOM", "LITELLM"}, "the Anthropic protocol")
    address, key = endpoint(integration, "root"), key_of(integration)
    refuse_variables(integration, "anthropic", ["ANTHROPIC_CUSTOM_HEADERS"])
    refuse_proxy(integration, "anthropic", address)
    own = headers_of(integration, "Authorization", "X-Api-Key")
    if integration.access_token and parameter("anthropic", "Anthropic", "credentials"):
        # Unlike default headers, this adds the token's header `anthropic-beta` to that of a request with `betas`.
        credentials = _provider(renewal(resolved, integration) or (lambda: integration))
        omitted = omitted_headers(integration, "anthropic", _TOKEN_VARIABLE | _KEY_VARIABLE)
        return {"credentials": credentials, "base_url": address, "default_headers": omitted | own}
    return {
        "auth_token" if uses_bearer_token(integration) else "api_key": key,
        "base_url": address,
        "default_headers": _suppressed(integration, key) | own,
    }


def _provider(renew: Resolve) -> Callable[..., Any]:
    access_token = import_module("anthropic.lib.credentials").AccessToken

    def provide(*, force_refresh: bool = False) -> Any:  # noqa: ANN401, ARG001 - the library's type and signature
        # Without an expiry that is in the future, the library calls this function for each request.
        return access_token(key_of(renew()), expires_at=0)

    return provide


def _suppressed(resolved: ResolvedIntegration, key: str) -> dict[str, Any]:
    """Suppress the credentials that releases before 1 take from the environment and send too."""
    if uses_bearer_token(resolved):
        return omitted_headers(resolved, "anthropic", _KEY_VARIABLE)
    omitted = omitted_headers(resolved, "anthropic", _TOKEN_VARIABLE)
    # From release 2, the key itself would be in the suppressed header.
    return {**omitted, "X-Api-Key": key} if omitted else {}
