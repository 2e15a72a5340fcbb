"""Where an integration sends its credentials, and which credentials may go there (ADR 36)."""

import re
from collections.abc import Mapping
from typing import NamedTuple
from urllib.parse import urlsplit

from ai_integrations.domain.endpoints import Endpoints, endpoints_of, is_own_root
from ai_integrations.domain.model import AuthType, Integration, Settings
from ai_integrations.domain.providers import AWS, PROVIDERS
from ai_integrations.domain.url_policy import DEFAULT_PORTS, extract_host, extract_port

# A header with one of these words in its name can choose the server behind a gateway or a reverse proxy:
# - Helicone-Target-URL, Helicone-OpenAI-Api-Base, Helicone-Fallbacks (https://docs.helicone.ai/helicone-headers)
# - x-portkey-custom-host, -provider, -config, -virtual-key, -azure-resource-name, -aws-region
#   (https://portkey.ai/docs/api-reference/inference-api/headers)
# - X-Target-URL, X-Upstream-Host, X-Forwarded-Host, X-Backend, X-Route, X-Api-Base, X-Domain, …
# X-OpenRouter-Title and -Categories only describe an app (https://openrouter.ai/docs/app-attribution).
_ROUTING_WORDS = (
    r"address|authority|backend|base|config|destination|domain|endpoint|fallback|forward|gateway|host|location|origin"
    r"|provider|proxy|redirect|region|resource|(?<!open)rout|server|target|upstream|(?<![a-z])uri|url|virtual"
)

# AWS recommends letters, digits, blanks and + - = . _ : / @ for tags, so the form without `*` is the documented one
# (https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_TagResource.html).
_LISTED_HOST = r"(\*(?=\.))?(?P<name>(\.[a-z0-9_-]+){2,}|[a-z0-9_-]+(\.[a-z0-9_-]+)*)(:(?P<port>[0-9]{1,5}))?"
_NAMED_HOST = r"((?P<scheme>https?)://)?(?P<name>[a-z0-9_-]+(\.[a-z0-9_-]+)*)(:(?P<port>[0-9]{1,5}))?(/[\w./~-]*)?"


class Destination(NamedTuple):
    """The place that a key is bound to. `metadata` is the part of `provider_metadata` that selects it."""

    provider: str
    address: Endpoints | str | None
    metadata: Mapping[str, str | None]


class _Origin(NamedTuple):
    host: str
    port: int


def destination_of(settings: Settings) -> Destination:
    """Determine where an integration's requests go. Two notations of one place are equal."""
    kind, metadata = PROVIDERS[settings.provider].metadata, settings.provider_metadata or {}
    located = {name: metadata.get(name) for name in kind.address_fields} if kind else {}
    return Destination(settings.provider, _endpoints(settings) or settings.base_url, located)


def redirects(current: Settings, changed: Settings) -> bool:
    """Check whether a change could send a kept key to another place: another address, or other headers.

    Headers may be removed, except those that name a destination. Other values are accepted for names that stay.
    """
    old, new = _folded(current.headers), _folded(changed.headers)
    return (
        destination_of(current) != destination_of(changed)
        or not new.keys() <= old.keys()
        or _routing_headers(old) != _routing_headers(new)
    )


def uses_headers_as_credentials(integration: Integration) -> bool:
    """Check whether an integration's headers take the place of a key, or are sent as credentials beside it."""
    has_others = integration.secret is not None or integration.federation is not None
    return not has_others or integration.auth_type is AuthType.PROXY_WITH_HEADERS


def may_receive(settings: Settings, hosts: str | None) -> bool:
    """Check whether a referenced secret may be sent to an integration's provider.

    `hosts` is the tag in which the secret's owner lists hosts, separated by blanks: `api.example.com`,
    `gateway.example.com:8443`, or `.openai.azure.com` for every name below a domain. Without a port, 443 is meant.
    Headers that name a destination must name listed hosts, too. Without the tag (None), only the provider's own address
    may receive the secret.
    """
    endpoints = _endpoints(settings)
    if hosts is None:
        uses_aws_endpoint = settings.base_url is None and PROVIDERS[settings.provider].metadata is AWS
        return uses_aws_endpoint if endpoints is None else is_own_root(settings.provider, endpoints.root)
    named = map(_named_origin, _routing_headers(_folded(settings.headers)).values())
    targets = [endpoints and _origin(endpoints.root), *named]
    listed = [entry for each in hosts.lower().split() if (entry := re.fullmatch(_LISTED_HOST, each))]
    return all(target is not None and any(_matches(entry, target) for entry in listed) for target in targets)


def _endpoints(settings: Settings) -> Endpoints | None:
    return endpoints_of(settings.provider, settings.base_url, settings.provider_metadata)


def _folded(headers: Mapping[str, str] | None) -> Mapping[str, str]:
    return {name.lower(): value for name, value in (headers or {}).items()}


def _routing_headers(folded: Mapping[str, str]) -> Mapping[str, str]:
    return {name: value for name, value in folded.items() if re.search(_ROUTING_WORDS, name)}


def _origin(url: str) -> _Origin:
    parts = urlsplit(url)
    return _Origin(extract_host(parts), extract_port(parts))


def _named_origin(header_value: str) -> _Origin | None:
    """Read the host in a header's value, or None if the value is anything but one host or plain URL."""
    found = re.fullmatch(_NAMED_HOST, header_value.lower())
    if found is None:
        return None
    return _Origin(found["name"], int(found["port"] or DEFAULT_PORTS[found["scheme"] or "https"]))


def _matches(entry: re.Match[str], target: _Origin) -> bool:
    name = entry["name"]
    is_host = target.host.endswith(name) if name.startswith(".") else target.host == name
    return is_host and target.port == int(entry["port"] or DEFAULT_PORTS["https"])
