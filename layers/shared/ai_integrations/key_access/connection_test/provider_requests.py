"""The HTTP requests that test a provider: address, headers, body, and the form of a valid response."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any
from urllib.parse import quote

from pydantic import SecretStr

from ai_integrations.domain.endpoints import endpoints_of
from ai_integrations.domain.model import AuthType, Integration
from ai_integrations.domain.providers import PROVIDERS, Dialect, Probe
from ai_integrations.key_access.connection_test.listed_models import MAX_MODELS
from ai_integrations.key_access.outbound.http_messages import OutboundRequest

_ANTHROPIC_VERSION = {"anthropic-version": "2023-06-01"}
_PROMPT = "Hi"
_LIST_BYTES = 1_048_576  # hundreds of models, with prices and descriptions
_COMPLETION_BYTES = 262_144


@dataclass(frozen=True, kw_only=True)
class ProviderAccess:
    """How to call an integration's provider: the address of its API, and headers. `repr` omits the headers.

    `resource` is the path of the project and location, which requests to Vertex AI contain.
    `common_headers` are part of every request, `credential_headers` only of requests with credentials.
    """

    probe: Probe
    api: str
    resource: str
    common_headers: Mapping[str, str] = field(repr=False)
    credential_headers: Mapping[str, str] = field(repr=False)

    def add_headers(self, request: OutboundRequest, *, with_credentials: bool) -> OutboundRequest:
        """Add the integration's headers to a request, with or without the credentials."""
        credentials = self.credential_headers if with_credentials else {}
        return replace(request, headers={**request.headers, **self.common_headers, **credentials})

    def models_request(self) -> OutboundRequest:
        """Build the request that lists models, or endpoints in Vertex AI. Both are free of charge."""
        return OutboundRequest(
            method="GET",
            url=f"{self.api}{_LIST_PATHS[self.probe.dialect].format(resource=self.resource)}",
            headers=self._protocol_headers(),
            max_bytes=_LIST_BYTES,
        )

    def completion_request(self, model: str) -> OutboundRequest:
        """Build the cheapest completion request that the provider supports."""
        path, body = _COMPLETION_REQUESTS[self.probe.dialect](self, model)
        return OutboundRequest(
            method="POST",
            url=f"{self.api}{path}",
            headers=self._protocol_headers(),
            body=json.dumps(body).encode(),
            max_bytes=_COMPLETION_BYTES,
        )

    def is_completion(self, body: bytes) -> bool:
        """Check whether a body is a completion, and not just any page with status 200."""
        try:
            document = json.loads(body)
        except (ValueError, RecursionError):
            return False
        fields = _COMPLETION_FIELDS[self.probe.dialect]
        return isinstance(document, dict) and any(isinstance(document.get(each), list) for each in fields)

    def _protocol_headers(self) -> Mapping[str, str]:
        return _ANTHROPIC_VERSION if self.probe.dialect is Dialect.ANTHROPIC else {}


def build_access(integration: Integration, key: SecretStr | None) -> ProviderAccess | None:
    """Combine an integration with a key; None if there is no endpoint.

    The key is the credential. Without a key, and with `proxy_with_headers`, the integration's headers are credentials
    too. A header of the integration replaces the provider's header of the same name.
    """
    probe = PROVIDERS[integration.provider].probe
    endpoints = endpoints_of(integration.provider, integration.base_url, integration.provider_metadata)
    if endpoints is None:
        return None
    key_headers = _key_headers(probe, integration.auth_type, key.get_secret_value()) if key else {}
    common, credentials = _divide_headers(integration, key_headers)
    return ProviderAccess(
        probe=probe,
        api=endpoints.api,
        resource=_resource_of(integration.provider_metadata or {}),
        common_headers=common,
        credential_headers=credentials,
    )


def with_token(access: ProviderAccess, integration: Integration, token: SecretStr) -> ProviderAccess:
    """Replace the credentials by an access token. The provider's header for keys is not sent.

    The headers that the token requires are lists, and are joined with the integration's own, as by the client package.
    """
    federation = PROVIDERS[integration.provider].federation
    required = dict(federation.headers) if federation else {}
    own = {
        name: f"{value},{required[name.lower()]}" if name.lower() in required else value
        for name, value in (integration.headers or {}).items()
    }
    token_headers = {"Authorization": f"Bearer {token.get_secret_value()}", **required}
    common, credentials = _divide_headers(replace(integration, headers=own), token_headers)
    return replace(access, common_headers=common, credential_headers=credentials)


