"""Where stored keys, stored headers and referenced secrets may be sent."""

from typing import Any

import pytest

from ai_integrations.domain.destinations import destination_of, may_receive, redirects
from tests.builders import the_settings

GATEWAY = "https://gateway.example.com/team-a/v1"
PROJECT = {"project_id": "search", "location": "europe-west3", "project_access_label": "team"}
ROLE = {"role_arn": "arn:aws:iam::123456789012:role/Bedrock"}


def custom(base_url: str | None = GATEWAY, **changes: Any) -> dict[str, Any]:
    return {"provider": "CUSTOM", "base_url": base_url, **changes}


def vertex(**metadata: str) -> dict[str, Any]:
    return {"provider": "VERTEX_AI", "provider_metadata": PROJECT | metadata}


SAME_PLACE = {
    "own address given explicitly": ({}, {"base_url": "https://api.openai.com/v1"}),
    "own address with port and trailing slash": ({}, {"base_url": "https://API.openai.com.:443/v1/"}),
    "regional address given explicitly": (
        vertex(),
        vertex() | {"base_url": "https://europe-west3-aiplatform.googleapis.com"},
    ),
    "own address without its version": ({}, {"base_url": "https://api.openai.com"}),
    "version of the provider's API": (
        {"provider": "ANTHROPIC", "base_url": "https://gateway.example.com/team-a"},
        {"provider": "ANTHROPIC", "base_url": GATEWAY},
    ),
    "global address given explicitly": (
        vertex(location="global"),
        vertex(location="global") | {"base_url": "https://aiplatform.googleapis.com"},
    ),
    "address of a multi-region given explicitly": (
        vertex(location="eu"),
        vertex(location="eu") | {"base_url": "https://aiplatform.eu.rep.googleapis.com"},
    ),
    "another notation of an IPv4 address": (custom("https://8.8.8.8/v1"), custom("https://8.8.2056/v1")),
    "another notation of an IPv6 address": (
        custom("https://[2606:4700:4700::1111]/v1"),
        custom("https://[2606:4700:4700:0::1111]:443/v1"),
    ),
    "default port": (custom(), custom("https://gateway.example.com:443/team-a/v1")),
    "default port of http": (custom("http://gateway.corp/v1"), custom("http://gateway.corp:80/v1")),
    "trailing slash": (custom(), custom(GATEWAY + "/")),
    "case of the host and a trailing dot": (custom(), custom("https://GATEWAY.example.com./team-a/v1")),
    "kind of the metadata": (vertex(), vertex(kind="GCP")),
    "label of the metadata": (vertex(), vertex(project_access_label="other")),
    "metadata missing, as in values older than the rules": ({"provider": "VERTEX_AI"}, {"provider": "VERTEX_AI"}),
    "other settings": ({}, {"name": "x", "model_names": ("m",), "enable_default_models": True}),
}
OTHER_PLACE = {
    "provider": (custom(), custom(provider="LITELLM")),
    "own address instead of a base_url": ({"base_url": GATEWAY}, {}),
    "base_url instead of the own address": ({}, {"base_url": GATEWAY}),
    "host that starts like the own host": ({}, {"base_url": "https://api.openai.com.evil.example/v1"}),
    "other port of the own host": ({}, {"base_url": "https://api.openai.com:8443/v1"}),
    "own address with http": ({}, {"base_url": "http://api.openai.com/v1"}),
    "resource of another customer": (
        {"provider": "AZURE_OPEN_AI", "base_url": "https://a.openai.azure.com"},
        {"provider": "AZURE_OPEN_AI", "base_url": "https://b.openai.azure.com"},
    ),
    "address of another region": (vertex(), vertex() | {"base_url": "https://us-central1-aiplatform.googleapis.com"}),
    "other IPv4 address": (custom("https://8.8.8.8/v1"), custom("https://8.8.4.4/v1")),
    "host": (custom(), custom("https://other.example.com/team-a/v1")),
    "subdomain": (custom(), custom("https://eu.gateway.example.com/team-a/v1")),
    "port": (custom(), custom("https://gateway.example.com:8443/team-a/v1")),
    "scheme": (custom(), custom("http://gateway.example.com:443/team-a/v1")),
    "path": (custom(), custom("https://gateway.example.com/team-b/v1")),
    "longer path": (custom(), custom("https://gateway.example.com/team-a/v1/relay")),
    "case of the path": (custom(), custom("https://gateway.example.com/Team-A/v1")),
    "no base_url": (custom(), custom(None)),
    "location": (vertex(), vertex(location="us-central1")),
    "location beside a base_url": (
        vertex() | {"base_url": GATEWAY},
        vertex(location="us-central1") | {"base_url": GATEWAY},
    ),
    "project": (vertex(), vertex(project_id="other")),
    # Stored values that are older than the rules for them.
    "location that no address can contain": (
        vertex(location="Europe") | {"base_url": GATEWAY},
        vertex(location="America") | {"base_url": GATEWAY},
    ),
    "project that no address can contain": (vertex(project_id="Search"), vertex(project_id="Other")),
    "port that no address can have": (custom("https://example.com:99998"), custom("https://example.com:99999")),
}


