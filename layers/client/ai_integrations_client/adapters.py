"""Arguments for the client libraries of providers: `OpenAI(**openai_arguments(resolved))`.

This module does not import those libraries. Arguments for `openai` and `anthropic` always include an address, by
default the provider's own, so that no environment variable such as OPENAI_BASE_URL can send a key elsewhere. Arguments
for `litellm` include it for providers with the OpenAI protocol, and otherwise only if the integration has a base URL.

| auth type | credentials |
|---|---|
| DEFAULT | the key, as the library sends it by default |
| BEARER_TOKEN | the key as `Authorization: Bearer`, even if the library uses a different header by default |
| PROXY_WITH_HEADERS | the integration's headers; a stored key is sent too, as with DEFAULT |

The integration's headers are part of every request and replace headers of the same name that a library would send. If
there is no key, libraries that require one get NO_KEY.
"""

import re
from collections.abc import Container
from typing import Any

from ai_integrations_client.errors import UnsuitableError
from ai_integrations_client.resolved import ResolvedIntegration

NO_KEY = "no-key"
BEARER_TOKEN = "BEARER_TOKEN"  # noqa: S105 - an auth type

# Providers with the OpenAI protocol, and their addresses. Without an address, the integration must have a base_url.
OPENAI_PROTOCOL = {
    "OPEN_AI": "https://api.openai.com/v1",
    "NVIDIA_NIM": "https://integrate.api.nvidia.com/v1",
    "GEMINI": "https://generativelanguage.googleapis.com/v1beta/openai/",
    "FIREWORKS": "https://api.fireworks.ai/inference/v1",
    "TOGETHER_AI": "https://api.together.xyz/v1",
    "LITELLM": None,
    "CUSTOM": None,
}
# LiteLLM's name of each provider.
LITELLM_PREFIXES = {
    "OPEN_AI": "openai",
    "AZURE_OPEN_AI": "azure",
    "AWS_BEDROCK": "bedrock",
    "VERTEX_AI": "vertex_ai",
    "ANTHROPIC": "anthropic",
    "CUSTOM": "openai",
    "NVIDIA_NIM": "nvidia_nim",
    "GEMINI": "gemini",
    "LITELLM": "litellm_proxy",
    "FIREWORKS": "fireworks_ai",
    "TOGETHER_AI": "together_ai",
}
_BEDROCK_HOST = re.compile(r"//bedrock[a-z-]*\.(?P<region>[a-z0-9-]+)\.amazonaws\.com")


def openai_arguments(resolved: ResolvedIntegration) -> dict[str, Any]:
    """Build the arguments of `openai.OpenAI` and `openai.AsyncOpenAI`."""
    _require_provider(resolved, OPENAI_PROTOCOL, "the OpenAI protocol")
    return {
        "api_key": _key(resolved),
        "base_url": resolved.base_url or _require_address(OPENAI_PROTOCOL[resolved.provider]),
        "default_headers": _headers(resolved, "Authorization"),
    }


def azure_openai_arguments(resolved: ResolvedIntegration) -> dict[str, Any]:
    """Build the arguments of `openai.AzureOpenAI` and `openai.AsyncAzureOpenAI`, except `api_version`."""
    _require_provider(resolved, {"AZURE_OPEN_AI"}, "the Azure OpenAI protocol")
    headers = _headers(resolved, "Authorization", "api-key")
    uses_token = resolved.auth_type == BEARER_TOKEN
    # The integration's own `api-key` header must be passed as the key: the library would overwrite the header.
    key = _key(resolved) if uses_token else headers.pop("api-key", _key(resolved))
    return {
        "azure_ad_token" if uses_token else "api_key": key,
        "azure_endpoint": _require_address(resolved.base_url),
        "default_headers": headers,
    }


