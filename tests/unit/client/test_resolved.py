"""`ResolvedIntegration`: how responses are parsed, and what is visible when one is printed."""

import copy
import json
import pickle
from dataclasses import FrozenInstanceError
from datetime import UTC, datetime
from typing import Any

import pytest

from ai_integrations_client import AccessToken, AwsCredentials, Endpoints, ResolvedIntegration, Secret
from ai_integrations_client.resolved import parse_response
from tests.unit.client.fixtures import ID, KEY, a_response

FULL = a_response(
    base_url="https://llm.example.com/v1?key=fake-key-in-query",
    headers={"X-Team": "fake-header-value"},
    model_names=["m-1", "m-2"],
    provider_metadata={"role_arn": "arn:aws:iam::123456789012:role/r", "external_id": "fake-external-id"},
    endpoints={"root": "https://llm.example.com", "api": "https://llm.example.com/v1"},
    aws_credentials={
        "access_key_id": "ASIAFAKEFAKEFAKEFAKE",
        "secret_access_key": "fake-secret-access-key",
        "session_token": "fake-session-token",
    },
    access_token={"value": "fake-access-token", "token_type": "Bearer", "headers": {"x-beta": "1"}, "colour": "red"},
    expires_at="2026-01-02T13:00:00.000Z",
)


def test_parse_response_reads_all_fields() -> None:
    assert parse_response(FULL) == ResolvedIntegration(
        id=ID,
        name="Production OpenAI",
        provider="OPEN_AI",
        version=1,
        auth_type="DEFAULT",
        base_url="https://llm.example.com/v1?key=fake-key-in-query",
        headers={"X-Team": "fake-header-value"},
        model_names=("m-1", "m-2"),
        enable_default_models=True,
        function_calling_enabled=True,
        endpoints=Endpoints(root="https://llm.example.com", api="https://llm.example.com/v1"),
        provider_metadata={"role_arn": "arn:aws:iam::123456789012:role/r", "external_id": "fake-external-id"},
        api_key=Secret(KEY),
        key_version="version-1",
        aws_credentials=AwsCredentials(
            access_key_id="ASIAFAKEFAKEFAKEFAKE",
            secret_access_key=Secret("fake-secret-access-key"),
            session_token=Secret("fake-session-token"),
        ),
        access_token=AccessToken(value=Secret("fake-access-token"), token_type="Bearer", headers={"x-beta": "1"}),
        expires_at=datetime(2026, 1, 2, 13, tzinfo=UTC),
    )


def test_parse_response_defaults_missing_and_ignores_unknown_fields() -> None:
    resolved = parse_response(a_response(api_key=..., key_version=..., colour="red"))
    assert (resolved.base_url, resolved.api_key, resolved.aws_credentials, resolved.expires_at) == (None,) * 4
    assert (resolved.endpoints, resolved.access_token) == (None, None)
    assert (dict(resolved.headers), resolved.model_names, dict(resolved.provider_metadata)) == ({}, (), {})


def test_parse_response_defaults_headers_of_access_token() -> None:
    token = parse_response(a_response(access_token={"value": "fake", "token_type": "Bearer"})).access_token
    assert token == AccessToken(value=Secret("fake"), token_type="Bearer", headers={})


def test_resolved_integration_has_defaults() -> None:
    resolved = ResolvedIntegration(id=ID, name="x", provider="OPEN_AI", version=1, auth_type="DEFAULT")
    assert (dict(resolved.headers), dict(resolved.provider_metadata), resolved.model_names) == ({}, {}, ())


def test_resolved_integration_hides_secrets_when_printed() -> None:
    resolved = parse_response(FULL)
    texts = [repr(resolved), str(resolved), f"{resolved.api_key}", f"{resolved.api_key!r}", f"{resolved.api_key:>20}"]
    texts += ["%s" % resolved.api_key, json.dumps(resolved, default=str), repr([resolved.aws_credentials])]  # noqa: UP031
    texts += [repr(resolved.access_token), f"{resolved.access_token}"]
    assert not [text for text in texts for secret in (KEY, "fake-", "FAKE", "123456789012") if secret in text]
    assert "https://llm.example.com/v1" in repr(resolved)


def test_secrets_look_alike_when_printed() -> None:
    """No part of a secret, and not its length."""
    one, other = Secret(KEY), Secret("another")
    assert (repr(one), str(one), f"{one}") == (repr(other), str(other), f"{other}")


@pytest.mark.parametrize("field", ["name", "api_key"])
def test_resolved_integration_is_frozen(field: str) -> None:
    with pytest.raises(FrozenInstanceError):
        setattr(parse_response(FULL), field, "other")


@pytest.mark.parametrize("field", ["headers", "provider_metadata"])
def test_mappings_of_resolved_integration_are_read_only(field: str) -> None:
    parts: Any = getattr(parse_response(FULL), field)
    with pytest.raises(TypeError):
        parts["X"] = "y"


def test_secrets_are_compared_by_value() -> None:
    assert Secret("fake-a") == Secret("fake-a") != Secret("fake-b")
    assert Secret("fake-a") != "fake-a"
    assert len({Secret("fake-a"), Secret("fake-a")}) == 1


def test_secret_can_be_copied_but_not_pickled() -> None:
    secret = Secret(KEY)
    assert copy.copy(secret) is copy.deepcopy(secret) is secret
    with pytest.raises(TypeError, match="cannot be pickled"):
        pickle.dumps(secret)