@pytest.mark.parametrize(("one", "other"), SAME_PLACE.values(), ids=SAME_PLACE)
def test_destination_is_equal_for_every_notation_of_one_place(one: dict[str, Any], other: dict[str, Any]) -> None:
    assert destination_of(the_settings(**one)) == destination_of(the_settings(**other))
    assert not redirects(the_settings(**one), the_settings(**other))


@pytest.mark.parametrize(("one", "other"), OTHER_PLACE.values(), ids=OTHER_PLACE)
def test_destination_differs_for_another_place(one: dict[str, Any], other: dict[str, Any]) -> None:
    assert destination_of(the_settings(**one)) != destination_of(the_settings(**other))
    assert redirects(the_settings(**one), the_settings(**other))


# Headers of gateways and proxies that choose the server behind them.
ROUTING_HEADERS = [
    "Forwarded",
    "Helicone-Fallbacks",
    "Helicone-OpenAI-Api-Base",
    "Helicone-Target-URL",
    "Host",
    "X-Address",
    "X-Api-Base",
    "X-Authority",
    "X-Backend",
    "X-Backend-Address",
    "X-Destination",
    "X-Domain",
    "X-Endpoint",
    "X-Forwarded-Host",
    "X-Gateway",
    "X-Origin",
    "X-Original-Url",
    "X-Portkey-Aws-Region",
    "X-Portkey-Azure-Resource-Name",
    "X-Portkey-Config",
    "X-Portkey-Custom-Host",
    "X-Portkey-Provider",
    "X-Portkey-Virtual-Key",
    "X-Proxy",
    "X-Redirect",
    "X-Route-To",
    "X-Server",
    "X-Target-URL",
    "X-TargetUri",
    "x_upstream",
    "X-Upstream-Host",
    "X-Uri",
    "X-Url",
    "X-Vertex-Location",
]
HEADERS = {"X-Team": "search", "Helicone-Auth": "fake-1"}
KEPT = {
    "equal": (HEADERS, {**HEADERS}),
    "another order": (HEADERS, dict(reversed(HEADERS.items()))),
    "another case of the names": (HEADERS, {name.upper(): value for name, value in HEADERS.items()}),
    "another value": (HEADERS, HEADERS | {"Helicone-Auth": "fake-2"}),
    "another title of an app": ({"X-OpenRouter-Title": "Search"}, {"X-OpenRouter-Title": "Search EU"}),
    "one removed": (HEADERS, {"X-Team": "search"}),
    "all removed": (HEADERS, None),
    "empty instead of absent": (None, {}),
    "equal header that names a destination": ({"Helicone-Target-URL": "https://a.example.com"},) * 2,
}


