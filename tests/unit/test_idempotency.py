"""The Idempotency-Key header (contract.md, "Operations")."""

import json
from typing import Any

import pytest

from ai_integrations.contracts.integration_bodies import CreateBody, RotateBody
from ai_integrations.contracts.parsing import parse_text
from ai_integrations.domain.errors import InvalidRequestError
from ai_integrations.domain.model import IdempotencyKey
from ai_integrations.http.idempotency import idempotency_key
from tests.builders import create_body


def body(**changes: Any) -> CreateBody:
    return parse_text(json.dumps(create_body(**changes)), CreateBody)


def key_of(header: str, **changes: Any) -> IdempotencyKey:
    key = idempotency_key(header, "alice", body(**changes))
    assert key is not None
    return key


def test_idempotency_key_belongs_to_the_user() -> None:
    assert key_of("k").user == "alice"


def test_missing_header_means_no_idempotency_key() -> None:
    assert idempotency_key(None, "alice", body()) is None


@pytest.mark.parametrize("header", ["a", "x" * 255, "!~", "0d6c1f5e-2f1e-4b5a-9a55-1f0b6c1c2d3e"])
def test_header_of_1_to_255_visible_ascii_characters_is_accepted(header: str) -> None:
    assert key_of(header).value == header


@pytest.mark.parametrize("header", ["", "x" * 256, "a b", "a\tb", "ä", "a\n", "\x7f"])
def test_other_header_values_are_rejected(header: str) -> None:
    with pytest.raises(InvalidRequestError):
        idempotency_key(header, "alice", body())


@pytest.mark.parametrize(
    "changes",
    [
        {"name": "Another"},
        {"provider": "anthropic"},
        {"base_url": "https://example.com"},
        {"model_names": ["gpt-4"]},
        {"headers": {"X-Team": "a"}},
        {"enable_default_models": True},
        {"function_calling_enabled": False},
        {"auth_type": "bearer_token"},
        {"provider_metadata": {"role_arn": "x"}},
        {"scopings": [{"space_id": "s"}]},
        {"api_key_secret_arn": "arn:aws:secretsmanager:eu-central-1:123456789012:secret:external-fAkE01"},
    ],
)
def test_fingerprint_differs_for_every_field_of_the_body(changes: dict[str, Any]) -> None:
    assert key_of("k", **changes).fingerprint != key_of("k").fingerprint


def test_fingerprint_ignores_the_api_key() -> None:
    fingerprints = {key_of("k", api_key=key).fingerprint for key in ("sk-fake-1", "sk-fake-2", None)}
    assert len(fingerprints) == 1


def test_fingerprint_ignores_null_in_an_optional_field() -> None:
    """A create treats it as absent."""
    assert key_of("k", base_url=None, scopings=None).fingerprint == key_of("k").fingerprint


def test_fingerprint_of_a_rotation_ignores_whether_a_default_was_sent() -> None:
    rotations = ({"api_key": "sk-fake-1"}, {"api_key": "sk-fake-1", "grace_seconds": 86_400, "verify": False})
    keys = [idempotency_key("k", "alice", parse_text(json.dumps(each), RotateBody)) for each in rotations]
    assert keys[0] == keys[1]


def test_fingerprint_ignores_the_order_of_fields() -> None:
    headers = {"A": "1", "B": "2"}
    reordered = dict(reversed(headers.items()))
    assert key_of("k", headers=headers).fingerprint == key_of("k", headers=reordered).fingerprint
