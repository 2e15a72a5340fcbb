"""Arguments for the clients of the package `openai`."""

import os
from collections.abc import Awaitable, Callable
from typing import Any

from ai_integrations_client.adapters.environment import omitted_headers, refuse_proxy, refuse_variables
from ai_integrations_client.adapters.renewal import Resolve, current, parameter, renewal
from ai_integrations_client.adapters.settings import endpoint, headers_of, key_of, require_provider, uses_bearer_token
from ai_integrations_client.resolved import ResolvedIntegration

OPENAI_PROTOCOL = frozenset({"OPEN_AI", "NVIDIA_NIM", "GEMINI", "FIREWORKS", "TOGETHER_AI", "LITELLM", "CUSTOM"})
# Variables from which the library takes headers (openai/_client.py).
HEADER_VARIABLES = {"OPENAI_ORG_ID": "OpenAI-Organization", "OPENAI_PROJECT_ID": "OpenAI-Project"}
# Variables that no argument overrides.
_VARIABLES = ("OPENAI_CUSTOM_HEADERS",)
# Older releases send this token instead of the key (openai/lib/azure.py, `_prepare_options`).
_AZURE_VARIABLES = (*_VARIABLES, "AZURE_OPENAI_AD_TOKEN")
# A fixed header, which would override this key, would override the renewed tokens too.
_RENEWAL_VARIABLES = (*_VARIABLES, "OPENAI_ADMIN_KEY")


def openai_arguments(resolved: ResolvedIntegration | Resolve, *, asynchronous: bool = False) -> dict[str, Any]:
    """Build the arguments of `openai.OpenAI`, or of `openai.AsyncOpenAI` if `asynchronous` is true.

    Pass a function that resolves, and a client of an integration with access tokens renews them. Releases before
    1.106.0 cannot do that; they keep the first token. Only for such a function is `asynchronous` needed.
    """
    integration = current(resolved)
    with_token = {"VERTEX_AI"} if integration.access_token else set()
    require_provider(integration, OPENAI_PROTOCOL | with_token, "the OpenAI protocol")
    address, key = endpoint(integration, "openai"), key_of(integration)
    renew = renewal(resolved, integration) if _accepts_function() else None
    refuse_variables(integration, "openai", _RENEWAL_VARIABLES if renew else _VARIABLES)
    refuse_proxy(integration, "openai", address)
    headers = _headers(integration)
    if "OPENAI_ADMIN_KEY" in os.environ:  # the library would send it to the administration API
        headers.setdefault("Authorization", f"Bearer {key}")
    return {
        "api_key": _provider(renew, asynchronous=asynchronous) if renew else key,
        "base_url": address,
        "default_headers": headers,
    }


def azure_openai_arguments(resolved: ResolvedIntegration | Resolve, *, asynchronous: bool = False) -> dict[str, Any]:
    """Build the arguments of `openai.AzureOpenAI` or `openai.AsyncAzureOpenAI`, except `api_version`.

    Pass a function that resolves, and a client of an integration with access tokens renews them. If `asynchronous` is
    true, that does not block the event loop.
    """
    integration = current(resolved)
    require_provider(integration, {"AZURE_OPEN_AI"}, "the Azure OpenAI protocol")
    address, uses_token = endpoint(integration, "root"), uses_bearer_token(integration)
    renew = renewal(resolved, integration)
    refuse_variables(integration, "openai", _VARIABLES if uses_token and not renew else _AZURE_VARIABLES)
    refuse_proxy(integration, "openai", address)
    headers = _headers(integration, "api-key")
    common = {"azure_endpoint": address, "default_headers": headers}
    if renew:
        return {"azure_ad_token_provider": _provider(renew, asynchronous=asynchronous), **common}
    if uses_token:
        return {"azure_ad_token": key_of(integration), **common}
    # The integration's own `api-key` header must be passed as the key: the library would overwrite the header.
    return {"api_key": headers.pop("api-key", key_of(integration)), **common}


def _provider(renew: Resolve, *, asynchronous: bool) -> Callable[[], str] | Callable[[], Awaitable[str]]:
    def provide() -> str:
        return key_of(renew())

    async def provide_in_thread() -> str:
        import asyncio  # noqa: PLC0415 - imported only if it is used

        return await asyncio.to_thread(provide)

    return provide_in_thread if asynchronous else provide


def _accepts_function() -> bool:
    """Check whether the library calls a function for the key of each request, as releases from 1.106.0 on do."""
    key = parameter("openai", "OpenAI", "api_key")
    return key is not None and "Callable" in str(key.annotation)


def _headers(resolved: ResolvedIntegration, *replaced: str) -> dict[str, Any]:
    own = headers_of(resolved, "Authorization", *HEADER_VARIABLES.values(), *replaced)
    return omitted_headers(resolved, "openai", HEADER_VARIABLES) | own