@pytest.mark.parametrize(("old", "new"), KEPT.values(), ids=KEPT)
def test_headers_that_name_no_destination_may_change_or_disappear(
    old: dict[str, str] | None, new: dict[str, str] | None
) -> None:
    assert not redirects(the_settings(headers=old), the_settings(headers=new))


@pytest.mark.parametrize(("old", "new"), [(None, HEADERS), ({}, HEADERS), (HEADERS, HEADERS | {"X-New": "1"})])
def test_added_header_redirects(old: dict[str, str] | None, new: dict[str, str]) -> None:
    assert redirects(the_settings(headers=old), the_settings(headers=new))


@pytest.mark.parametrize("name", ROUTING_HEADERS)
@pytest.mark.parametrize("new", [{"X-Team": "search"}, None], ids=["removed", "removed with all headers"])
def test_changed_or_removed_routing_header_redirects(name: str, new: dict[str, str] | None) -> None:
    old = {"X-Team": "search", name: "https://a.example.com"}
    assert redirects(the_settings(headers=old), the_settings(headers=old | {name: "https://b.example.com"}))
    assert redirects(the_settings(headers=old), the_settings(headers=new))


WITHOUT_TAG = {
    "own address": ({}, True),
    "own address given explicitly": ({"base_url": "https://api.openai.com/v1"}, True),
    "own address of a region": (vertex(), True),
    "own address of another region": (vertex() | {"base_url": "https://us-central1-aiplatform.googleapis.com"}, True),
    "own host in another area": ({"base_url": "https://eu.api.openai.com/v1"}, True),
    "AWS endpoint of a region": (
        {"provider": "AWS_BEDROCK", "base_url": "https://bedrock-runtime.eu-central-1.amazonaws.com"},
        True,
    ),
    "AWS endpoint with an invalid port": (
        {"provider": "AWS_BEDROCK", "base_url": "https://bedrock-runtime.eu-central-1.amazonaws.com:99999"},
        False,
    ),
    "host of another AWS service": (
        {"provider": "AWS_BEDROCK", "base_url": "https://abc123.execute-api.eu-central-1.amazonaws.com"},
        False,
    ),
    "http": ({"base_url": "http://api.openai.com/v1"}, False),
    "AWS's own endpoints": ({"provider": "AWS_BEDROCK", "provider_metadata": ROLE}, True),
    "own server": ({"base_url": GATEWAY}, False),
    "other port of the own host": ({"base_url": "https://api.openai.com:8443/v1"}, False),
    "own host of another provider": ({"base_url": "https://api.anthropic.com"}, False),
    "host that ends like the own host": ({"base_url": "https://evil-api.openai.com.example.com/v1"}, False),
    "custom server": (custom(), False),
    "custom server without a base_url": (custom(None), False),
    "LiteLLM": (custom(provider="LITELLM"), False),
    "Azure without a base_url": ({"provider": "AZURE_OPEN_AI"}, False),
    "Azure": ({"provider": "AZURE_OPEN_AI", "base_url": "https://team.openai.azure.com"}, False),
}


@pytest.mark.parametrize(("settings", "allowed"), WITHOUT_TAG.values(), ids=WITHOUT_TAG)
def test_referenced_secret_without_a_tag_is_sent_to_the_own_address_only(
    settings: dict[str, Any], *, allowed: bool
) -> None:
    assert may_receive(the_settings(**settings), None) is allowed


