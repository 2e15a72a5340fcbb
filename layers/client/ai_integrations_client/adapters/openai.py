"""Arguments for the clients of the package `openai`."""

import os
from typing import Any

from ai_integrations_client.adapters.environment import omitted_headers, refuse_proxy, refuse_variables
from ai_integrations_client.adapters.settings import endpoint, headers_of, key_of, require_provider, uses_bearer_token
from ai_integrations_client.resolved import ResolvedIntegration

OPENAI_PROTOCOL = frozenset({"OPEN_AI", "NVIDIA_NIM", "GEMINI", "FIREWORKS", "TOGETHER_AI", "LITELLM", "CUSTOM"})
# Variables from which the library takes headers (openai/_client.py).
HEADER_VARIABLES = {"OPENAI_ORG_ID": "OpenAI-Organization", "OPENAI_PROJECT_ID": "OpenAI-Project"}
# Variables that no argument overrides.
_VARIABLES = ("OPENAI_CUSTOM_HEADERS",)
# Older releases send this token instead of the key (openai/lib/azure.py, `_prepare_options`).
_AZURE_VARIABLES = (*_VARIABLES, "AZURE_OPENAI_AD_TOKEN")


def openai_arguments(resolved: ResolvedIntegration) -> dict[str, Any]:
    """Build the arguments of `openai.OpenAI` and `openai.AsyncOpenAI`."""
    require_provider(resolved, OPENAI_PROTOCOL, "the OpenAI protocol")
    address, key = endpoint(resolved, "openai"), key_of(resolved)
    refuse_variables(resolved, "openai", _VARIABLES)
    refuse_proxy(resolved, "openai", address)
    headers = _headers(resolved)
    if "OPENAI_ADMIN_KEY" in os.environ:  # the library would send it to the administration API
        headers.setdefault("Authorization", f"Bearer {key}")
    return {"api_key": key, "base_url": address, "default_headers": headers}


def azure_openai_arguments(resolved: ResolvedIntegration) -> dict[str, Any]:
    """Build the arguments of `openai.AzureOpenAI` and `openai.AsyncAzureOpenAI`, except `api_version`."""
    require_provider(resolved, {"AZURE_OPEN_AI"}, "the Azure OpenAI protocol")
    address, uses_token = endpoint(resolved, "root"), uses_bearer_token(resolved)
    refuse_variables(resolved, "openai", _VARIABLES if uses_token else _AZURE_VARIABLES)
    refuse_proxy(resolved, "openai", address)
    headers = _headers(resolved, "api-key")
    # The integration's own `api-key` header must be passed as the key: the library would overwrite the header.
    key = key_of(resolved) if uses_token else headers.pop("api-key", key_of(resolved))
    return {
        "azure_ad_token" if uses_token else "api_key": key,
        "azure_endpoint": address,
        "default_headers": headers,
    }


def _headers(resolved: ResolvedIntegration, *replaced: str) -> dict[str, Any]:
    own = headers_of(resolved, "Authorization", *HEADER_VARIABLES.values(), *replaced)
    return omitted_headers(resolved, "openai", HEADER_VARIABLES) | own
