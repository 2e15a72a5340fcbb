"""When an access key stops identifying its holder, to the second."""

from datetime import timedelta
from typing import Any, cast

import pytest

from ai_integrations.adapters.dynamodb.access_key_lookup import AccessKeyLookup
from ai_integrations.adapters.dynamodb.attributes import to_wire
from tests.builders import NOON

KEY = "aik_fake-" + "0" * 38
HOLDER = {"account": "acme", "user": "alice", "role": "reader", "memberships": []}


class OneItemTable:
    """Stands for a DynamoDB client that finds the same item for every key."""

    def __init__(self, item: dict[str, Any]) -> None:
        self._item = item

    def get_item(self, **_: object) -> dict[str, Any]:
        return {"Item": to_wire(self._item)}


@pytest.mark.parametrize(("seconds_left", "is_found"), [(1, True), (0, False), (-1, False)])
def test_key_is_rejected_from_the_moment_of_its_expiry(seconds_left: int, is_found: bool) -> None:
    expiry = NOON + timedelta(seconds=seconds_left)
    table = OneItemTable(HOLDER | {"expires_at": int(expiry.timestamp())})
    found = AccessKeyLookup(cast("Any", table), "table").find(KEY, NOON)
    assert (found is not None) is is_found


def test_key_without_an_expiry_is_accepted() -> None:
    assert AccessKeyLookup(cast("Any", OneItemTable(HOLDER)), "table").find(KEY, NOON) == HOLDER


@pytest.mark.parametrize("key", ["", "key", KEY[:-1], f"{KEY}0", f"{KEY}\n", KEY.upper(), KEY.replace("0", ".")])
def test_malformed_key_is_rejected_without_a_read(key: str) -> None:
    assert AccessKeyLookup(cast("Any", OneItemTable(HOLDER)), "table").find(key, NOON) is None


def test_unknown_key_is_rejected() -> None:
    assert AccessKeyLookup(cast("Any", OneItemTable({})), "table").find(KEY, NOON) is None
