"""`AccessKeys` and `AccessKeyLookup`: issue, list, expiry and revocation, to the second."""

import re
from datetime import timedelta
from hashlib import sha256

from ai_integrations.adapters.dynamodb.access_key_lookup import AccessKeyLookup
from ai_integrations.adapters.dynamodb.access_keys import AccessKeys
from ai_integrations.contracts.caller import caller_item
from ai_integrations.domain.model import AccessKey
from tests.builders import NOON, ULID, a_caller
from tests.contract.stores import AwsStores

SECOND = timedelta(seconds=1)
KEY = AccessKey(id=ULID, caller=a_caller(), created_at=NOON)


def test_access_key_is_valid_until_the_second_in_which_it_expires(aws: AwsStores) -> None:
    key = AccessKeys(aws.dynamodb, aws.table).issue(KEY._replace(expires_at=NOON))
    lookup = AccessKeyLookup(aws.dynamodb, aws.table)
    assert lookup.find(key, NOON - SECOND) is not None
    assert lookup.find(key, NOON) is None


def test_second_revocation_returns_the_time_of_the_first(aws: AwsStores) -> None:
    access_keys = AccessKeys(aws.dynamodb, aws.table)
    access_keys.issue(KEY)
    revoked = access_keys.revoke("acme", ULID, NOON)
    assert revoked == KEY._replace(revoked_at=NOON)
    assert access_keys.revoke("acme", ULID, NOON + SECOND) == revoked
    assert list(access_keys.list("acme")) == [revoked]


def test_issued_key_identifies_its_holder_until_it_is_revoked(aws: AwsStores) -> None:
    access_keys, lookup = AccessKeys(aws.dynamodb, aws.table), AccessKeyLookup(aws.dynamodb, aws.table)
    key, other = access_keys.issue(KEY), access_keys.issue(KEY._replace(id="OTHER"))
    assert re.fullmatch(r"aik_[\w-]{43}", key)
    access_keys.revoke("acme", "OTHER", NOON)
    assert lookup.find(other, NOON) is None
    # Keys that earlier releases issued are found in the same way.
    stored = {"pk": f"ACCESSKEY#{sha256(key.encode()).hexdigest()}", "sk": "ACCESSKEY"}
    assert lookup.find(key, NOON) == {**stored, **caller_item(KEY.caller), "key_id": ULID}


def test_keys_of_one_account_are_listed_with_their_expiry(aws: AwsStores) -> None:
    access_keys = AccessKeys(aws.dynamodb, aws.table)
    expiring = KEY._replace(id="EXPIRING", expires_at=NOON + SECOND)
    for access_key in (KEY, expiring, KEY._replace(caller=a_caller(account="other"))):
        access_keys.issue(access_key)
    assert list(access_keys.list("acme")) == [KEY, expiring]
    assert access_keys.revoke("unknown", ULID, NOON) is None
