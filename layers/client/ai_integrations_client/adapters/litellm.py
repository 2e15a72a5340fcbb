"""Arguments for the functions of the package `litellm`."""

import os
import re
from collections.abc import Callable, Mapping
from dataclasses import replace
from importlib import import_module
from typing import Any, Literal

from ai_integrations_client.adapters.bedrock import bedrock_endpoint, bedrock_region, credential_arguments
from ai_integrations_client.adapters.environment import refuse, refuse_flags, refuse_proxy, refuse_variables
from ai_integrations_client.adapters.openai import HEADER_VARIABLES, OPENAI_PROTOCOL
from ai_integrations_client.adapters.settings import endpoint, headers_of, key_of, require_provider, uses_bearer_token
from ai_integrations_client.errors import UnsuitableError
from ai_integrations_client.resolved import ResolvedIntegration

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
# The endpoint that is LiteLLM's `api_base`; for other providers it is that of the OpenAI protocol. LiteLLM appends
# /v1/messages for Anthropic, /openai/… for Azure, and /models/… for Gemini.
_API_BASES: Mapping[str, Literal["root", "api"]] = {"ANTHROPIC": "root", "AZURE_OPEN_AI": "root", "GEMINI": "api"}
# For Vertex AI it appends only the method (llms/vertex_ai/vertex_llm_base.py, `_check_custom_proxy`).
_VERTEX_API_BASE = "{api}/projects/{project_id}/locations/{location}/publishers/{publisher}/models/{model}"
_VERTEX_PUBLISHERS = {"gemini": "google", "claude": "anthropic"}
# The publisher of a model of Vertex AI whose name has none, in its OpenAI-compatible API.
_DEFAULT_PUBLISHER = "google/"
# The header in which LiteLLM sends the key, where it is not Authorization.
_KEY_HEADERS = {"ANTHROPIC": "x-api-key", "AZURE_OPEN_AI": "api-key", "GEMINI": "x-goog-api-key"}

# Variables that no argument overrides.
_FLAGS = ("USE_LITELLM_PROXY", "LITELLM_ANTHROPIC_DISABLE_URL_SUFFIX")
_OPENAI = ("OPENAI_CUSTOM_HEADERS", "OPENAI_ORGANIZATION", *HEADER_VARIABLES)
_VARIABLES = dict.fromkeys(OPENAI_PROTOCOL - {"GEMINI"}, _OPENAI) | {
    # llms/azure/common_utils.py and openai/lib/azure.py
    "AZURE_OPEN_AI": (*_OPENAI, "AZURE_OPENAI_AD_TOKEN", "AZURE_PASSWORD"),
    # llms/bedrock/base_aws_llm.py, `get_credentials` and `get_request_headers`
    "AWS_BEDROCK": ("AWS_BEARER_TOKEN_BEDROCK", "AWS_PROFILE_NAME", "AWS_ROLE_NAME"),
}
# The same, if the key is sent as a bearer token.
_KEY_VARIABLES = {
    "AZURE_OPEN_AI": ("AZURE_AD_TOKEN", "AZURE_API_KEY", "AZURE_CLIENT_SECRET", "AZURE_OPENAI_API_KEY"),
}
# The same, if the integration has no base URL.
_ADDRESS_VARIABLES = {
    "AWS_BEDROCK": ("AWS_BEDROCK_RUNTIME_ENDPOINT",),
    "VERTEX_AI": ("VERTEXAI_API_BASE", "VERTEX_API_BASE"),
}
# LiteLLM makes a region a part of the host.
_REGION_VARIABLES = ("AWS_REGION_NAME", "AWS_REGION", "AWS_DEFAULT_REGION")
_REGION = re.compile("[a-z0-9-]*")


def litellm_arguments(resolved: ResolvedIntegration, model: str | None = None) -> dict[str, Any]:
    """Build the arguments of `litellm.completion` and similar functions; by default for the first of `model_names`."""
    require_provider(resolved, LITELLM_PREFIXES, "LiteLLM")
    if model is None and not resolved.model_names:
        raise UnsuitableError("There are no model_names: pass a model.", resolved.name)
    model = model or resolved.model_names[0]
    if resolved.access_token:
        resolved, model = _with_token(resolved, model)
    _check_environment(resolved)
    arguments = _ADDRESS_AND_KEY.get(resolved.provider, _keyed)(resolved, model)
    refuse_proxy(resolved, "litellm", arguments["api_base"])
    present = {name: value for name, value in arguments.items() if value}
    return {"model": f"{LITELLM_PREFIXES[resolved.provider]}/{model}", **present}


