"""The requests of connection tests, and the provider table that they follow."""

import json
from typing import Any

import pytest
from pydantic import SecretStr

from ai_integrations.domain.model import AuthType
from ai_integrations.domain.providers import PROVIDERS, Dialect
from ai_integrations.key_access.connection_test.provider_requests import build_access, collect_secrets
from ai_integrations.key_access.outbound.http_messages import OutboundRequest
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
    if probe.untestable_key:
        assert "`Authorization: Bearer TOKEN`" in row
    elif probe.dialect is not Dialect.BEDROCK:
        assert f"`{probe.key_header}: {probe.key_prefix}KEY`" in row
        assert f"`{probe.limit[0]}`" in row or probe.dialect is not Dialect.OPEN_AI


def test_collect_secrets_includes_headers_and_external_id() -> None:
    integration = an_integration(headers={"X-Team": "blue"}, provider_metadata={"external_id": "fake-external"})
    assert set(collect_secrets(integration, None)) == {"", "blue", "fake-external"}
    assert not any(collect_secrets(an_integration(), None))


def test_openai_completion_uses_max_completion_tokens() -> None:
    access = build_access(an_integration(), None)
    assert access
    body = access.completion_request("gpt-5").body or b""
    assert b'"max_completion_tokens": 16' in body
    assert b"max_tokens" not in body


ANTHROPIC = {"anthropic-version": "2023-06-01"}
MESSAGES = [{"role": "user", "content": "Hi"}]


@pytest.mark.parametrize(
    ("provider", "model", "protocol_headers", "url", "body"),
    [
        (
            "TOGETHER_AI",
            "m-1",
            {},
            "https://api.together.xyz/v1/chat/completions",
            {"model": "m-1", "messages": MESSAGES, "max_tokens": 1},
        ),
        (
            "ANTHROPIC",
            "m-1",
            ANTHROPIC,
            "https://api.anthropic.com/v1/messages",
            {"model": "m-1", "messages": MESSAGES, "max_tokens": 1},
        ),
        (
            "GEMINI",
            "models/team/m 1",
            {},
            "https://generativelanguage.googleapis.com/v1beta/models/team%2Fm%201:generateContent",
            {"contents": [{"role": "user", "parts": [{"text": "Hi"}]}], "generationConfig": {"maxOutputTokens": 1}},
        ),
    ],
)
def test_requests_follow_the_provider_protocol(
    provider: str, model: str, protocol_headers: dict[str, str], url: str, body: dict[str, Any]
) -> None:
    access = build_access(an_integration(provider=provider), None)
    assert access
    completion = access.completion_request(model)
    assert (completion.method, completion.url, completion.headers) == ("POST", url, protocol_headers)
    assert json.loads(completion.body or b"") == body
    assert completion.max_bytes == 262_144


@pytest.mark.parametrize(
    ("provider", "protocol_headers", "path"),
    [
        ("TOGETHER_AI", {}, "/models"),
        ("ANTHROPIC", ANTHROPIC, "/models?limit=200"),
        ("GEMINI", {}, "/models?pageSize=200"),
    ],
)
def test_list_request_asks_for_as_many_models_as_are_shown(
    provider: str, protocol_headers: dict[str, str], path: str
) -> None:
    access = build_access(an_integration(provider=provider), None)
    assert access
    models = access.models_request()
    assert (models.method, models.url, models.headers) == ("GET", f"{access.api}{path}", protocol_headers)
    assert (models.body, models.max_bytes) == (None, 1_048_576)


OWN_KEY = {"Authorization": "Bearer fake-key"}


@pytest.mark.parametrize(
    ("settings", "key", "common", "credentials"),
    [
        ({"headers": {"X-Team": "a"}}, "fake-key", {"X-Team": "a"}, OWN_KEY),
        ({"headers": {"X-Team": "a"}}, None, {}, {"X-Team": "a"}),
        ({}, None, {}, {}),
        ({"headers": {"authorization": "fake"}}, "fake-key", {}, {"authorization": "fake"}),
        (
            {"headers": {"X-Team": "a"}, "auth_type": AuthType.PROXY_WITH_HEADERS},
            "fake-key",
            {},
            {**OWN_KEY, "X-Team": "a"},
        ),
        ({"provider": "ANTHROPIC"}, "fake-key", {}, {"x-api-key": "fake-key"}),
        ({"provider": "ANTHROPIC", "auth_type": AuthType.BEARER_TOKEN}, "fake-key", {}, OWN_KEY),
        (
            {"provider": "ANTHROPIC", "headers": {"Authorization": "fake"}},
            "fake-key",
            {"Authorization": "fake"},
            {"x-api-key": "fake-key"},
        ),
    ],
)
def test_credentials_are_sent_only_in_requests_that_need_them(
    settings: dict[str, Any], key: str | None, common: dict[str, str], credentials: dict[str, str]
) -> None:
    access = build_access(an_integration(**settings), SecretStr(key) if key else None)
    assert access
    assert (access.common_headers, access.credential_headers) == (common, credentials)
    request = OutboundRequest(method="GET", url="https://example.com", headers={"Accept": "*/*"}, max_bytes=1)
    assert access.add_headers(request, with_credentials=False).headers == {"Accept": "*/*", **common}
    assert access.add_headers(request, with_credentials=True).headers == {"Accept": "*/*", **common, **credentials}


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (b'{"choices": []}', True),
        (b'{"choices": {}}', False),
        (b'{"content": []}', False),
        (b"[]", False),
        (b"<html>", False),
        (b'{"choices": ' + b"[" * 100_000, False),
    ],
)
def test_completion_is_recognized_by_its_form(body: bytes, expected: bool) -> None:
    access = build_access(an_integration(), None)
    assert access
    assert access.is_completion(body) is expected


@pytest.mark.parametrize("field", ["candidates", "content", "choices"])
def test_completion_of_vertex_ai_has_the_form_of_its_publisher(field: str) -> None:
    access = build_access(an_integration(provider="VERTEX_AI", provider_metadata={"location": "eu"}), None)
    assert access
    assert access.is_completion(f'{{"{field}": []}}'.encode())


@pytest.mark.parametrize("auth_type", AuthType)
def test_provider_access_repr_hides_credentials_and_headers(auth_type: AuthType) -> None:
    integration = an_integration(headers={"X-Team": "fake-header-value"}, auth_type=auth_type)
    access = build_access(integration, SecretStr(API_KEY))
    assert access
    headers = str({**access.common_headers, **access.credential_headers})
    assert API_KEY in headers
    assert "fake-header-value" in headers
    assert not [secret for secret in (API_KEY, "fake-header-value") if secret in repr(access)]


def test_address_without_base_url_is_that_of_the_location_in_the_metadata() -> None:
    access = build_access(an_integration(provider="VERTEX_AI", provider_metadata={"location": "eu"}), None)
    assert access
    assert access.api == "https://aiplatform.eu.rep.googleapis.com/v1"