LISTED = {
    "host": ("gateway.example.com", True),
    "host in upper case": ("Gateway.Example.com", True),
    "one of several hosts": ("api.openai.com  gateway.example.com a.example.org", True),
    "host with its port": ("gateway.example.com:443", True),
    "domain": (".example.com", True),
    "domain with its port": (".example.com:443", True),
    "nothing": ("", False),
    "other host": ("api.example.com", False),
    "other port": ("gateway.example.com:8443", False),
    "other port of a domain": (".example.com:8443", False),
    "parent host": ("example.com", False),
    "end of the host": ("way.example.com", False),
    "start of the host": ("gateway.example", False),
    "domain of the host itself": (".gateway.example.com", False),
    "top-level domain": (".com", False),
    "dot": (".", False),
    "wildcard": ("*.example.com", True),
    "wildcard of the host itself": ("*.gateway.example.com", False),
    "wildcard of a top-level domain": ("*.com", False),
    "wildcard before a name": ("*gateway.example.com", False),
    "wildcard inside a name": ("gateway.*.com", False),
    "wildcard alone": ("*", False),
    "URL": ("https://gateway.example.com", False),
    "path": ("gateway.example.com/team-a", False),
    "user": ("gateway.example.com@example.org", False),
    "comma": ("api.example.com,gateway.example.com", False),
}


@pytest.mark.parametrize(("hosts", "allowed"), LISTED.values(), ids=LISTED)
def test_referenced_secret_with_a_tag_is_sent_to_listed_hosts_only(hosts: str, *, allowed: bool) -> None:
    assert may_receive(the_settings(**custom()), hosts) is allowed


@pytest.mark.parametrize(
    ("settings", "hosts", "allowed"),
    [
        pytest.param(custom("https://gateway.example.com:8443"), "gateway.example.com:8443", True, id="listed port"),
        pytest.param(custom("https://gateway.example.com:8443"), "gateway.example.com", False, id="port not listed"),
        pytest.param(custom("http://gateway.corp"), "gateway.corp", False, id="http without its port"),
        pytest.param(custom("http://gateway.corp"), "gateway.corp:80", True, id="http with its port"),
        pytest.param({}, "gateway.example.com", False, id="own address, not listed"),
        pytest.param({}, "api.openai.com", True, id="own address, listed"),
        pytest.param(custom(None), "gateway.example.com", False, id="no address"),
        pytest.param({"provider": "AWS_BEDROCK"}, ".amazonaws.com", False, id="region not known"),
        pytest.param(vertex(), ".googleapis.com", True, id="own address of a region, listed"),
        pytest.param(custom("https://[2606:4700::1]/"), "2606:4700::1", False, id="IPv6 address"),
    ],
)
def test_tag_replaces_the_own_address_and_applies_to_the_port(
    settings: dict[str, Any], hosts: str, *, allowed: bool
) -> None:
    assert may_receive(the_settings(**settings), hosts) is allowed


HOSTS = "gateway.example.com api.openai.com openai"
ROUTES = {
    "listed URL": ("https://api.openai.com/v1", True),
    "listed host": ("api.openai.com", True),
    "listed host with its port": ("API.openai.com:443", True),
    "listed word": ("openai", True),
    "other URL": ("https://evil.example.org", False),
    "other word": ("anthropic", False),
    "other port": ("api.openai.com:8443", False),
    "http": ("http://api.openai.com", False),
    "user in the URL": ("https://api.openai.com@evil.example.org", False),
    "backslash in the URL": ("https://evil.example.org\\.api.openai.com", False),
    "fragment in the URL": ("https://evil.example.org#.api.openai.com", False),
    "two URLs": ("https://api.openai.com, https://evil.example.org", False),
    "JSON": ('{"target-url": "https://api.openai.com"}', False),
    "empty": ("", False),
}


@pytest.mark.parametrize(("value", "allowed"), ROUTES.values(), ids=ROUTES)
def test_header_that_names_a_destination_must_name_a_listed_host(value: str, *, allowed: bool) -> None:
    headers = {"X-Team": "https://evil.example.org", "Helicone-Target-URL": value}
    assert may_receive(the_settings(**custom(headers=headers)), HOSTS) is allowed


def test_header_that_names_a_listed_host_does_not_replace_the_address() -> None:
    headers = {"Helicone-Target-URL": "https://api.openai.com/v1"}
    elsewhere = the_settings(**custom("https://evil.example.org/v1", headers=headers))
    assert not may_receive(elsewhere, "api.openai.com gateway.example.com")
