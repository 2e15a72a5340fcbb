"""contract.md, "Operations": the Idempotency-Key."""

import json
from typing import Any

import pytest

from ai_integrations.contracts.integration_bodies import CreateBody
from ai_integrations.contracts.parsing import parse_text
from ai_integrations.domain.errors import InvalidRequestError
from ai_integrations.domain.model import IdempotencyKey
from ai_integrations.http.idempotency import idempotency_key
from tests.builders import create_body


def body(**changes: Any) -> CreateBody:
    return parse_text(json.dumps(create_body(**changes)), CreateBody)


def read(header: str, **changes: Any) -> IdempotencyKey:
    key = idempotency_key(header, body(**changes))
    assert key is not None
    return key


def test_needs_no_header() -> None:
    assert idempotency_key(None, body()) is None


@pytest.mark.parametrize("header", ["a", "x" * 255, "!~", "0d6c1f5e-2f1e-4b5a-9a55-1f0b6c1c2d3e"])
def test_takes_1_to_255_visible_ascii_characters(header: str) -> None:
    assert read(header).value == header


@pytest.mark.parametrize("header", ["", "x" * 256, "a b", "a\tb", "ä", "a\n", "\x7f"])
def test_refuses_any_other_header(header: str) -> None:
    with pytest.raises(InvalidRequestError):
        idempotency_key(header, body())


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
    ],
)
def test_tells_bodies_apart_by_every_field(changes: dict[str, Any]) -> None:
    assert read("k", **changes).fingerprint != read("k").fingerprint


def test_keeps_no_digest_of_a_provider_key() -> None:
    fingerprints = {read("k", api_key=key).fingerprint for key in ("sk-fake-1", "sk-fake-2", None)}
    assert len(fingerprints) == 1


def test_compares_bodies_whatever_the_order_of_their_fields() -> None:
    headers = {"A": "1", "B": "2"}
    turned = dict(reversed(headers.items()))
    assert read("k", headers=headers).fingerprint == read("k", headers=turned).fingerprint
