"""The parts of an integration that every adapter passes on: address, key and headers."""

from collections.abc import Container
from typing import Literal

from ai_integrations_client.errors import UnsuitableError
from ai_integrations_client.resolved import ResolvedIntegration

NO_KEY = "no-key"
_BEARER_TOKEN = "BEARER_TOKEN"  # noqa: S105 - an auth type
_NO_ENDPOINT = (
    "The service returned no endpoint. If there is no base_url and the provider has no default address, set base_url. "
    "Otherwise deploy the current version of the service."
)


def require_provider(resolved: ResolvedIntegration, providers: Container[str], feature: str) -> None:
    """Raise UnsuitableError for other providers."""
    if resolved.provider not in providers:
        raise UnsuitableError(f"The provider is {resolved.provider}, which does not support {feature}.", resolved.name)


def endpoint(resolved: ResolvedIntegration, kind: Literal["root", "api", "openai"]) -> str:
    """Get the address that a library wants; UnsuitableError if there is none."""
    address: str | None = getattr(resolved.endpoints, kind, None)
    if address is None:
        raise UnsuitableError(_NO_ENDPOINT, resolved.name)
    return address


def key_of(resolved: ResolvedIntegration) -> str:
    """Reveal the access token or the key, or get the placeholder."""
    if resolved.access_token:
        return resolved.access_token.value.reveal()
    return resolved.api_key.reveal() if resolved.api_key else NO_KEY


def uses_bearer_token(resolved: ResolvedIntegration) -> bool:
    """Check whether the key is sent as `Authorization: Bearer`, as access tokens always are."""
    return resolved.access_token is not None or resolved.auth_type == _BEARER_TOKEN


def headers_of(resolved: ResolvedIntegration, *replaced: str) -> dict[str, str]:
    """Copy the headers of the integration and its access token, with those in `replaced` spelled as the library does.

    A library replaces its own header only if the case matches; otherwise it would send both. The access token's headers
    are lists (`anthropic-beta`), which are joined with the integration's own.
    """
    spelling = {name.lower(): name for name in replaced}
    headers = {spelling.get(name.lower(), name): value for name, value in resolved.headers.items()}
    for name, value in (resolved.access_token.headers if resolved.access_token else {}).items():
        own = next((each for each in headers if each.lower() == name.lower()), name)
        headers[own] = ",".join(dict.fromkeys(filter(None, [*headers.get(own, "").split(","), value])))
    return headers
