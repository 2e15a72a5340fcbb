"""`IntegrationRepository`: a federated identity belongs to one account of the registry, as an IAM role does.

The guards are those of roles: tests/contract/test_role_ownership.py has the cases that concern the mechanism alone.
"""

from dataclasses import replace
from datetime import timedelta

import pytest

from ai_integrations.adapters.dynamodb import items
from ai_integrations.adapters.dynamodb.attributes import from_wire, to_wire
from ai_integrations.domain.errors import FederationTakenError
from ai_integrations.domain.federation import identity_of
from ai_integrations.domain.model import Federation, Integration, Tombstone
from tests.builders import FEDERATIONS, NOON, an_integration
from tests.contract.stores import AwsStores, Stores

PROVIDER = "AZURE_OPEN_AI"
FEDERATION = FEDERATIONS[PROVIDER]
OTHER = Federation({**FEDERATION.fields, "client_id": "00000000-0000-4000-8000-000000000002"})


def federated(ulid: str, federation: Federation | None = FEDERATION, **changes: str) -> Integration:
    return an_integration(id=ulid, **{"name": ulid, "provider": PROVIDER, **changes}, federation=federation)


FIRST = federated("FIRST")
SECOND = federated("SECOND")
THEIRS = federated("THEIRS", account="umbrella")


def next_version(integration: Integration, federation: Federation | None) -> Integration:
    return replace(integration, federation=federation, version=integration.version + 1)


def a_tombstone(integration: Integration) -> Tombstone:
    expiry = NOON + timedelta(days=30)
    return Tombstone(integration=integration, deleted_at=NOON, deleted_by="bob", expires_at=expiry)


def is_taken(stores: Stores, account: str = "umbrella", federation: Federation = FEDERATION) -> bool:
    try:
        stores.repository.check_identity(federated("ASKING", federation, account=account))
    except FederationTakenError:
        return True
    return False


@pytest.mark.parametrize("provider", FEDERATIONS)
def test_identity_of_another_account_is_rejected_at_each_provider(stores: Stores, provider: str) -> None:
    ours = federated("FIRST", FEDERATIONS[provider], provider=provider)
    theirs = federated("THEIRS", FEDERATIONS[provider], provider=provider, account="umbrella")
    stores.repository.insert(ours, None)
    for operation in (
        stores.repository.check_identity,
        lambda integration: stores.repository.precheck(integration, None),
        lambda integration: stores.repository.insert(integration, None),
    ):
        with pytest.raises(FederationTakenError):
            operation(theirs)
    assert stores.repository.get("umbrella", "THEIRS") is None


@pytest.mark.parametrize(
    ("provider", "changes"),
    [
        ("AZURE_OPEN_AI", {"client_id": FEDERATION.fields["client_id"].upper(), "cloud": "public"}),
        ("ANTHROPIC", {"federation_rule_id": "fdrl_other", "workspace_id": "default"}),
        ("OPEN_AI", {"identity_provider_id": "idp_other"}),
        ("VERTEX_AI", {"service_account_email": "others@project-1.iam.gserviceaccount.com"}),
        ("CUSTOM", {"audience": "HTTPS://LLM/", "grant": "jwt-bearer", "token_endpoint": "https://other.example.com"}),
    ],
)
def test_other_fields_do_not_make_another_identity(stores: Stores, provider: str, changes: dict[str, str]) -> None:
    federation = FEDERATIONS[provider]
    stores.repository.insert(federated("FIRST", federation, provider=provider), None)
    same = Federation({**federation.fields, **changes})
    with pytest.raises(FederationTakenError):
        stores.repository.insert(federated("THEIRS", same, provider=provider, account="umbrella"), None)


def test_custom_providers_share_their_identities(stores: Stores) -> None:
    custom = FEDERATIONS["CUSTOM"]
    stores.repository.insert(federated("FIRST", custom, provider="CUSTOM"), None)
    with pytest.raises(FederationTakenError):
        stores.repository.insert(federated("THEIRS", custom, provider="LITELLM", account="umbrella"), None)


def test_other_identity_of_another_account_is_accepted(stores: Stores) -> None:
    stores.repository.insert(FIRST, None)
    stores.repository.insert(federated("THEIRS", OTHER, account="umbrella"), None)
    assert not is_taken(stores, "acme")


@pytest.mark.parametrize("federation", [OTHER, None])
def test_update_releases_the_old_identity_and_takes_the_new_one(stores: Stores, federation: Federation | None) -> None:
    stores.repository.insert(FIRST, None)
    stores.repository.update(FIRST, next_version(FIRST, federation))
    assert not is_taken(stores)
    assert is_taken(stores, federation=OTHER) is (federation is not None)


def test_update_to_the_identity_of_another_account_changes_nothing(stores: Stores) -> None:
    theirs = federated("THEIRS", OTHER, account="umbrella")
    stores.repository.insert(FIRST, None)
    stores.repository.insert(theirs, None)
    with pytest.raises(FederationTakenError):
        stores.repository.update(theirs, next_version(theirs, FEDERATION))
    assert stores.repository.get("umbrella", "THEIRS") == theirs


def test_identity_is_released_with_the_last_integration_that_has_it(stores: Stores) -> None:
    stores.repository.insert(FIRST, None)
    stores.repository.insert(SECOND, None)
    stores.repository.delete(a_tombstone(FIRST))
    assert is_taken(stores)
    stores.repository.delete(a_tombstone(SECOND))
    assert not is_taken(stores)


@pytest.mark.parametrize("is_theirs", [True, False])
def test_restore_takes_the_identity_again_unless_another_account_has_it(stores: Stores, is_theirs: bool) -> None:
    stores.repository.insert(FIRST, None)
    stores.repository.delete(a_tombstone(FIRST))
    if is_theirs:
        stores.repository.insert(THEIRS, None)
        with pytest.raises(FederationTakenError):
            stores.repository.restore(a_tombstone(FIRST), next_version(FIRST, FEDERATION))
    else:
        stores.repository.restore(a_tombstone(FIRST), next_version(FIRST, FEDERATION))
        assert is_taken(stores)
    assert (stores.repository.get("acme", "FIRST") is None) is is_theirs


@pytest.mark.parametrize("provider", FEDERATIONS)
def test_stored_federation_is_read_back(stores: Stores, provider: str) -> None:
    integration = federated("FIRST", FEDERATIONS[provider], provider=provider)
    stores.repository.insert(integration, None)
    assert stores.repository.get("acme", "FIRST") == integration


def test_guard_holds_no_name_of_the_identity(emulator_stores: AwsStores) -> None:
    emulator_stores.repository.insert(FIRST, None)
    key = items.federation_key(identity_of(PROVIDER, FEDERATION))
    found = emulator_stores.dynamodb.get_item(TableName=emulator_stores.table, Key=to_wire(key))["Item"]
    assert from_wire(found) == {**key, "account": "acme", "integrations": frozenset({"FIRST"})}
