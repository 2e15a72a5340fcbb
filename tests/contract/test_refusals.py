"""`DynamoDbRefusals`: each refusal once an hour, for the audit log."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from ai_integrations.adapters.dynamodb.attributes import from_wire
from ai_integrations.adapters.dynamodb.refusals import DynamoDbRefusals, refusal_from_item, refusal_item
from ai_integrations.adapters.dynamodb.stream import parse_record
from ai_integrations.domain.principals import Principal
from ai_integrations.domain.refusals import Refusal
from ai_integrations.domain.uses import UsedBy
from tests.builders import NOON, ULID, an_integration
from tests.contract.stores import AwsStores
from tests.streams import record_of

BILLING = UsedBy.principal(Principal("aws", "111122223333", "role", "billing"))
REFUSAL = Refusal("acme", BILLING, "not_found", NOON, ULID)
WITHOUT_ID = REFUSAL._replace(integration_id=None)


@pytest.fixture
def refusals(aws: AwsStores) -> DynamoDbRefusals:
    aws.repository.insert(an_integration(), None)
    return DynamoDbRefusals(aws.dynamodb, aws.table)


def recorded(aws: AwsStores) -> list[Mapping[str, Any]]:
    found = map(from_wire, aws.dynamodb.scan(TableName=aws.table)["Items"])
    return [item for item in found if item["sk"].startswith("REFUSED#")]


def test_refusal_is_recorded_once_an_hour(aws: AwsStores, refusals: DynamoDbRefusals) -> None:
    refusals.record(REFUSAL)
    refusals.record(REFUSAL._replace(refused_at=NOON + timedelta(minutes=59)))
    assert [refusal_from_item(item) for item in recorded(aws)] == [REFUSAL]
    refusals.record(REFUSAL._replace(refused_at=NOON + timedelta(hours=1)))
    assert len(recorded(aws)) == 2


def test_refusals_differ_by_consumer_integration_and_reason(aws: AwsStores, refusals: DynamoDbRefusals) -> None:
    different = [
        REFUSAL,
        WITHOUT_ID,
        REFUSAL._replace(reason="key_unavailable"),
        REFUSAL._replace(consumer=UsedBy.broker_states(BILLING.identity)),
    ]
    for each in different:
        refusals.record(each)
    assert sorted(map(str, map(refusal_from_item, recorded(aws)))) == sorted(map(str, different))


@pytest.mark.parametrize("forged", [{"integration_id": "x"}, {"integration_id": "x#y"}, {"reason": "x"}])
def test_item_that_credentials_never_writes_is_not_a_refusal(forged: dict[str, str]) -> None:
    with pytest.raises(ValueError, match="not a refusal"):
        refusal_from_item({**refusal_item(REFUSAL), **forged})


def test_refusal_expires_after_two_days(aws: AwsStores, refusals: DynamoDbRefusals) -> None:
    refusals.record(REFUSAL)
    [item] = recorded(aws)
    assert int(item["expires_at"]) == (NOON + timedelta(days=2)).timestamp()


def test_refusal_in_an_account_without_integrations_is_not_recorded(aws: AwsStores, refusals: DynamoDbRefusals) -> None:
    """The account is a text that the caller sent: it could be a key."""
    aws.repository.insert(replace(an_integration(), account="acme2"), None)
    refusals.record(REFUSAL._replace(account="sk-fake-key"))
    refusals.record(REFUSAL._replace(account="acm"))
    assert recorded(aws) == []


@pytest.mark.parametrize("refusal", [REFUSAL, WITHOUT_ID])
def test_refusal_in_the_stream_is_read_as_the_same_refusal(
    aws: AwsStores, refusals: DynamoDbRefusals, refusal: Refusal
) -> None:
    refusals.record(refusal)
    [item] = recorded(aws)
    assert parse_record(record_of(None, dict(item))) == refusal
