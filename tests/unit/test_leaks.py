"""The leak search, which ends each test of a function, finds planted keys and header values."""

import json

import pytest

from tests.builders import gateway_event
from tests.leaks import Canaries

BODY = {"name": "x", "api_key": "sk-fake-canary", "headers": {"X-Team": "header-canary"}}
EVENTS = [
    gateway_event(BODY),
    {"Records": [{"body": json.dumps({"detail": {"integration": BODY}})}]},
    {"ResourceProperties": {"Integration": BODY}},
]


@pytest.mark.parametrize("event", EVENTS)
def test_search_finds_keys_and_header_values_of_every_request_type(event: dict[str, object]) -> None:
    canaries = Canaries()
    canaries.plant(event)
    texts = ["a sk-fake-canary", "a header-canary", "neither"]
    assert canaries.texts_with_keys(texts) == texts[:1]
    assert canaries.texts_with_canaries(texts) == texts[:2]


def test_search_finds_the_access_key_of_a_caller() -> None:
    canaries = Canaries()
    canaries.plant({"authorizationToken": "Bearer access-key-canary"})
    assert canaries.texts_with_keys(["an access-key-canary"])


@pytest.mark.parametrize("body", ["not JSON", [], "7", {"headers": None}, {"headers": {"X-Team": 7}}, {"api_key": 7}])
def test_plant_ignores_malformed_requests(body: object) -> None:
    canaries = Canaries()
    canaries.plant(gateway_event(body))
    assert canaries.header_values == set()
