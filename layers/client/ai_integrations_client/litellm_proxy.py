"""Callback for a LiteLLM proxy that stores no keys: each call uses the current state of an integration.

A model in the proxy's configuration names an integration, and the callback sets its key, address and headers:

    model_list:
      - model_name: gpt-4o
        litellm_params: {model: openai/gpt-4o, ai_integration: Production OpenAI, api_key: from-the-registry}
    litellm_settings:
      callbacks: registry.callback  # of a file registry.py next to the configuration, which imports `callback`

`ai_integration_space` is the space from which the integration is seen, in a proxy that is a broker. Settings come from
the environment, as for `resolve`.
"""

import asyncio
from collections.abc import Mapping
from functools import partial
from typing import Any

import litellm
from litellm.integrations.custom_logger import CustomLogger

from ai_integrations_client.adapters import LITELLM_PREFIXES, litellm_arguments
from ai_integrations_client.default import resolve

# Arguments of a deployment that name a provider, an address or credentials. The integration replaces all of them.
_REPLACED = frozenset(
    {
        "api_base",
        "api_key",
        "aws_access_key_id",
        "aws_bedrock_runtime_endpoint",
        "aws_external_id",
        "aws_profile_name",
        "aws_role_name",
        "aws_secret_access_key",
        "aws_session_name",
        "aws_session_tags",
        "aws_session_token",
        "aws_sts_endpoint",
        "aws_web_identity_token",
        "azure_ad_token",
        "azure_ad_token_provider",
        "azure_password",
        "azure_scope",
        "azure_username",
        "base_url",
        "client_id",
        "client_secret",
        "custom_llm_provider",
        "litellm_credential_name",
        "tenant_id",
        "use_litellm_proxy",
        "vertex_ai_credentials",
        "vertex_ai_location",
        "vertex_ai_project",
        "vertex_credentials",
        "vertex_location",
        "vertex_project",
    }
)
_CREDENTIAL_HEADERS = frozenset({"api-key", "authorization", "x-api-key", "x-goog-api-key"})
_HEADERS = ("headers", "extra_headers")
_PROVIDERS = {
    *LITELLM_PREFIXES.values(),
    *(str(getattr(each, "value", each)) for each in getattr(litellm, "provider_list", ())),
}


class ResolvingCallback(CustomLogger):  # type: ignore[misc] # where LiteLLM is not installed, it has no type
    """Replaces provider, address and credentials of a model by those of the integration that it names."""

    async def async_pre_call_deployment_hook(
        self,
        kwargs: dict[str, Any],
        call_type: object,  # noqa: ARG002 - LiteLLM's signature
    ) -> dict[str, Any]:
        """Build the arguments of one call to a provider."""
        arguments = dict(kwargs)
        integration, space = arguments.pop("ai_integration", None), arguments.pop("ai_integration_space", None)
        if integration is None:
            return arguments
        # In a thread: without a fresh cache entry, `resolve` blocks until the service responds.
        resolved = await asyncio.to_thread(partial(resolve, integration, space=space))
        replaced = litellm_arguments(resolved, _model_name(arguments))
        kept = {name: value for name, value in arguments.items() if name not in _REPLACED}
        # A client that the proxy caches for the model would use the model's own key.
        return {**kept, "client": None, **replaced, **_merge_headers(kept, replaced)}


def _model_name(arguments: Mapping[str, Any]) -> str:
    """Remove the provider from a model, as LiteLLM does: once, and only if it is one."""
    prefix, _, name = str(arguments["model"]).partition("/")
    provider = arguments.get("custom_llm_provider")
    return name if name and prefix in ({provider} if provider else _PROVIDERS) else str(arguments["model"])


def _merge_headers(kept: Mapping[str, Any], replaced: Mapping[str, Any]) -> dict[str, dict[str, str]]:
    """Add the deployment's headers to the integration's, which replace those of the same name in any case."""
    headers = replaced.get("extra_headers") or {}
    own = _CREDENTIAL_HEADERS.union(name.lower() for name in headers)
    merged = {
        argument: {name: value for name, value in (kept.get(argument) or {}).items() if name.lower() not in own}
        for argument in _HEADERS
    }
    merged["extra_headers"] |= headers
    return {argument: values for argument, values in merged.items() if values or kept.get(argument)}


callback = ResolvingCallback()
