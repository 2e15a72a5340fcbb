"""`IntegrationRepository`: an IAM role belongs to one account of the registry, as long as one integration names it."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest

from ai_integrations.adapters.dynamodb import items
from ai_integrations.adapters.dynamodb.attributes import from_wire, to_wire
from ai_integrations.domain.errors import NameTakenError, RoleTakenError, VersionConflictError
from ai_integrations.domain.iam_roles import IamRole
from ai_integrations.domain.model import Integration, Tombstone
from ai_integrations.use_cases.ports import IntegrationRepository
from tests.builders import NOON, an_idempotency_key, an_integration
from tests.contract.stores import AwsStores, Stores

ROLE = "arn:aws:iam::123456789012:role/models"
OTHER_ROLE = "arn:aws:iam::123456789012:role/other-models"


def with_role(ulid: str, role_arn: str | None = ROLE, **changes: str) -> Integration:
    metadata = {"role_arn": role_arn} if role_arn else None
    provider = "AWS_BEDROCK" if role_arn else "OPEN_AI"
    return an_integration(id=ulid, **{"name": ulid, **changes}, provider=provider, provider_metadata=metadata)


FIRST = with_role("FIRST")
SECOND = with_role("SECOND")
THEIRS = with_role("THEIRS", account="umbrella")


def next_version(integration: Integration, role_arn: str | None) -> Integration:
    return replace(with_role(integration.id, role_arn, account=integration.account), version=integration.version + 1)


def a_tombstone(integration: Integration) -> Tombstone:
    expiry = NOON + timedelta(days=30)
    return Tombstone(integration=integration, deleted_at=NOON, deleted_by="bob", expires_at=expiry)


def check(repository: IntegrationRepository, integration: Integration) -> None:
    repository.check_identity(integration)


def precheck(repository: IntegrationRepository, integration: Integration) -> None:
    repository.precheck(integration, None)


def insert(repository: IntegrationRepository, integration: Integration) -> None:
    repository.insert(integration, an_idempotency_key())


Operation = Callable[[IntegrationRepository, Integration], None]
each_operation = pytest.mark.parametrize("operation", [check, precheck, insert])


def is_taken(stores: Stores, account: str = "umbrella", role_arn: str = ROLE) -> bool:
    try:
        stores.repository.check_identity(with_role("ASKING", role_arn, account=account))
    except RoleTakenError:
        return True
    return False


@each_operation
@pytest.mark.parametrize(
    "role_arn",
    [
        ROLE,
        "arn:aws:iam::123456789012:role/MODELS",
        "arn:aws:iam::123456789012:role/team/nested/Models",
        "arn:aws-cn:iam::123456789012:role/models",
    ],
)
def test_role_of_another_account_is_rejected(stores: Stores, operation: Operation, role_arn: str) -> None:
    stores.repository.insert(FIRST, None)
    with pytest.raises(RoleTakenError):
        operation(stores.repository, with_role("THEIRS", role_arn, account="umbrella"))
    assert stores.repository.get("umbrella", "THEIRS") is None


@each_operation
@pytest.mark.parametrize("role_arn", [OTHER_ROLE, "arn:aws:iam::210987654321:role/models", None])
def test_other_role_of_another_account_is_accepted(stores: Stores, operation: Operation, role_arn: str | None) -> None:
    stores.repository.insert(FIRST, None)
    operation(stores.repository, with_role("THEIRS", role_arn, account="umbrella"))


@each_operation
def test_role_is_shared_by_integrations_of_one_account(stores: Stores, operation: Operation) -> None:
    stores.repository.insert(FIRST, None)
    operation(stores.repository, SECOND)
    assert is_taken(stores)
    assert not is_taken(stores, "acme")


@each_operation
def test_taken_name_is_reported_before_taken_role(stores: Stores, operation: Operation) -> None:
    stores.repository.insert(FIRST, None)
    stores.repository.insert(with_role("OTHER", None, account="umbrella", name="Taken"), None)
    expected = RoleTakenError if operation is check else NameTakenError
    with pytest.raises(expected):
        operation(stores.repository, with_role("THEIRS", account="umbrella", name="Taken"))


def test_update_to_role_of_another_account_changes_nothing(stores: Stores) -> None:
    theirs = with_role("THEIRS", OTHER_ROLE, account="umbrella")
    stores.repository.insert(FIRST, None)
    stores.repository.insert(theirs, None)
    with pytest.raises(RoleTakenError):
        stores.repository.update(theirs, next_version(theirs, ROLE))
    assert stores.repository.get("umbrella", "THEIRS") == theirs
    assert is_taken(stores, "acme", OTHER_ROLE)


def test_update_of_stale_version_takes_and_releases_no_role(stores: Stores) -> None:
    stores.repository.insert(FIRST, None)
    second_version = next_version(FIRST, ROLE)
    stores.repository.update(FIRST, second_version)
    with pytest.raises(VersionConflictError):
        stores.repository.update(FIRST, replace(next_version(FIRST, OTHER_ROLE), name="x"))
    assert is_taken(stores)
    assert not is_taken(stores, role_arn=OTHER_ROLE)


@pytest.mark.parametrize("new_role", [OTHER_ROLE, None])
def test_update_releases_the_old_role_and_takes_the_new_one(stores: Stores, new_role: str | None) -> None:
    stores.repository.insert(FIRST, None)
    stores.repository.update(FIRST, next_version(FIRST, new_role))
    assert not is_taken(stores)
    assert is_taken(stores, role_arn=OTHER_ROLE) is (new_role is not None)


@pytest.mark.parametrize("same_role", [ROLE, "arn:aws:iam::123456789012:role/team/MODELS"])
def test_update_to_another_arn_of_the_role_keeps_it(stores: Stores, same_role: str) -> None:
    stores.repository.insert(FIRST, None)
    stores.repository.update(FIRST, next_version(FIRST, same_role))
    assert is_taken(stores)


def test_role_is_released_with_the_last_integration_that_names_it(stores: Stores) -> None:
    stores.repository.insert(FIRST, None)
    stores.repository.insert(SECOND, None)
    stores.repository.delete(a_tombstone(FIRST))
    assert is_taken(stores)
    stores.repository.update(SECOND, next_version(SECOND, None))
    assert not is_taken(stores)
    stores.repository.insert(THEIRS, None)
    assert is_taken(stores, "acme")


def test_restore_takes_the_role_again(stores: Stores) -> None:
    stores.repository.insert(FIRST, None)
    stores.repository.delete(a_tombstone(FIRST))
    stores.repository.restore(a_tombstone(FIRST), next_version(FIRST, ROLE))
    assert is_taken(stores)


def test_restore_with_role_of_another_account_changes_nothing(stores: Stores) -> None:
    stores.repository.insert(FIRST, None)
    stores.repository.delete(a_tombstone(FIRST))
    stores.repository.insert(THEIRS, None)
    with pytest.raises(RoleTakenError):
        stores.repository.restore(a_tombstone(FIRST), next_version(FIRST, ROLE))
    assert stores.repository.get("acme", "FIRST") is None
    assert stores.repository.get_deleted("acme", "FIRST") == a_tombstone(FIRST)


def test_repeated_writes_take_and_release_a_role_once(stores: Stores) -> None:
    """An attempt whose response was lost is repeated although it committed."""
    changed = next_version(FIRST, OTHER_ROLE)
    for _ in range(2):
        stores.repository.insert(FIRST, None)
    stores.repository.insert(SECOND, None)
    for _ in range(2):
        stores.repository.update(FIRST, changed)
    assert is_taken(stores)
    for _ in range(2):
        stores.repository.delete(a_tombstone(SECOND))
    assert not is_taken(stores)
    assert is_taken(stores, role_arn=OTHER_ROLE)


def test_own_lost_commit_is_recognized_after_another_account_took_the_role(stores: Stores) -> None:
    stores.repository.insert(FIRST, None)
    without_role = next_version(FIRST, None)
    stores.repository.update(FIRST, without_role)
    stores.repository.insert(THEIRS, None)
    stores.repository.update(FIRST, without_role)
    assert stores.repository.get("acme", "FIRST") == without_role


class TestIntegrationsWithoutGuard:
    """Integrations that are older than the role guards."""

    def insert(self, stores: AwsStores, integration: Integration) -> None:
        for item in (items.integration_item(integration), *items.name_items(integration)):
            stores.dynamodb.put_item(TableName=stores.table, Item=to_wire(item))

    def test_next_write_takes_the_role(self, emulator_stores: AwsStores) -> None:
        self.insert(emulator_stores, FIRST)
        assert not is_taken(emulator_stores)
        emulator_stores.repository.update(FIRST, next_version(FIRST, ROLE))
        assert is_taken(emulator_stores)

    def test_next_write_is_rejected_if_another_account_has_the_role(self, emulator_stores: AwsStores) -> None:
        self.insert(emulator_stores, FIRST)
        emulator_stores.repository.insert(THEIRS, None)
        with pytest.raises(RoleTakenError):
            emulator_stores.repository.update(FIRST, next_version(FIRST, ROLE))
        assert emulator_stores.repository.get("acme", "FIRST") == FIRST

    @pytest.mark.parametrize("is_theirs", [True, False])
    def test_delete_releases_nothing_of_another_account(self, emulator_stores: AwsStores, is_theirs: bool) -> None:
        self.insert(emulator_stores, FIRST)
        if is_theirs:
            emulator_stores.repository.insert(THEIRS, None)
        emulator_stores.repository.delete(a_tombstone(FIRST))
        assert is_taken(emulator_stores, "acme") is is_theirs


def test_guard_holds_no_name_of_the_role(emulator_stores: AwsStores) -> None:
    emulator_stores.repository.insert(FIRST, None)
    emulator_stores.repository.insert(SECOND, None)
    key = items.role_key(IamRole(arn=ROLE))
    found = emulator_stores.dynamodb.get_item(TableName=emulator_stores.table, Key=to_wire(key))["Item"]
    assert from_wire(found) == {**key, "account": "acme", "integrations": frozenset({"FIRST", "SECOND"})}
    assert "models" not in str(found)
