"""`AccessKeys` and `AccessKeyLookup`: expiry and revocation, to the second."""

from datetime import timedelta

from ai_integrations.adapters.dynamodb.access_key_lookup import AccessKeyLookup
from ai_integrations.adapters.dynamodb.access_keys import AccessKeys
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
