"""`SecretInventory` and `IntegrationInventory`: what the sweep sees, and what it does to secrets."""

from dataclasses import replace

import pytest
from pydantic import SecretStr

from ai_integrations.adapters.dynamodb.attributes import to_wire
from ai_integrations.adapters.dynamodb.sweep_records import SweepRecords
from ai_integrations.adapters.secrets_manager.inventory import SecretsManagerInventory
from ai_integrations.adapters.secrets_manager.key_store import ACCOUNT_TAG, INTEGRATION_TAG, STACK_TAG
from ai_integrations.domain.model import Integration, SecretVersion
from ai_integrations.use_cases.sweep import SweepPosition
from tests.builders import API_KEY, ULID, an_integration
from tests.contract.stores import AwsStores

KEY = SecretStr(API_KEY)


def inventory(aws: AwsStores) -> SecretsManagerInventory:
    return SecretsManagerInventory(aws.secrets_manager, stack=aws.prefix, recovery_days=7)


def store_key(aws: AwsStores, ulid: str = "FIRST") -> SecretVersion:
    return aws.keys.create_key(an_integration(id=ulid), KEY)


def rotate_key(aws: AwsStores, secret: SecretVersion) -> SecretVersion:
    return aws.keys.add_key_version(replace(an_integration(), secret=secret), SecretStr("sk-fake-new-key"))


def test_page_lists_each_active_secret_with_its_integration_and_labelled_versions(aws: AwsStores) -> None:
    new = rotate_key(aws, store_key(aws))
    aws.cleanup.schedule_deletion(store_key(aws, "SECOND"))
    [found], token = inventory(aws).page(None)
    assert (found.arn, found.account, found.integration_id) == (new.arn, "acme", "FIRST")
    assert list(found.versions) == [new.version]
    assert token is None


@pytest.mark.parametrize("missing", [ACCOUNT_TAG, INTEGRATION_TAG, STACK_TAG])
def test_page_leaves_out_a_secret_without_one_of_the_tags(aws: AwsStores, missing: str) -> None:
    tags = {STACK_TAG: aws.prefix, ACCOUNT_TAG: "acme", INTEGRATION_TAG: "FIRST"}
    del tags[missing]
    aws.create_external_secret("incomplete", API_KEY, tags)
    assert inventory(aws).page(None) == ([], None)


def test_released_version_is_not_listed_again(aws: AwsStores) -> None:
    new = rotate_key(aws, store_key(aws))
    assert new.version is not None
    inventory(aws).release_version(new.arn, new.version)
    [found], _ = inventory(aws).page(None)
    assert found.versions == set()


def test_scheduled_deletion_makes_a_secret_unusable_and_can_be_cancelled(aws: AwsStores) -> None:
    secret = store_key(aws)
    assert inventory(aws).is_usable(secret.arn)
    inventory(aws).schedule_deletion(secret.arn)
    assert not inventory(aws).is_usable(secret.arn)
    inventory(aws).cancel_deletion(secret.arn)
    assert inventory(aws).is_usable(secret.arn)
    assert aws.read_key(secret) == API_KEY


def test_removal_of_a_deleted_secret_and_a_released_version_succeeds(aws: AwsStores) -> None:
    scheduled, new = store_key(aws, "SECOND"), rotate_key(aws, store_key(aws))
    assert new.version is not None
    for _ in range(2):
        inventory(aws).schedule_deletion(scheduled.arn)
        inventory(aws).release_version(new.arn, new.version)
    inventory(aws).schedule_deletion(scheduled.arn.replace("SECOND", "THIRD"))


def test_page_of_integrations_leaves_out_items_of_other_partitions(aws: AwsStores) -> None:
    """A function that may write only uses, for example, can write such an item, and end each sweep with it."""
    forged = {"pk": "USES#acme", "sk": f"INTEGRATION#{ULID}", "secret_version": "v1"}
    aws.dynamodb.put_item(TableName=aws.table, Item=to_wire(forged))
    assert SweepRecords(aws.dynamodb, aws.table).page(None) == ([], None)


def test_page_of_integrations_lists_only_those_that_own_a_secret(aws: AwsStores) -> None:
    def insert(ulid: str, secret: SecretVersion | None) -> Integration:
        integration = an_integration(id=ulid, name=ulid, secret=secret)
        aws.repository.insert(integration, None)
        return integration

    insert("WITHOUT", None)
    insert("EXTERNAL", SecretVersion(arn="arn:external", version=None))
    owner = insert("OWNER", SecretVersion(arn="arn:own", version="1"))
    assert SweepRecords(aws.dynamodb, aws.table).page(None) == ([owner], None)


def test_position_of_the_sweep_is_kept_until_the_round_ends(aws: AwsStores) -> None:
    records = SweepRecords(aws.dynamodb, aws.table)
    assert records.load_position() == SweepPosition()
    for position in (SweepPosition(part="integrations", token="next"), SweepPosition(part="integrations", token=None)):
        records.store_position(position)
        assert records.load_position() == position
    records.store_position(None)
    assert records.load_position() == SweepPosition()