def _with_token(resolved: ResolvedIntegration, model: str) -> tuple[ResolvedIntegration, str]:
    """Choose the protocol by which LiteLLM sends an access token as `Authorization: Bearer` alone."""
    if resolved.provider == "ANTHROPIC" and not _sends_only_bearer(key_of(resolved)):
        reason = "litellm would send the access token as x-api-key. Install release 1.82.0 or newer."
        raise UnsuitableError(reason, resolved.name)
    if resolved.provider != "VERTEX_AI":
        return resolved, model
    if model.rpartition("/")[2].startswith("claude"):
        raise UnsuitableError("With an access token, litellm cannot use Claude models of Vertex AI.", resolved.name)
    # `vertex_credentials` must be a key from which LiteLLM creates tokens. The OpenAI-compatible API takes a token.
    return replace(resolved, provider="CUSTOM"), model if "/" in model else _DEFAULT_PUBLISHER + model


def _sends_only_bearer(token: str) -> bool:
    """Ask LiteLLM in which header it sends a token of Anthropic; older releases always send x-api-key."""
    try:
        headers = import_module("litellm.llms.anthropic.common_utils").AnthropicModelInfo().get_anthropic_headers(token)
    except (ImportError, AttributeError):
        return False
    return "x-api-key" not in headers


def _check_environment(resolved: ResolvedIntegration) -> None:
    variables = _VARIABLES.get(resolved.provider, ())
    if not resolved.base_url:
        variables += _ADDRESS_VARIABLES.get(resolved.provider, ())
    if uses_bearer_token(resolved):
        variables += _KEY_VARIABLES.get(resolved.provider, ())
    own = {name.lower() for name in resolved.headers}
    refuse_variables(resolved, "litellm", [each for each in variables if _header(each) not in own])
    refuse_flags(resolved, "litellm", _FLAGS)


def _header(variable: str) -> str:
    """Get the header that the package `openai` takes from a variable, in lower case."""
    return HEADER_VARIABLES.get(variable, "").lower()


def _keyed(resolved: ResolvedIntegration, _model: str) -> dict[str, Any]:
    key, key_header = key_of(resolved), _KEY_HEADERS.get(resolved.provider, "")
    headers = headers_of(resolved, "Authorization", *HEADER_VARIABLES.values(), key_header)
    credentials = {"api_key": headers.pop(key_header, key)}  # LiteLLM would overwrite the integration's own header
    if key_header and uses_bearer_token(resolved):
        headers.setdefault("Authorization", f"Bearer {key}")
    return {
        "api_base": endpoint(resolved, _API_BASES.get(resolved.provider, "openai")),
        "extra_headers": headers,
        **credentials,
    }


def _azure(resolved: ResolvedIntegration, model: str) -> dict[str, Any]:
    if not uses_bearer_token(resolved):
        return _keyed(resolved, model)
    token = key_of(resolved)
    headers = headers_of(resolved, "Authorization", "api-key", *HEADER_VARIABLES.values())
    # LiteLLM reuses a client with an earlier token (llms/openai/common_utils.py, `get_openai_client_cache_key`).
    headers.setdefault("Authorization", f"Bearer {token}")
    return {"api_base": endpoint(resolved, "root"), "extra_headers": headers, "azure_ad_token": token}


def _bedrock(resolved: ResolvedIntegration, _model: str) -> dict[str, Any]:
    address, region = bedrock_endpoint(resolved), bedrock_region(resolved)
    invalid = [name for name in _REGION_VARIABLES if not _REGION.fullmatch(os.environ.get(name, ""))]
    if region is None and invalid:
        refuse(resolved, "litellm", invalid)
    return {
        "api_base": address,
        "aws_bedrock_runtime_endpoint": address,
        "extra_headers": headers_of(resolved, "Authorization"),
        **credential_arguments(resolved),
        "aws_region_name": region,
    }


def _vertex(resolved: ResolvedIntegration, model: str) -> dict[str, Any]:
    if resolved.api_key is None:
        raise UnsuitableError(
            "There is no key, and LiteLLM would use Google credentials of its environment.", resolved.name
        )
    api = endpoint(resolved, "api")  # there is none if the location could change LiteLLM's host
    return {
        "api_base": _vertex_api_base(resolved, api, model) if resolved.base_url else None,
        "extra_headers": headers_of(resolved, "Authorization"),
        "vertex_credentials": key_of(resolved),
        "vertex_project": resolved.provider_metadata.get("project_id"),
        "vertex_location": resolved.provider_metadata.get("location"),
    }


def _vertex_api_base(resolved: ResolvedIntegration, api: str, model: str) -> str:
    publisher = _VERTEX_PUBLISHERS.get(model.partition("-")[0])
    if publisher is None:
        reason = f"With a base_url, litellm can use these models of Vertex AI: {', '.join(_VERTEX_PUBLISHERS)}."
        raise UnsuitableError(reason, resolved.name)
    return _VERTEX_API_BASE.format(api=api, publisher=publisher, model=model, **resolved.provider_metadata)


_ADDRESS_AND_KEY: dict[str, Callable[[ResolvedIntegration, str], dict[str, Any]]] = {
    "AWS_BEDROCK": _bedrock,
    "AZURE_OPEN_AI": _azure,
    "VERTEX_AI": _vertex,
}
