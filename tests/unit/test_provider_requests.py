"""The requests of connection tests, and the provider table that they follow."""

import pytest
from pydantic import SecretStr

from ai_integrations.domain.model import AuthType
from ai_integrations.domain.providers import PROVIDERS, Dialect
from ai_integrations.key_access.connection_test.provider_requests import build_access, collect_secrets
from tests.builders import API_KEY, ROOT, an_integration

CONNECTION_TESTS_DOCUMENT = (ROOT / "docs/connection-tests.md").read_text()


def base_url(**changes: object) -> str | None:
    access = build_access(an_integration(**changes), None)
    return access.base_url if access else None


@pytest.mark.parametrize("word", PROVIDERS)
def test_every_provider_documents_limits_of_its_test(word: str) -> None:
    assert PROVIDERS[word].probe.unproved


@pytest.mark.parametrize("word", PROVIDERS)
def test_provider_table_matches_documentation(word: str) -> None:
    probe = PROVIDERS[word].probe
    [row] = [line for line in CONNECTION_TESTS_DOCUMENT.splitlines() if line.startswith(f"| `{word}` ")]
    assert probe.unproved in row
    assert (probe.base_url or "the integration's `base_url`") in row
    if probe.dialect not in {Dialect.BEDROCK, Dialect.UNSUPPORTED}:
        assert f"`{probe.key_header}: {probe.key_prefix}KEY`" in row
        assert f"`{probe.limit[0]}`" in row or probe.dialect is not Dialect.OPEN_AI


@pytest.mark.parametrize(
    ("location", "expected"),
    [
        ("europe-west3", "https://europe-west3-aiplatform.googleapis.com"),
        ("global", "https://aiplatform.googleapis.com"),
        ("example.com/", None),
        ("evil@x", None),
        ("{0.__class__}", None),
        ("", None),
    ],
)
def test_vertex_address_depends_on_location(location: str, expected: str | None) -> None:
    assert base_url(provider="VERTEX_AI", provider_metadata={"location": location}) == expected


def test_base_url_of_integration_overrides_default() -> None:
    assert base_url() == "https://api.openai.com/v1"
    assert base_url(base_url="https://proxy.example.com/v1") == "https://proxy.example.com/v1"


def test_collect_secrets_includes_headers_and_external_id() -> None:
    integration = an_integration(headers={"X-Team": "blue"}, provider_metadata={"external_id": "fake-external"})
    assert set(collect_secrets(integration, None)) == {"", "blue", "fake-external"}


def test_openai_completion_uses_max_completion_tokens() -> None:
    access = build_access(an_integration(), None)
    assert access
    body = access.completion_request("gpt-5").body or b""
    assert b'"max_completion_tokens": 16' in body
    assert b"max_tokens" not in body


def test_provider_access_repr_hides_credentials() -> None:
    integration = an_integration(headers={"X-Team": "fake-header-value"}, auth_type=AuthType.PROXY_WITH_HEADERS)
    access = build_access(integration, SecretStr(API_KEY))
    assert access
    headers = str({**access.common_headers, **access.credential_headers})
    assert API_KEY in headers
    assert "fake-header-value" in headers
    assert not [secret for secret in (API_KEY, "fake-header-value") if secret in repr(access)]