def anthropic_arguments(resolved: ResolvedIntegration) -> dict[str, Any]:
    """Build the arguments of `anthropic.Anthropic` and `anthropic.AsyncAnthropic`, also for compatible gateways."""
    _require_provider(resolved, {"ANTHROPIC", "CUSTOM", "LITELLM"}, "the Anthropic protocol")
    key = "auth_token" if resolved.auth_type == BEARER_TOKEN else "api_key"
    default = "https://api.anthropic.com" if resolved.provider == "ANTHROPIC" else None
    return {
        key: _key(resolved),
        "base_url": resolved.base_url or _require_address(default),
        "default_headers": _headers(resolved, "Authorization", "X-Api-Key"),
    }


def litellm_arguments(resolved: ResolvedIntegration, model: str | None = None) -> dict[str, Any]:
    """Build the arguments of `litellm.completion` and similar functions; by default for the first of `model_names`."""
    _require_provider(resolved, LITELLM_PREFIXES, "LiteLLM")
    if model is None and not resolved.model_names:
        raise UnsuitableError("The integration has no model_names: pass a model.")
    prefix = LITELLM_PREFIXES[resolved.provider]
    arguments = {
        "model": f"{prefix}/{model or resolved.model_names[0]}",
        "api_base": resolved.base_url or OPENAI_PROTOCOL.get(resolved.provider),
        "extra_headers": _headers(resolved, "Authorization", "api-key", "x-api-key") or None,
        **_litellm_credentials(resolved),
    }
    return {name: value for name, value in arguments.items() if value is not None}


def bedrock_arguments(resolved: ResolvedIntegration, region: str | None = None) -> dict[str, Any]:
    """Build the arguments of `boto3.client("bedrock-runtime", …)`. That client fails once the credentials expire.

    `bedrock.py` has a session that renews them. Without `region`, the region in the integration's base URL is used,
    then boto3's default. boto3 does not send the integration's headers.
    """
    if resolved.aws_credentials is None:
        raise UnsuitableError(f"The integration's provider is {resolved.provider}, so it has no AWS credentials.")
    credentials = resolved.aws_credentials
    arguments = {
        "aws_access_key_id": credentials.access_key_id,
        "aws_secret_access_key": credentials.secret_access_key.reveal(),
        "aws_session_token": credentials.session_token.reveal(),
        "region_name": region or bedrock_region(resolved),
        "endpoint_url": resolved.base_url,
    }
    return {name: value for name, value in arguments.items() if value is not None}


def bedrock_region(resolved: ResolvedIntegration) -> str | None:
    """Extract the region from the integration's base URL."""
    found = _BEDROCK_HOST.search(resolved.base_url or "")
    return found["region"] if found else None


def _litellm_credentials(resolved: ResolvedIntegration) -> dict[str, Any]:
    key = _key(resolved)
    match resolved.provider:
        case "AWS_BEDROCK":
            arguments = bedrock_arguments(resolved)
            names = ("aws_access_key_id", "aws_secret_access_key", "aws_session_token")
            return {"aws_region_name": arguments.get("region_name"), **{name: arguments[name] for name in names}}
        case "VERTEX_AI":
            metadata = resolved.provider_metadata
            location = {"vertex_project": metadata.get("project_id"), "vertex_location": metadata.get("location")}
            return {"vertex_credentials": key, **location}
        case "AZURE_OPEN_AI" if resolved.auth_type == BEARER_TOKEN:
            return {"azure_ad_token": key}
    return {"api_key": key}


def _require_provider(resolved: ResolvedIntegration, providers: Container[str], feature: str) -> None:
    if resolved.provider not in providers:
        raise UnsuitableError(f"The integration's provider is {resolved.provider}, which does not support {feature}.")


def _require_address(base_url: str | None) -> str:
    if base_url is None:
        raise UnsuitableError("The integration has no base_url, and its provider has no default address.")
    return base_url


def _key(resolved: ResolvedIntegration) -> str:
    return resolved.api_key.reveal() if resolved.api_key else NO_KEY


def _headers(resolved: ResolvedIntegration, *replaced: str) -> dict[str, str]:
    """Copy the integration's headers, with those in `replaced` spelled as the library does.

    A library replaces its own header only if the case matches; otherwise it would send both.
    """
    spelling = {name.lower(): name for name in replaced}
    return {spelling.get(name.lower(), name): value for name, value in resolved.headers.items()}
