"""A LiteLLM proxy that holds no keys: each call takes what the integration is at that moment.

In the proxy's configuration a model names an integration, and this callback fills in its key, address and headers:

    model_list:
      - model_name: gpt-4o
        litellm_params: {model: openai/gpt-4o, ai_integration: Production OpenAI, api_key: from-the-registry}
    litellm_settings:
      callbacks: ai_integrations_client.litellm_proxy.callback

`ai_integration_space` is the space whose eyes are looked through. It asks as the environment says (`resolve`).
"""

import asyncio
from functools import partial
from typing import Any

from litellm.integrations.custom_logger import CustomLogger

from ai_integrations_client.adapters import litellm_arguments
from ai_integrations_client.default import resolve


class ResolvingCallback(CustomLogger):  # type: ignore[misc] # where LiteLLM is not installed, it has no type
    """Puts the integration that a model names in the place of the model's own settings."""

    async def async_pre_call_deployment_hook(
        self,
        kwargs: dict[str, Any],
        call_type: object,  # noqa: ARG002 - as LiteLLM calls it
    ) -> dict[str, Any]:
        """Return the arguments of one call to a provider."""
        given = dict(kwargs)
        integration, space = given.pop("ai_integration", None), given.pop("ai_integration_space", None)
        if integration is None:
            return given
        # Beside the loop: the first time, and after a change, it waits for the service.
        resolved = await asyncio.to_thread(partial(resolve, integration, space=space))
        arguments = litellm_arguments(resolved, str(given["model"]).rpartition("/")[2])
        # A client that the proxy keeps for the model would use the model's own key.
        return {**given, "client": None, **arguments}


callback = ResolvingCallback()
