"""Ready arguments for the clients of providers: `OpenAI(**openai_arguments(resolved))`.

Nothing of those libraries is imported here. The address is always given, the provider's own where the integration has
none, so that no environment variable such as OPENAI_BASE_URL sends a key elsewhere.

| auth type | what authenticates |
|---|---|
| DEFAULT | the key, in the way of the library |
| BEARER_TOKEN | the key as `Authorization: Bearer`, also where the library's own way is another |
| PROXY_WITH_HEADERS | the integration's headers; a key, if there is one, is sent beside them as by DEFAULT |

The integration's headers are sent with every request and win over what a library would send under the same name. Where
there is no key, libraries that insist on one get NO_KEY.
"""

import re
from collections.abc import Container
from typing import Any

from ai_integrations_client.errors import UnsuitableError
from ai_integrations_client.resolved import ResolvedIntegration

NO_KEY = "no-key"
BEARER_TOKEN = "BEARER_TOKEN"  # noqa: S105 - the name of a scheme

# Providers that speak OpenAI's protocol, and where; for those without an address the integration has to name it.
OPENAI_PROTOCOL = {
    "OPEN_AI": "https://api.openai.com/v1",
    "NVIDIA_NIM": "https://integrate.api.nvidia.com/v1",
    "GEMINI": "https://generativelanguage.googleapis.com/v1beta/openai/",
    "FIREWORKS": "https://api.fireworks.ai/inference/v1",
    "TOGETHER_AI": "https://api.together.xyz/v1",
    "LITELLM": None,
    "CUSTOM": None,
}
# LiteLLM's word for each provider.
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
    """Return arguments of `openai.OpenAI` and `openai.AsyncOpenAI`."""
    _expect(resolved, OPENAI_PROTOCOL, "OpenAI's protocol")
    return {
        "api_key": _key(resolved),
        "base_url": resolved.base_url or _required(OPENAI_PROTOCOL[resolved.provider]),
        "default_headers": _headers(resolved, "Authorization"),
    }


def azure_openai_arguments(resolved: ResolvedIntegration) -> dict[str, Any]:
    """Return arguments of `openai.AzureOpenAI` and its asynchronous sister; `api_version` is the program's to add."""
    _expect(resolved, {"AZURE_OPEN_AI"}, "Azure's protocol")
    headers = _headers(resolved, "Authorization", "api-key")
    by_token = resolved.auth_type == BEARER_TOKEN
    # A header of the integration's wins as elsewhere, but here the library would send its own in its place.
    key = _key(resolved) if by_token else headers.pop("api-key", _key(resolved))
    return {
        "azure_ad_token" if by_token else "api_key": key,
        "azure_endpoint": _required(resolved.base_url),
        "default_headers": headers,
    }


def anthropic_arguments(resolved: ResolvedIntegration) -> dict[str, Any]:
    """Return arguments of `anthropic.Anthropic` and `anthropic.AsyncAnthropic`, for a gateway that speaks so too."""
    _expect(resolved, {"ANTHROPIC", "CUSTOM", "LITELLM"}, "Anthropic's protocol")
    key = "auth_token" if resolved.auth_type == BEARER_TOKEN else "api_key"
    own = "https://api.anthropic.com" if resolved.provider == "ANTHROPIC" else None
    return {
        key: _key(resolved),
        "base_url": resolved.base_url or _required(own),
        "default_headers": _headers(resolved, "Authorization", "X-Api-Key"),
    }


def litellm_arguments(resolved: ResolvedIntegration, model: str | None = None) -> dict[str, Any]:
    """Return arguments of `litellm.completion` and the like; without a model, the integration's first is taken."""
    _expect(resolved, LITELLM_PREFIXES, "any protocol of LiteLLM's")
    if model is None and not resolved.model_names:
        raise UnsuitableError("The integration names no model: give one.")
    prefix = LITELLM_PREFIXES[resolved.provider]
    arguments = {
        "model": f"{prefix}/{model or resolved.model_names[0]}",
        "api_base": resolved.base_url or OPENAI_PROTOCOL.get(resolved.provider),
        "extra_headers": _headers(resolved, "Authorization", "api-key", "x-api-key") or None,
        **_litellm_credentials(resolved),
    }
    return {name: value for name, value in arguments.items() if value is not None}


def bedrock_arguments(resolved: ResolvedIntegration, region: str | None = None) -> dict[str, Any]:
    """Return arguments of `boto3.client("bedrock-runtime", …)`; they end with the credentials: see `bedrock.py`.

    Without a region, that of the integration's base URL is taken, else boto3's own. boto3 sends no further headers.
    """
    if resolved.aws_credentials is None:
        raise UnsuitableError(f"The integration is for {resolved.provider} and has no credentials of AWS.")
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
    """Return the region in the integration's base URL."""
    found = _BEDROCK_HOST.search(resolved.base_url or "")
    return found["region"] if found else None


def _litellm_credentials(resolved: ResolvedIntegration) -> dict[str, Any]:
    key = _key(resolved)
    match resolved.provider:
        case "AWS_BEDROCK":
            given = bedrock_arguments(resolved)
            names = ("aws_access_key_id", "aws_secret_access_key", "aws_session_token")
            return {"aws_region_name": given.get("region_name"), **{name: given[name] for name in names}}
        case "VERTEX_AI":
            metadata = resolved.provider_metadata
            place = {"vertex_project": metadata.get("project_id"), "vertex_location": metadata.get("location")}
            return {"vertex_credentials": key, **place}
        case "AZURE_OPEN_AI" if resolved.auth_type == BEARER_TOKEN:
            return {"azure_ad_token": key}
    return {"api_key": key}


def _expect(resolved: ResolvedIntegration, providers: Container[str], what: str) -> None:
    if resolved.provider not in providers:
        raise UnsuitableError(f"The integration is for {resolved.provider}, which does not speak {what}.")


def _required(base_url: str | None) -> str:
    if base_url is None:
        raise UnsuitableError("The integration has no base URL, and its provider no address of its own.")
    return base_url


def _key(resolved: ResolvedIntegration) -> str:
    return resolved.api_key.reveal() if resolved.api_key else NO_KEY


def _headers(resolved: ResolvedIntegration, *replaced: str) -> dict[str, str]:
    """Return the headers; those that replace what the library sends in its very spelling, else both would be sent."""
    spelled = {name.lower(): name for name in replaced}
    return {spelled.get(name.lower(), name): value for name, value in resolved.headers.items()}