def collect_secrets(integration: Integration, key: SecretStr | None) -> list[str]:
    """Collect the values of a request that must not be shown: key or token, external ID and header values."""
    external_id = (integration.provider_metadata or {}).get("external_id", "")
    return [key.get_secret_value() if key else "", external_id, *(integration.headers or {}).values()]


def _key_headers(probe: Probe, auth_type: AuthType, key: str) -> dict[str, str]:
    if auth_type is AuthType.BEARER_TOKEN:
        return {"Authorization": f"Bearer {key}"}
    return {probe.key_header: f"{probe.key_prefix}{key}"}


def _divide_headers(
    integration: Integration, credentials: Mapping[str, str]
) -> tuple[Mapping[str, str], Mapping[str, str]]:
    """Divide the headers of a request into those of every request, and those of requests with credentials."""
    headers = dict(integration.headers or {})
    replaced = {name.lower() for name in headers}
    remaining = {name: value for name, value in credentials.items() if name.lower() not in replaced}
    if integration.auth_type is AuthType.PROXY_WITH_HEADERS or not remaining:
        return {}, {**remaining, **headers}
    return headers, remaining


def _resource_of(metadata: Mapping[str, str]) -> str:
    project, location = (quote(metadata.get(name, ""), safe=":") for name in ("project_id", "location"))
    return f"/projects/{project}/locations/{location}"


def _openai_completion(access: ProviderAccess, model: str) -> tuple[str, dict[str, Any]]:
    limit, tokens = access.probe.limit
    return "/chat/completions", {"model": model, "messages": [{"role": "user", "content": _PROMPT}], limit: tokens}


def _anthropic_completion(_access: ProviderAccess, model: str) -> tuple[str, dict[str, Any]]:
    return "/messages", {"model": model, "messages": [{"role": "user", "content": _PROMPT}], "max_tokens": 1}


def _gemini_completion(_access: ProviderAccess, model: str) -> tuple[str, dict[str, Any]]:
    body = {"contents": [{"role": "user", "parts": [{"text": _PROMPT}]}], "generationConfig": {"maxOutputTokens": 1}}
    return f"/models/{quote(model.removeprefix('models/'), safe='')}:generateContent", body


def _vertex_completion(access: ProviderAccess, model: str) -> tuple[str, dict[str, Any]]:
    """Build a request of the model's publisher: Google's own, Anthropic's, or the OpenAI-compatible one of the others.

    https://docs.cloud.google.com/vertex-ai/generative-ai/docs/model-reference/inference
    https://platform.claude.com/docs/en/build-with-claude/claude-on-vertex-ai
    https://docs.cloud.google.com/vertex-ai/generative-ai/docs/migrate/openai/examples
    """
    publisher, _, name = model.removeprefix("publishers/").replace("/models/", "/").rpartition("/")
    publisher = publisher or ("anthropic" if name.startswith("claude") else "google")
    if publisher == "google":
        path, body = _gemini_completion(access, name)
        return f"{access.resource}/publishers/google{path}", body
    if publisher == "anthropic":
        _, messages = _anthropic_completion(access, name)
        body = {**messages, "anthropic_version": "vertex-2023-10-16"}
        del body["model"]
        return f"{access.resource}/publishers/anthropic/models/{quote(name, safe='@')}:rawPredict", body
    path, body = _openai_completion(access, f"{publisher}/{name}")
    return f"{access.resource}/endpoints/openapi{path}", body


# Without a size, pages have 20 models (https://platform.claude.com/docs/en/api/models/list) or 50
# (https://ai.google.dev/api/models).
_LIST_PATHS = {
    Dialect.OPEN_AI: "/models",
    Dialect.ANTHROPIC: f"/models?limit={MAX_MODELS}",
    Dialect.GEMINI: f"/models?pageSize={MAX_MODELS}",
    Dialect.VERTEX: "{resource}/endpoints?pageSize=1",
}
_COMPLETION_REQUESTS: dict[Dialect, Callable[[ProviderAccess, str], tuple[str, dict[str, Any]]]] = {
    Dialect.OPEN_AI: _openai_completion,
    Dialect.ANTHROPIC: _anthropic_completion,
    Dialect.GEMINI: _gemini_completion,
    Dialect.VERTEX: _vertex_completion,
}
_COMPLETION_FIELDS = {
    Dialect.OPEN_AI: ("choices",),
    Dialect.ANTHROPIC: ("content",),
    Dialect.GEMINI: ("candidates",),
    Dialect.VERTEX: ("candidates", "content", "choices"),
}
