"""`ConsumerRepository`, and the check that integrations exist."""

from datetime import timedelta

import pytest

from ai_integrations.adapters.dynamodb.attributes import from_wire
from ai_integrations.domain.consumers import Consumer, Grant, Revocation
from ai_integrations.domain.errors import ConsumerExistsError, VersionConflictError
from ai_integrations.domain.model import Membership
from tests.builders import NOON, ULID, a_consumer, a_large_consumer, an_integration
from tests.contract.stores import AwsStores, Stores

IDS = [f"01KDZ3ZQ8000000000000000{number:02}" for number in range(5)]
ARNS = [f"arn:aws:iam::999999999999:role/service/consumer-{number}" for number in range(5)]
FULL = a_consumer(
    id=IDS[1],
    grant=Grant(memberships=(Membership(organization_id="org-1", space_id="space-1"), Membership(space_id="s"))),
    name="Billing",
    expires_at=NOON + timedelta(days=1, microseconds=1000),
    updated_by="bob",
)


def revocation_of(consumer: Consumer) -> Revocation:
    return Revocation(consumer=consumer, revoked_at=NOON, revoked_by="carol")


@pytest.mark.parametrize(
    "consumer",
    [
        a_consumer(),
        a_consumer(grant=Grant(integrations=frozenset({ULID, IDS[0]}))),
        a_consumer(grant=Grant(memberships=())),
        FULL,
    ],
)
def test_get_returns_the_inserted_consumer(stores: Stores, consumer: Consumer) -> None:
    stores.consumers.insert(consumer)
    assert stores.consumers.get("acme", consumer.id) == consumer


def test_get_returns_none_for_a_consumer_of_another_account(stores: Stores) -> None:
    stores.consumers.insert(FULL)
    assert stores.consumers.get("other", FULL.id) is None


@pytest.mark.parametrize("arn", [FULL.principal_arn, "arn:aws:iam::999999999999:role/BILLING"])
def test_insert_for_a_principal_with_a_grant_conflicts_and_stores_nothing(stores: Stores, arn: str) -> None:
    stores.consumers.insert(FULL)
    with pytest.raises(ConsumerExistsError):
        stores.consumers.insert(a_consumer(id=IDS[2], principal_arn=arn))
    assert stores.consumers.newest("acme", None, 10).consumers == (FULL,)


def test_insert_with_an_id_in_use_conflicts_and_changes_nothing(aws: AwsStores) -> None:
    aws.consumers.insert(FULL)
    with pytest.raises(VersionConflictError):
        aws.consumers.insert(a_consumer(id=FULL.id, principal_arn=ARNS[0]))
    assert aws.consumers.newest("acme", None, 10).consumers == (FULL,)


def test_insert_for_the_same_principal_in_another_account_succeeds(stores: Stores) -> None:
    stores.consumers.insert(FULL)
    stores.consumers.insert(FULL._replace(account="other"))
    assert stores.consumers.newest("other", None, 10).consumers == (FULL._replace(account="other"),)


def test_newest_lists_consumers_after_an_id_of_one_account(stores: Stores) -> None:
    consumers = [a_consumer(id=ulid, principal_arn=arn) for ulid, arn in zip(IDS, ARNS, strict=True)]
    for each in consumers:
        stores.consumers.insert(each)
    stores.consumers.insert(FULL._replace(account="other"))
    stores.consumers.revoke(revocation_of(consumers[3]))
    assert [each.id for each in stores.consumers.newest("acme", None, 2).consumers] == [IDS[4], IDS[2]]
    assert [each.id for each in stores.consumers.newest("acme", IDS[2], 2).consumers] == [IDS[1], IDS[0]]
    assert stores.consumers.newest("acme", IDS[0], 2).consumers == ()


def test_newest_lists_every_consumer_although_their_items_exceed_a_page_of_the_table(stores: Stores) -> None:
    """DynamoDB reads at most 1 MB at once."""
    ids = [f"01KDZ3ZQ8000000000000000{number}" for number in range(10, 22)]
    for ulid in ids:
        stores.consumers.insert(a_large_consumer(id=ulid, principal_arn=f"arn:aws:iam::999999999999:role/{ulid}"))
    listed: list[str] = []
    more = True
    while more:
        found = stores.consumers.newest("acme", listed[-1] if listed else None, 100)
        listed += [each.id for each in found.consumers]
        more = found.more
    assert listed == ids[::-1]


def test_update_replaces_the_consumer(stores: Stores) -> None:
    stores.consumers.insert(FULL)
    changed = FULL._replace(version=2, name=None, expires_at=None, grant=Grant())
    stores.consumers.update(FULL, changed)
    assert stores.consumers.get("acme", FULL.id) == changed


def test_update_after_another_write_conflicts_and_changes_nothing(stores: Stores) -> None:
    stores.consumers.insert(FULL)
    changed = FULL._replace(version=2, name="first")
    stores.consumers.update(FULL, changed)
    with pytest.raises(VersionConflictError):
        stores.consumers.update(FULL, FULL._replace(version=2, name="second"))
    assert stores.consumers.get("acme", FULL.id) == changed


def test_revocation_after_another_write_conflicts_and_changes_nothing(stores: Stores) -> None:
    stores.consumers.insert(FULL)
    changed = FULL._replace(version=2, name="first")
    stores.consumers.update(FULL, changed)
    with pytest.raises(VersionConflictError):
        stores.consumers.revoke(revocation_of(FULL))
    assert stores.consumers.get("acme", FULL.id) == changed


def test_revoked_consumer_is_gone_and_its_principal_can_get_a_new_grant(stores: Stores) -> None:
    stores.consumers.insert(FULL)
    stores.consumers.revoke(revocation_of(FULL))
    assert stores.consumers.get("acme", FULL.id) is None
    with pytest.raises(VersionConflictError):
        stores.consumers.update(FULL, FULL._replace(version=2))
    stores.consumers.revoke(revocation_of(FULL))  # as a retry after a lost response
    with pytest.raises(VersionConflictError):
        stores.consumers.revoke(revocation_of(FULL)._replace(revoked_by="dave"))
    stores.consumers.insert(FULL._replace(id=IDS[2]))


def test_existing_lists_the_integrations_of_the_account(stores: Stores) -> None:
    stores.repository.insert(an_integration(), None)
    stores.repository.insert(an_integration(id=IDS[1], account="other"), None)
    assert stores.repository.existing("acme", [ULID, IDS[1], IDS[2]]) == {ULID}


def test_both_items_of_a_consumer_have_the_same_content_after_every_write(aws: AwsStores) -> None:
    def contents() -> list[dict[str, object]]:
        found = map(from_wire, aws.dynamodb.scan(TableName=aws.table)["Items"])
        return [{name: value for name, value in item.items() if name not in {"pk", "sk"}} for item in found]

    aws.consumers.insert(FULL)
    first, second = contents()
    assert first == second
    changed = FULL._replace(version=2, grant=Grant(), expires_at=None)
    aws.consumers.update(FULL, changed)
    first, second = contents()
    assert first == second
    assert first["version"] == 2
    aws.consumers.revoke(revocation_of(changed))
    [revoked] = contents()
    assert revoked["revoked_by"] == "carol"
