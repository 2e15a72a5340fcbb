"""What is asked of a provider to test a connection: where, with which credentials, and how an answer looks."""

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any
from urllib.parse import quote, urlsplit, urlunsplit

from pydantic import SecretStr

from ai_integrations.domain.model import AuthType, Integration
from ai_integrations.domain.providers import PROVIDERS, Dialect, Probe
from ai_integrations.key_access.outbound.http_messages import Request

_PLAIN_LABEL = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
_ANTHROPIC_VERSION = {"anthropic-version": "2023-06-01"}
_PROMPT = "Hi"
_LIST_BYTES = 4096  # of a list of models its status counts; of an error, its first sentence
_COMPLETION_BYTES = 262_144


@dataclass(frozen=True, kw_only=True)
class Access:
    """An integration as its provider sees it: where it is, and which headers open it, which `repr` leaves out."""

    probe: Probe
    base_url: str
    common: Mapping[str, str] = field(repr=False)
    credentials: Mapping[str, str] = field(repr=False)

    def request(self, request: Request, *, opened: bool) -> Request:
        """Return a request with the credentials, or without them, to see whether they make a difference."""
        headers = {**request.headers, **self.common, **(self.credentials if opened else {})}
        return replace(request, headers=headers)

    def models(self) -> Request:
        """Return the request that lists models: it costs nothing."""
        return Request(method="GET", url=self._url("/models"), headers=self._fixed(), max_bytes=_LIST_BYTES)

    def completion(self, model: str) -> Request:
        """Return the least that a model can be asked."""
        path, body = _COMPLETIONS[self.probe.dialect](self.probe, model)
        return Request(
            method="POST",
            url=self._url(path),
            headers={"Content-Type": "application/json", **self._fixed()},
            body=json.dumps(body).encode(),
            max_bytes=_COMPLETION_BYTES,
        )

    def is_completion(self, body: bytes) -> bool:
        """Tell whether an answer is one of a model, and not the page of somebody who answers 200 to everything."""
        try:
            found = json.loads(body)
        except (ValueError, RecursionError):
            return False
        return isinstance(found, dict) and isinstance(found.get(_ANSWERED_IN[self.probe.dialect]), list)

    def _fixed(self) -> Mapping[str, str]:
        return _ANTHROPIC_VERSION if self.probe.dialect is Dialect.ANTHROPIC else {}

    def _url(self, path: str) -> str:
        parts = urlsplit(self.base_url)
        below = parts.path.rstrip("/")
        root = "" if below.endswith(self.probe.root) else self.probe.root
        return urlunsplit(parts._replace(path=f"{below}{root}{path}"))


def access_to(integration: Integration, key: SecretStr | None) -> Access | None:
    """Return the way to an integration's provider; None if nothing says where that is.

    What opens it is the key, or, without one or where a proxy wants them, the integration's own headers.
    """
    probe = PROVIDERS[integration.provider].probe
    base_url = integration.base_url or _own_base_url(probe, integration.provider_metadata or {})
    if base_url is None:
        return None
    headers = dict(integration.headers or {})
    if key is None:
        return Access(probe=probe, base_url=base_url, common={}, credentials=headers)
    opened = _key_headers(probe, integration.auth_type, key.get_secret_value())
    given = {name.lower() for name in headers}
    credentials = {name: value for name, value in opened.items() if name.lower() not in given}
    if integration.auth_type is AuthType.PROXY_WITH_HEADERS or not credentials:
        return Access(probe=probe, base_url=base_url, common={}, credentials={**credentials, **headers})
    return Access(probe=probe, base_url=base_url, common=headers, credentials=credentials)


def secrets_of(integration: Integration, key: SecretStr | None) -> list[str]:
    """Return what must not be shown of what was sent."""
    external_id = (integration.provider_metadata or {}).get("external_id", "")
    return [key.get_secret_value() if key else "", external_id, *(integration.headers or {}).values()]


def _own_base_url(probe: Probe, metadata: Mapping[str, str]) -> str | None:
    if probe.base_url is None or "{location}" not in probe.base_url:
        return probe.base_url
    location = metadata.get("location", "")
    if location == "global":
        return probe.base_url.replace("{location}-", "")
    return probe.base_url.format(location=location) if _PLAIN_LABEL.fullmatch(location) else None


def _key_headers(probe: Probe, auth_type: AuthType, key: str) -> dict[str, str]:
    if auth_type is AuthType.BEARER_TOKEN:
        return {"Authorization": f"Bearer {key}"}
    return {probe.key_header: f"{probe.key_prefix}{key}"}


def _chat(probe: Probe, model: str) -> tuple[str, dict[str, Any]]:
    limit, tokens = probe.limit
    return "/chat/completions", {"model": model, "messages": [{"role": "user", "content": _PROMPT}], limit: tokens}


def _message(_probe: Probe, model: str) -> tuple[str, dict[str, Any]]:
    return "/messages", {"model": model, "messages": [{"role": "user", "content": _PROMPT}], "max_tokens": 1}


def _content(_probe: Probe, model: str) -> tuple[str, dict[str, Any]]:
    body = {"contents": [{"parts": [{"text": _PROMPT}]}], "generationConfig": {"maxOutputTokens": 1}}
    return f"/models/{quote(model.removeprefix('models/'), safe='')}:generateContent", body


_COMPLETIONS: dict[Dialect, Callable[[Probe, str], tuple[str, dict[str, Any]]]] = {
    Dialect.OPEN_AI: _chat,
    Dialect.ANTHROPIC: _message,
    Dialect.GEMINI: _content,
}
_ANSWERED_IN = {Dialect.OPEN_AI: "choices", Dialect.ANTHROPIC: "content", Dialect.GEMINI: "candidates"}
