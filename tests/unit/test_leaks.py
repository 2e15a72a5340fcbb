"""The leak search, which ends each test of a function, finds the keys and header values of requests."""

import json
from hashlib import sha256

import pytest

from ai_integrations.observability import serialize
from tests.builders import ACCESS_TOKEN, API_KEY, gateway_event, identity_token
from tests.leaks import KnownSecrets

BODY = {"name": "x", "api_key": "sk-fake-canary", "headers": {"X-Team": "header-canary"}}
EVENTS = [
    gateway_event(BODY),
    {"Records": [{"body": json.dumps({"detail": {"integration": BODY}})}]},
    {"ResourceProperties": {"Integration": BODY}},
    {"integration": {"name": "x"}, "api_key": BODY["api_key"], "headers": BODY["headers"]},
]


@pytest.mark.parametrize("event", EVENTS)
def test_search_finds_keys_and_header_values_of_every_request_type(event: dict[str, object]) -> None:
    known_secrets = KnownSecrets()
    known_secrets.record(event)
    texts = ["a sk-fake-canary", "a header-canary", "neither"]
    assert known_secrets.texts_with_keys(texts) == texts[:1]
    assert known_secrets.texts_with_any(texts) == texts[:2]


def test_search_finds_the_access_key_of_a_caller() -> None:
    known_secrets = KnownSecrets()
    known_secrets.record({"authorizationToken": "Bearer access-key-canary"})
    assert known_secrets.texts_with_keys(["an access-key-canary"])


@pytest.mark.parametrize("body", ["not JSON", [], "7", {"headers": None}, {"headers": {"X-Team": 7}}, {"api_key": 7}])
def test_record_ignores_malformed_requests(body: object) -> None:
    known_secrets = KnownSecrets()
    known_secrets.record(gateway_event(body))
    assert known_secrets.header_values == set()


@pytest.mark.parametrize("key", ['sk-fake-"quoted"\\', "sk-fake-kéy", "sk-fake-" + "x" * 5_000])
def test_search_finds_a_key_in_a_log_line(key: str) -> None:
    known_secrets = KnownSecrets()
    known_secrets.record({"api_key": key})
    assert known_secrets.texts_with_any([serialize({"message": key})])


def test_search_finds_access_tokens_and_signed_tokens() -> None:
    signed = identity_token("https://llm.example.com")
    texts = [f"a {ACCESS_TOKEN}-1", f"Bearer {signed}", "neither eyJ nor a.b.c"]
    assert KnownSecrets().texts_with_keys(texts) == texts[:2]
    assert KnownSecrets().texts_with_any(texts) == texts[:2]


def test_search_finds_the_beginning_and_the_end_of_a_key() -> None:
    key = "sk-fake-012345-in-two-parts"
    known_secrets = KnownSecrets()
    known_secrets.record({"api_key": key})
    texts = [f"{key[:12]} begins it", f"it ends with {key[-12:]}", f"{key[:8]} begins many"]
    assert known_secrets.texts_with_keys(texts) == texts[:2]


def test_search_finds_the_hash_of_a_key_except_where_items_are() -> None:
    texts = [sha256(API_KEY.encode()).hexdigest()]
    assert KnownSecrets().texts_with_any(texts) == texts
    assert KnownSecrets().texts_with_keys(texts) == []
