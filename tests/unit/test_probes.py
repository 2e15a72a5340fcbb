"""What the provider table says of tests, and where each provider is."""

import pytest
from pydantic import SecretStr

from ai_integrations.domain.model import AuthType
from ai_integrations.domain.providers import PROVIDERS, Dialect
from ai_integrations.key_access.connection_test.provider_requests import access_to, secrets_of
from tests.builders import API_KEY, ROOT, an_integration

PROVIDERS_DOCUMENT = (ROOT / "docs/connection-tests.md").read_text()


def base_url(**changes: object) -> str | None:
    access = access_to(an_integration(**changes), None)
    return access.base_url if access else None


@pytest.mark.parametrize("word", PROVIDERS)
def test_says_of_every_provider_what_can_not_be_proved(word: str) -> None:
    assert PROVIDERS[word].probe.unproved


@pytest.mark.parametrize("word", PROVIDERS)
def test_has_every_provider_in_the_document(word: str) -> None:
    probe = PROVIDERS[word].probe
    [row] = [line for line in PROVIDERS_DOCUMENT.splitlines() if line.startswith(f"| `{word}` ")]
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
def test_finds_vertex_by_its_location_alone(location: str, expected: str | None) -> None:
    assert base_url(provider="VERTEX_AI", provider_metadata={"location": location}) == expected


def test_prefers_the_integrations_own_base_url() -> None:
    assert base_url() == "https://api.openai.com/v1"
    assert base_url(base_url="https://proxy.example.com/v1") == "https://proxy.example.com/v1"


def test_knows_what_must_not_be_shown() -> None:
    integration = an_integration(headers={"X-Team": "blue"}, provider_metadata={"external_id": "fake-external"})
    assert set(secrets_of(integration, None)) == {"", "blue", "fake-external"}


def test_asks_openai_itself_in_the_words_that_its_newer_models_take() -> None:
    access = access_to(an_integration(), None)
    assert access
    body = access.completion("gpt-5").body or b""
    assert b'"max_completion_tokens": 16' in body
    assert b"max_tokens" not in body


def test_shows_nothing_of_what_opens_a_provider() -> None:
    integration = an_integration(headers={"X-Team": "fake-header-value"}, auth_type=AuthType.PROXY_WITH_HEADERS)
    access = access_to(integration, SecretStr(API_KEY))
    assert access
    opening = str({**access.common, **access.credentials})
    assert API_KEY in opening
    assert "fake-header-value" in opening
    assert not [secret for secret in (API_KEY, "fake-header-value") if secret in repr(access)]
