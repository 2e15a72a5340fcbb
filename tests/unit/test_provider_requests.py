"""The requests of connection tests, and the provider table that they follow."""

import pytest
from pydantic import SecretStr

from ai_integrations.domain.model import AuthType
from ai_integrations.domain.providers import PROVIDERS, Dialect
from ai_integrations.key_access.connection_test.provider_requests import build_access, collect_secrets
from tests.builders import API_KEY, ROOT, an_integration

CONNECTION_TESTS_DOCUMENT = (ROOT / "docs/connection-tests.md").read_text()


@pytest.mark.parametrize("word", PROVIDERS)
def test_every_provider_documents_limits_of_its_test(word: str) -> None:
    assert PROVIDERS[word].probe.unproved


@pytest.mark.parametrize("word", PROVIDERS)
def test_provider_table_matches_documentation(word: str) -> None:
    probe = PROVIDERS[word].probe
    [row] = [line for line in CONNECTION_TESTS_DOCUMENT.splitlines() if line.startswith(f"| `{word}` ")]
    assert probe.unproved in row
    if probe.dialect not in {Dialect.BEDROCK, Dialect.UNSUPPORTED}:
        assert f"`{probe.key_header}: {probe.key_prefix}KEY`" in row
        assert f"`{probe.limit[0]}`" in row or probe.dialect is not Dialect.OPEN_AI


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
