"""`GrantedIntegrations`: what a principal may resolve, read together with the integration that it asks for."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from ai_integrations.adapters.dynamodb import items
from ai_integrations.adapters.dynamodb.attributes import to_wire
from ai_integrations.adapters.dynamodb.granted_integrations import DynamoDbGrantedIntegrations
from ai_integrations.domain.consumers import Grant, Revocation
from ai_integrations.domain.model import Membership
from ai_integrations.domain.principals import Principal
from tests.builders import NOON, ULID, a_consumer, a_large_consumer, an_integration
from tests.contract.stores import AwsStores, Stores

CONSUMER = a_consumer(
    grant=Grant(memberships=(Membership(space_id="s"),)), name="billing", expires_at=NOON + timedelta(days=1)
)
PRINCIPAL = CONSUMER.principal
INTEGRATION = an_integration()
# Release 0.1.0 compared this name in another way, so it has two guards.
TWO_GUARDS = "\uff30roduction"


@pytest.fixture(autouse=True)
def _stored(request: pytest.FixtureRequest) -> None:
    stores: Stores = request.getfixturevalue("stores" if "stores" in request.fixturenames else "aws")
    stores.consumers.insert(CONSUMER)
    stores.repository.insert(INTEGRATION, None)


def test_get_returns_the_consumer_and_the_integration(stores: Stores) -> None:
    assert stores.granted.get(PRINCIPAL, "acme", ULID) == (CONSUMER, INTEGRATION)


@pytest.mark.parametrize("name", ["Production OpenAI", " production OPENAI", "\uff30roduction OpenAI"])
def test_find_returns_the_consumer_and_the_integration(stores: Stores, name: str) -> None:
    assert stores.granted.find(PRINCIPAL, "acme", name) == (CONSUMER, INTEGRATION)


def test_find_by_a_name_with_two_guards_returns_the_integration(stores: Stores) -> None:
    assert len(items.name_keys("acme", TWO_GUARDS)) == 2
    renamed = replace(INTEGRATION, name=TWO_GUARDS, version=2)
    stores.repository.update(INTEGRATION, renamed)
    assert stores.granted.find(PRINCIPAL, "acme", TWO_GUARDS) == (CONSUMER, renamed)
    assert stores.granted.find(PRINCIPAL, "acme", "production") == (CONSUMER, renamed)


def test_missing_integration_returns_the_consumer_alone(stores: Stores) -> None:
    assert stores.granted.get(PRINCIPAL, "acme", "01KDZ3ZQ80000000000000000Z") == (CONSUMER, None)
    assert stores.granted.find(PRINCIPAL, "acme", "No such name") == (CONSUMER, None)


@pytest.mark.parametrize(
    ("principal", "account"),
    [
        (PRINCIPAL, "umbrella"),
        (PRINCIPAL, "no-such-account"),
        (PRINCIPAL._replace(name="other"), "acme"),
        (PRINCIPAL._replace(kind="user"), "acme"),
        (PRINCIPAL._replace(aws_account="111111111111"), "acme"),
        (PRINCIPAL._replace(partition="aws-cn"), "acme"),
    ],
)
def test_without_a_consumer_nothing_is_returned(stores: Stores, principal: Principal, account: str) -> None:
    stores.repository.insert(an_integration(account="umbrella"), None)
    assert stores.granted.get(principal, account, ULID) == (None, None)
    assert stores.granted.find(principal, account, INTEGRATION.name) == (None, None)


def test_consumers_of_a_principal_are_listed_in_every_account(stores: Stores) -> None:
    theirs = CONSUMER._replace(account="umbrella", id="01KDZ3ZQ80000000000000000D", grant=Grant())
    stores.consumers.insert(theirs)
    stores.consumers.insert(
        a_consumer(principal_arn="arn:aws:iam::999999999999:user/billing", id="01KDZ3ZQ80000000000000000E")
    )
    same = PRINCIPAL._replace(name="Billing")  # AWS ignores the case of role names
    assert sorted(stores.granted.consumers(same)) == sorted([CONSUMER, theirs])


def test_large_grants_of_other_accounts_do_not_hide_a_grant(stores: Stores) -> None:
    """DynamoDB reads at most 1 MB at once."""
    others = [f"aaa-{number:02}" for number in range(12)]  # before the account in the order of the table
    for account in others:
        stores.consumers.insert(a_large_consumer(account=account, principal_arn=CONSUMER.principal_arn))
    assert [each.account for each in stores.granted.consumers(PRINCIPAL)].count("acme") == 1


def test_consumer_is_not_returned_after_its_revocation(stores: Stores) -> None:
    stores.consumers.revoke(Revocation(consumer=CONSUMER, revoked_at=NOON, revoked_by="alice"))
    assert stores.granted.get(PRINCIPAL, "acme", ULID) == (None, None)
    assert stores.granted.consumers(PRINCIPAL) == ()


class ThrottledClient:
    """Leaves items out of the first response, as DynamoDB does when it throttles a part of a BatchGetItem."""

    def __init__(self, aws: AwsStores, kept: int) -> None:
        self._aws = aws
        self._kept = kept
        self.get_item = aws.dynamodb.get_item

    def batch_get_item(self, **request: Any) -> Any:
        [(table, wanted)] = request["RequestItems"].items()
        first: Any = {**wanted, "Keys": wanted["Keys"][: self._kept]}
        response: Any = self._aws.dynamodb.batch_get_item(RequestItems={table: first})
        return {**response, "UnprocessedKeys": {table: {**wanted, "Keys": wanted["Keys"][self._kept :]}}}


@pytest.mark.parametrize("kept", [1, 2])
def test_items_that_a_throttled_read_leaves_out_are_read_alone(aws: AwsStores, kept: int) -> None:
    client: Any = ThrottledClient(aws, kept)
    granted = DynamoDbGrantedIntegrations(client, aws.table)
    assert granted.find(PRINCIPAL, "acme", INTEGRATION.name) == (CONSUMER, INTEGRATION)
    assert granted.get(PRINCIPAL, "acme", ULID) == (CONSUMER, INTEGRATION)


class CountingClient:
    """Counts the requests for items."""

    def __init__(self, aws: AwsStores) -> None:
        self._dynamodb = aws.dynamodb
        self.count = 0

    def get_item(self, **request: Any) -> Any:
        self.count += 1
        return self._dynamodb.get_item(**request)

    def batch_get_item(self, **request: Any) -> Any:
        self.count += 1
        return self._dynamodb.batch_get_item(**request)


@pytest.mark.parametrize(
    ("account", "ulid", "name"),
    [
        pytest.param("umbrella", ULID, INTEGRATION.name, id="without a grant"),
        pytest.param("acme", "01KDZ3ZQ80000000000000000Z", "No such name", id="no such integration"),
    ],
)
def test_resolution_that_finds_nothing_costs_one_read(aws: AwsStores, account: str, ulid: str, name: str) -> None:
    aws.repository.insert(an_integration(account="umbrella"), None)
    client: Any = CountingClient(aws)
    granted = DynamoDbGrantedIntegrations(client, aws.table)
    assert granted.get(PRINCIPAL, account, ulid)[1] is None
    assert client.count == 1
    assert granted.find(PRINCIPAL, account, name)[1] is None
    assert client.count == 2


def test_find_by_a_name_whose_integration_is_gone_returns_the_consumer_alone(aws: AwsStores) -> None:
    aws.dynamodb.delete_item(TableName=aws.table, Key=to_wire(items.integration_key("acme", ULID)))
    assert aws.granted.find(PRINCIPAL, "acme", INTEGRATION.name) == (CONSUMER, None)
