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
from ai_integrations.key_access.outbound.http_messages import OutboundRequest

_ANTHROPIC_VERSION = {"anthropic-version": "2023-06-01"}
_PROMPT = "Hi"
_LIST_BYTES = 4096  # only the status of a list matters, and the message of an error
_COMPLETION_BYTES = 262_144


@dataclass(frozen=True, kw_only=True)
class ProviderAccess:
    """How to call an integration's provider: the address of its API, and headers. `repr` omits the headers.

    `common_headers` are part of every request, `credential_headers` only of requests with credentials.
    """

    probe: Probe
    api: str
    common_headers: Mapping[str, str] = field(repr=False)
    credential_headers: Mapping[str, str] = field(repr=False)

    def add_headers(self, request: OutboundRequest, *, with_credentials: bool) -> OutboundRequest:
        """Add the integration's headers to a request, with or without the credentials."""
        credentials = self.credential_headers if with_credentials else {}
        return replace(request, headers={**request.headers, **self.common_headers, **credentials})

    def models_request(self) -> OutboundRequest:
        """Build the request that lists models, which is free of charge."""
        return OutboundRequest(
            method="GET", url=f"{self.api}/models", headers=self._protocol_headers(), max_bytes=_LIST_BYTES
        )

    def completion_request(self, model: str) -> OutboundRequest:
        """Build the cheapest completion request that the provider supports."""
        path, body = _COMPLETION_REQUESTS[self.probe.dialect](self.probe, model)
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
        return isinstance(document, dict) and isinstance(document.get(_COMPLETION_FIELDS[self.probe.dialect]), list)

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
    headers = dict(integration.headers or {})
    if key is None:
        return ProviderAccess(probe=probe, api=endpoints.api, common_headers={}, credential_headers=headers)
    key_headers = _key_headers(probe, integration.auth_type, key.get_secret_value())
    replaced = {name.lower() for name in headers}
    credentials = {name: value for name, value in key_headers.items() if name.lower() not in replaced}
    if integration.auth_type is AuthType.PROXY_WITH_HEADERS or not credentials:
        credentials, headers = {**credentials, **headers}, {}
    return ProviderAccess(probe=probe, api=endpoints.api, common_headers=headers, credential_headers=credentials)


def collect_secrets(integration: Integration, key: SecretStr | None) -> list[str]:
    """Collect the values of a request that must not be shown: key, external ID and header values."""
    external_id = (integration.provider_metadata or {}).get("external_id", "")
    return [key.get_secret_value() if key else "", external_id, *(integration.headers or {}).values()]


def _key_headers(probe: Probe, auth_type: AuthType, key: str) -> dict[str, str]:
    if auth_type is AuthType.BEARER_TOKEN:
        return {"Authorization": f"Bearer {key}"}
    return {probe.key_header: f"{probe.key_prefix}{key}"}


def _openai_completion(probe: Probe, model: str) -> tuple[str, dict[str, Any]]:
    limit, tokens = probe.limit
    return "/chat/completions", {"model": model, "messages": [{"role": "user", "content": _PROMPT}], limit: tokens}


def _anthropic_completion(_probe: Probe, model: str) -> tuple[str, dict[str, Any]]:
    return "/messages", {"model": model, "messages": [{"role": "user", "content": _PROMPT}], "max_tokens": 1}


def _gemini_completion(_probe: Probe, model: str) -> tuple[str, dict[str, Any]]:
    body = {"contents": [{"parts": [{"text": _PROMPT}]}], "generationConfig": {"maxOutputTokens": 1}}
    return f"/models/{quote(model.removeprefix('models/'), safe='')}:generateContent", body


_COMPLETION_REQUESTS: dict[Dialect, Callable[[Probe, str], tuple[str, dict[str, Any]]]] = {
    Dialect.OPEN_AI: _openai_completion,
    Dialect.ANTHROPIC: _anthropic_completion,
    Dialect.GEMINI: _gemini_completion,
}
_COMPLETION_FIELDS = {Dialect.OPEN_AI: "choices", Dialect.ANTHROPIC: "content", Dialect.GEMINI: "candidates"}
