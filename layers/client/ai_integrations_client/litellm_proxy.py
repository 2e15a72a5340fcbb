"""Callback for a LiteLLM proxy that stores no keys: each call uses the current state of an integration.

A model in the proxy's configuration names an integration, and the callback sets its key, address and headers:

    model_list:
      - model_name: gpt-4o
        litellm_params: {model: openai/gpt-4o, ai_integration: Production OpenAI, api_key: from-the-registry}
    litellm_settings:
      callbacks: ai_integrations_client.litellm_proxy.callback

`ai_integration_space` is the space from which the integration is seen. Settings come from the environment, as for
`resolve`.
"""

import asyncio
from functools import partial
from typing import Any

from litellm.integrations.custom_logger import CustomLogger

from ai_integrations_client.adapters import litellm_arguments
from ai_integrations_client.default import resolve


class ResolvingCallback(CustomLogger):  # type: ignore[misc] # where LiteLLM is not installed, it has no type
    """Replaces a model's settings by those of the integration that it names."""

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
        replaced = litellm_arguments(resolved, str(arguments["model"]).rpartition("/")[2])
        # A client that the proxy caches for the model would use the model's own key.
        return {**arguments, "client": None, **replaced}


callback = ResolvingCallback()
