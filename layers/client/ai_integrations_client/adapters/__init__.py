"""Arguments for the client libraries of providers: `OpenAI(**openai_arguments(resolved))`.

Address and credentials are the integration's, whatever the environment holds. Libraries read environment variables that
replace or join their arguments. An adapter passes arguments that override them. Where a library has no such argument,
the adapter raises UnsuitableError, which names the variable. docs/consuming.md lists the variables.

| auth type | credentials |
|---|---|
| DEFAULT | the key, as the library sends it by default |
| BEARER_TOKEN | the key as `Authorization: Bearer`, even if the library uses a different header by default |
| PROXY_WITH_HEADERS | the integration's headers; a stored key is sent too, as with DEFAULT |

The integration's headers are part of every request and replace headers of the same name that a library would send. If
there is no key, libraries that require one get NO_KEY. An integration without a key may have access tokens. They are
sent as `Authorization: Bearer`, whatever the auth type. Adapters that accept a function instead of a resolution build
clients that renew them.

Modules: {settings | environment} <- renewal <- {openai | anthropic | google_genai | bedrock} <- litellm.
"""

from ai_integrations_client.adapters.anthropic import anthropic_arguments
from ai_integrations_client.adapters.bedrock import bedrock_arguments, bedrock_region
from ai_integrations_client.adapters.google_genai import google_genai_arguments
from ai_integrations_client.adapters.litellm import LITELLM_PREFIXES, litellm_arguments
from ai_integrations_client.adapters.openai import OPENAI_PROTOCOL, azure_openai_arguments, openai_arguments
from ai_integrations_client.adapters.settings import NO_KEY

__all__ = [
    "LITELLM_PREFIXES",
    "NO_KEY",
    "OPENAI_PROTOCOL",
    "anthropic_arguments",
    "azure_openai_arguments",
    "bedrock_arguments",
    "bedrock_region",
    "google_genai_arguments",
    "litellm_arguments",
    "openai_arguments",
]
