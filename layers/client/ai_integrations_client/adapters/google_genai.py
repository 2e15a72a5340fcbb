"""Arguments for the client of the package `google-genai`."""

from importlib import import_module
from typing import Any

from ai_integrations_client.adapters.environment import refuse_proxy, refuse_variables
from ai_integrations_client.adapters.renewal import Resolve, current, renewal
from ai_integrations_client.adapters.settings import endpoint, headers_of, key_of, require_provider
from ai_integrations_client.errors import UnsuitableError
from ai_integrations_client.resolved import ResolvedIntegration

# It replaces requests by recorded ones, or records them in a file (google/genai/client.py, `DebugConfig`).
_VARIABLES = ("GOOGLE_GENAI_CLIENT_MODE",)


def google_genai_arguments(resolved: ResolvedIntegration | Resolve) -> dict[str, Any]:
    """Build the arguments of `google.genai.Client` for Vertex AI, for an integration with access tokens.

    Pass a function that resolves, and the client renews them.
    """
    integration = current(resolved)
    require_provider(integration, {"VERTEX_AI"}, "the API of google-genai")
    if integration.access_token is None:
        raise UnsuitableError("There is no access token, which google-genai requires.", integration.name)
    root, api = endpoint(integration, "root"), endpoint(integration, "api")
    refuse_variables(integration, "google-genai", _VARIABLES)
    refuse_proxy(integration, "google-genai", root)
    return {
        "vertexai": True,
        "project": integration.provider_metadata.get("project_id"),
        "location": integration.provider_metadata.get("location"),
        "credentials": _credentials(renewal(resolved, integration) or (lambda: integration)),
        "http_options": {
            "base_url": root,
            "api_version": api.rpartition("/")[2],
            "headers": headers_of(integration),
        },
    }


def _credentials(renew: Resolve) -> Any:  # noqa: ANN401 - the library's type
    base: Any = import_module("google.auth.credentials").Credentials

    class IntegrationCredentials(base):  # type: ignore[misc]
        """Credentials that are resolved for each request.

        google-auth rejects tokens that expire within 225 seconds, and its own classes do not return them.
        """

        expired = True

        def refresh(self, _request: object) -> None:
            self.token = key_of(renew())

        def before_request(self, request: object, _method: str, _url: str, headers: dict[str, str]) -> None:
            self.refresh(request)
            self.apply(headers)

    return IntegrationCredentials()
