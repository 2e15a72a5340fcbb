"""The leak search that ends every test of a function finds a key or token in each place where a function may leave it.

The token of a response is searched for in all other places.
"""

import json
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import pytest

from ai_integrations.bootstrap import aws_clients
from ai_integrations.observability import logger
from tests.cloud import Cloud

KEY = "sk-fake-canary-to-be-found"


def in_a_response(cloud: Cloud) -> None:
    cloud.invoke(lambda _event, _context: {"leak": KEY}, {})


def in_an_exception(cloud: Cloud) -> None:
    def failing(*_: Any) -> Any:
        raise LookupError(KEY)

    with suppress(LookupError):
        cloud.invoke(failing, {})


def in_the_log(_cloud: Cloud) -> None:
    logger.info("leak", key=KEY)


def on_the_bus(cloud: Cloud) -> None:
    cloud.add_bus()
    aws_clients.events().put_events(Entries=[{"Source": "s", "DetailType": "d", "Detail": json.dumps({"leak": KEY})}])


def in_the_table(cloud: Cloud) -> None:
    cloud.dynamodb.put_item(TableName=cloud.table, Item={"pk": {"S": KEY}, "sk": {"S": KEY}})


def in_a_tag(cloud: Cloud) -> None:
    cloud.secrets_manager.create_secret(Name="x", SecretString="x", Tags=[{"Key": "x", "Value": KEY}])


PLACES = [in_a_response, in_an_exception, in_the_log, on_the_bus, in_the_table, in_a_tag]


@pytest.mark.parametrize("leak", PLACES)
def test_leak_search_finds_a_key(cloud: Cloud, leak: Callable[[Cloud], None]) -> None:
    cloud.keys.add(KEY)
    assert not cloud.leaks(cloud.written.getvalue())
    leak(cloud)
    assert cloud.leaks(cloud.written.getvalue())
    cloud.keys.remove(KEY)  # otherwise the search after this test finds it and fails the test


def test_leak_search_ignores_a_key_in_a_secret(cloud: Cloud) -> None:
    cloud.keys.add(KEY)
    aws_clients.secrets_manager().create_secret(Name="x", SecretString=KEY)
    assert not cloud.leaks(cloud.written.getvalue())


def test_leak_search_finds_the_access_token_of_a_response_in_the_log(cloud: Cloud) -> None:
    token = "fake-at-canary-to-be-found"

    def respond(*_: Any) -> Any:
        return {"access_token": {"value": token, "token_type": "Bearer", "headers": {"x-beta": "fake-header"}}}

    cloud.invoke(respond, {})
    assert not cloud.leaks("Bearer fake-header")
    logger.info("leak", token=token)
    assert cloud.leaks(cloud.written.getvalue())
    cloud.keys.remove(token)  # otherwise the search after this test finds it and fails the test
