"""`KeyStore` and `SecretCleanup`."""

from dataclasses import replace
from typing import Any

import pytest
from pydantic import SecretStr

from ai_integrations.adapters.secrets_manager.key_store import ACCOUNT_TAG, HOSTS_TAG, INTEGRATION_TAG, label
from ai_integrations.domain.errors import RuleViolationError
from ai_integrations.domain.model import ExternalSecretArn, Integration, PreviousKey, SecretVersion
from tests.builders import API_KEY, NOON, an_integration
from tests.contract.stores import AwsStores, Stores

KEY = SecretStr(API_KEY)
NEW = "sk-fake-new-key"
NEW_KEY = SecretStr(NEW)


def test_create_key_stores_each_key_in_its_own_secret(stores: Stores) -> None:
    secret = stores.keys.create_key(an_integration(id="FIRST"), KEY)
    other = stores.keys.create_key(an_integration(id="SECOND"), SecretStr("sk-fake-other"))
    assert stores.current_keys() == {secret.arn: API_KEY, other.arn: "sk-fake-other"}
    assert secret.version


def test_create_key_uses_one_secret_per_account(stores: Stores) -> None:
    integration = an_integration(id="FIRST")
    secrets = [stores.keys.create_key(each, KEY) for each in (integration, replace(integration, account="other"))]
    assert stores.current_keys().keys() == {secret.arn for secret in secrets}


def test_discard_removes_only_the_unused_key(stores: Stores) -> None:
    unused, used = (stores.keys.create_key(an_integration(id=each), KEY) for each in ("FIRST", "SECOND"))
    stores.keys.discard(unused, None)
    assert stores.current_keys() == {used.arn: API_KEY}


def test_discard_of_removed_key_does_nothing(stores: Stores) -> None:
    secret = stores.keys.create_key(an_integration(), KEY)
    stores.keys.discard(secret, None)
    stores.keys.discard(secret, None)
    assert stores.current_keys() == {}


def with_key(stores: Stores) -> Integration:
    integration = an_integration(id="FIRST")
    return replace(integration, secret=stores.keys.create_key(integration, KEY))


def test_add_key_version_keeps_the_current_version(stores: Stores) -> None:
    integration = with_key(stores)
    assert integration.secret is not None
    new = stores.keys.add_key_version(integration, NEW_KEY)
    assert new.arn == integration.secret.arn
    assert (stores.read_key(integration.secret), stores.read_key(new)) == (API_KEY, NEW)
    assert stores.current_keys() == {new.arn: API_KEY}


def test_promote_version_makes_the_new_version_current(stores: Stores) -> None:
    integration = with_key(stores)
    new = stores.keys.add_key_version(integration, NEW_KEY)
    stores.cleanup.promote_version(new, {integration.secret} if integration.secret else ())
    assert stores.read_key(new) == NEW
    assert stores.current_keys() == {new.arn: NEW}


def test_promote_version_removes_the_stage_label_of_a_released_version(aws: AwsStores) -> None:
    integration = with_key(aws)
    released = integration.secret
    assert released is not None
    assert released.version is not None
    new = aws.keys.add_key_version(integration, NEW_KEY)
    assert new.version is not None
    newer = aws.keys.add_key_version(replace(integration, secret=new), SecretStr("sk-fake-third"))
    aws.cleanup.promote_version(new, {released})
    aws.cleanup.promote_version(newer, {new})
    stages = aws.secrets_manager.describe_secret(SecretId=newer.arn)["VersionIdsToStages"]
    assert label(new.version) not in {each for labels in stages.values() for each in labels}


def test_promote_version_keeps_a_version_that_another_secret_released(aws: AwsStores) -> None:
    integration = with_key(aws)
    kept = aws.keys.add_key_version(integration, NEW_KEY)
    new = aws.keys.add_key_version(replace(integration, secret=kept), SecretStr("sk-fake-third"))
    aws.cleanup.promote_version(new, {kept._replace(arn=kept.arn + "-other")})
    assert kept.version is not None
    stages = aws.secrets_manager.describe_secret(SecretId=kept.arn)["VersionIdsToStages"]
    assert label(kept.version) in stages[kept.version]


def test_promote_version_is_idempotent(stores: Stores) -> None:
    integration = with_key(stores)
    assert integration.secret is not None
    stores.cleanup.promote_version(integration.secret, ())
    new = stores.keys.add_key_version(integration, NEW_KEY)
    stores.cleanup.promote_version(new, {integration.secret})
    stores.cleanup.promote_version(new, {integration.secret})
    assert stores.current_keys() == {new.arn: NEW}


@pytest.mark.parametrize("lost", [1, 2], ids=["the move of AWSCURRENT", "the removal of a label"])
def test_promote_version_succeeds_after_a_lost_response(aws: AwsStores, lost: int) -> None:
    integration = with_key(aws)
    released = aws.keys.add_key_version(integration, NEW_KEY)
    new = aws.keys.add_key_version(integration, SecretStr("sk-fake-third"))
    aws.cleanup.promote_version(released, ())
    requests: list[int] = []

    def repeat_one(attempts: int, **_: object) -> int | None:
        """Make botocore repeat a request that succeeded, as it does if the response is lost."""
        if attempts == 1:
            requests.append(attempts)
        return 0 if attempts == 1 and len(requests) == lost else None

    events: Any = aws.secrets_manager.meta.events  # whose stubs allow no result of a handler
    events.register_first("needs-retry.secrets-manager.UpdateSecretVersionStage", repeat_one)
    aws.cleanup.promote_version(new, {released})
    assert len(requests) == 2
    assert new.version is not None
    stages = aws.secrets_manager.describe_secret(SecretId=new.arn)["VersionIdsToStages"]
    kept = {version: set(labels) - {"AWSPREVIOUS"} for version, labels in stages.items()}
    assert {version: labels for version, labels in kept.items() if labels} == {
        new.version: {"AWSCURRENT", label(new.version)}
    }


def test_promote_version_keeps_versions_that_are_not_released(stores: Stores) -> None:
    integration = with_key(stores)
    first = integration.secret
    assert first is not None
    second = stores.keys.add_key_version(integration, NEW_KEY)
    stores.cleanup.promote_version(second, ())
    assert (stores.read_key(first), stores.read_key(second)) == (API_KEY, NEW)
    stores.cleanup.promote_version(first, {second})
    assert stores.current_keys() == {first.arn: API_KEY}
    third = stores.keys.add_key_version(integration, SecretStr("sk-fake-third"))
    stores.cleanup.promote_version(third, ())
    assert (stores.read_key(first), stores.read_key(third)) == (API_KEY, "sk-fake-third")
    assert stores.current_keys() == {first.arn: "sk-fake-third"}


def test_promote_version_keeps_the_version_of_an_in_flight_write(emulator_stores: AwsStores) -> None:
    first = with_key(emulator_stores)
    assert first.secret is not None
    second = replace(first, secret=emulator_stores.keys.add_key_version(first, NEW_KEY))
    third = emulator_stores.keys.add_key_version(second, SecretStr("sk-fake-third"))
    assert second.secret is not None
    assert third.version is not None
    emulator_stores.cleanup.promote_version(second.secret, {first.secret})
    stages = emulator_stores.secrets_manager.describe_secret(SecretId=third.arn)["VersionIdsToStages"]
    assert stages[third.version] == [label(third.version)]


def test_discard_of_new_version_keeps_the_referenced_version(stores: Stores) -> None:
    integration = with_key(stores)
    assert integration.secret is not None
    stores.keys.discard(stores.keys.add_key_version(integration, NEW_KEY), integration.secret)
    assert stores.read_key(integration.secret) == API_KEY
    assert stores.current_keys() == {integration.secret.arn: API_KEY}


def test_add_key_version_creates_a_secret_if_the_old_one_was_removed(stores: Stores) -> None:
    integration = with_key(stores)
    assert integration.secret is not None
    stores.keys.discard(integration.secret, None)
    new = stores.keys.add_key_version(integration, NEW_KEY)
    assert new.arn != integration.secret.arn
    assert stores.current_keys() == {new.arn: NEW}


def test_add_key_version_without_referenced_secret_uses_a_new_name(stores: Stores) -> None:
    integration = with_key(stores)
    assert integration.secret is not None
    stores.cleanup.schedule_deletion(integration.secret)
    new = stores.keys.add_key_version(replace(integration, secret=None), NEW_KEY)
    assert stores.current_keys() == {new.arn: NEW}


def test_add_key_version_puts_the_key_into_the_secret_of_the_current_key(stores: Stores) -> None:
    integration = with_key(stores)
    assert integration.secret is not None
    current = stores.keys.create_key(an_integration(id="SECOND"), KEY)
    previous = PreviousKey(secret=integration.secret, usable_until=NOON)
    new = stores.keys.add_key_version(replace(integration, secret=current, previous_key=previous), NEW_KEY)
    assert new.arn == current.arn


def test_holds_key_compares_each_stored_version_and_changes_nothing(stores: Stores) -> None:
    integration = with_key(stores)
    first = integration.secret
    assert first is not None
    second = stores.keys.add_key_version(integration, NEW_KEY)
    found = [stores.keys.holds_key(secret, key) for secret in (first, second) for key in (KEY, NEW_KEY)]
    assert found == [True, False, False, True]
    assert (stores.read_key(first), stores.read_key(second)) == (API_KEY, NEW)
    assert stores.current_keys() == {first.arn: API_KEY}


def test_holds_key_compares_versions_that_were_released(stores: Stores) -> None:
    integration = with_key(stores)
    first = current = integration.secret
    assert first is not None
    assert current is not None
    for key in ("sk-fake-second", "sk-fake-third", "sk-fake-fourth"):
        new = stores.keys.add_key_version(replace(integration, secret=current), SecretStr(key))
        stores.cleanup.promote_version(new, {current})
        assert stores.keys.holds_key(first, KEY)
        assert not stores.keys.holds_key(first, SecretStr(key))
        current = new
    assert stores.current_keys() == {first.arn: "sk-fake-fourth"}


def test_holds_key_does_not_relabel_a_released_version(emulator_stores: AwsStores) -> None:
    integration = with_key(emulator_stores)
    first = integration.secret
    assert first is not None
    second = emulator_stores.keys.add_key_version(integration, NEW_KEY)
    emulator_stores.keys.discard(second, first)
    assert emulator_stores.keys.holds_key(second, NEW_KEY)
    stages = emulator_stores.secrets_manager.describe_secret(SecretId=first.arn)["VersionIdsToStages"]
    assert stages.keys() == {first.version}


# Not over moto, which stores versions in a secret that is scheduled for deletion.
def test_holds_key_is_false_while_the_secret_is_scheduled_for_deletion(emulator_stores: AwsStores) -> None:
    secret = with_key(emulator_stores).secret
    assert secret is not None
    emulator_stores.cleanup.schedule_deletion(secret)
    assert not emulator_stores.keys.holds_key(secret, KEY)
    emulator_stores.keys.cancel_deletion(secret)
    assert emulator_stores.keys.holds_key(secret, KEY)
    emulator_stores.keys.discard(secret, None)
    assert not emulator_stores.keys.holds_key(secret, KEY)


def test_holds_key_is_false_for_an_external_secret(stores: Stores) -> None:
    arn = stores.create_external_secret("external", API_KEY, {ACCOUNT_TAG: "acme"})
    assert not stores.keys.holds_key(SecretVersion(arn=arn, version=None), KEY)


def test_cancel_deletion_makes_a_scheduled_secret_active_again(stores: Stores) -> None:
    secret = with_key(stores).secret
    assert secret is not None
    stores.cleanup.schedule_deletion(secret)
    assert stores.read_key(secret) is None
    assert stores.current_keys() == {}
    stores.keys.cancel_deletion(secret)
    assert stores.read_key(secret) == API_KEY
    stores.cleanup.cancel_deletion(secret)
    assert stores.current_keys() == {secret.arn: API_KEY}


def test_schedule_and_cancel_deletion_are_idempotent(stores: Stores) -> None:
    secret = with_key(stores).secret
    assert secret is not None
    stores.cleanup.schedule_deletion(secret)
    stores.cleanup.schedule_deletion(secret)
    assert stores.current_keys() == {}
    stores.cleanup.cancel_deletion(secret)
    assert stores.current_keys() == {secret.arn: API_KEY}


def test_reference_secret_accepts_a_secret_tagged_for_the_account(stores: Stores) -> None:
    arn = stores.create_external_secret("external", API_KEY, {ACCOUNT_TAG: "acme"})
    secret = stores.keys.reference_secret(an_integration(account="acme"), ExternalSecretArn(arn=arn))
    assert secret == SecretVersion(arn=arn, version=None)
    assert stores.read_key(secret) == API_KEY


def test_reference_secret_rejects_every_other_secret_with_the_same_error(stores: Stores) -> None:
    own = with_key(stores).secret
    assert own is not None
    arns = [
        own.arn,
        own.arn + "x",
        stores.create_external_secret("of-another", API_KEY, {ACCOUNT_TAG: "other"}),
        stores.create_external_secret("untagged", API_KEY, {}),
        stores.create_external_secret("of-an-integration", API_KEY, {ACCOUNT_TAG: "acme", INTEGRATION_TAG: "FIRST"}),
    ]
    messages = set()
    for arn in arns:
        with pytest.raises(RuleViolationError) as error:
            stores.keys.reference_secret(an_integration(account="acme"), ExternalSecretArn(arn=arn))
        messages.add(str(error.value))
    assert len(messages) == 1, "the error must not disclose which secrets exist"


def test_reference_secret_rejects_a_secret_that_is_scheduled_for_deletion(aws: AwsStores) -> None:
    arn = aws.create_external_secret("external", API_KEY, {ACCOUNT_TAG: "acme"})
    aws.secrets_manager.delete_secret(SecretId=arn)
    with pytest.raises(RuleViolationError):
        aws.keys.reference_secret(an_integration(account="acme"), ExternalSecretArn(arn=arn))


@pytest.mark.parametrize(
    ("hosts", "allowed"),
    [
        ("gateway.example.com", True),
        (".example.com api.openai.com:443", True),
        ("api.openai.com", False),
        (None, False),
    ],
)
def test_reference_secret_accepts_only_hosts_that_its_tag_lists(
    stores: Stores, hosts: str | None, *, allowed: bool
) -> None:
    integration = an_integration(account="acme", provider="CUSTOM", base_url="https://gateway.example.com/v1")
    tags = {ACCOUNT_TAG: "acme"} | ({HOSTS_TAG: hosts} if hosts else {})
    reference = ExternalSecretArn(arn=stores.create_external_secret("external", API_KEY, tags))
    if allowed:
        assert stores.keys.reference_secret(integration, reference).arn == reference.arn
    else:
        with pytest.raises(RuleViolationError) as error:
            stores.keys.reference_secret(integration, reference)
        assert [each.pointer for each in error.value.errors] == ["/api_key_secret_arn"]


def test_reference_secret_of_another_account_has_the_same_error_for_every_host(stores: Stores) -> None:
    messages = set()
    for base_url in ("https://gateway.example.com", "https://evil.example.com"):
        integration = an_integration(account="acme", provider="CUSTOM", base_url=base_url)
        for account in ("other", "acme-2"):
            tags = {ACCOUNT_TAG: account, HOSTS_TAG: "gateway.example.com"}
            arn = stores.create_external_secret(f"of-{account}", API_KEY, tags)
            with pytest.raises(RuleViolationError) as error:
                stores.keys.reference_secret(integration, ExternalSecretArn(arn=arn))
            messages.add(str(error.value))
    assert len(messages) == 1, "the error must not disclose the tags of another account's secret"


def test_external_secret_is_never_changed(stores: Stores) -> None:
    arn = stores.create_external_secret("external", API_KEY, {ACCOUNT_TAG: "acme"})
    secret = stores.keys.reference_secret(an_integration(account="acme"), ExternalSecretArn(arn=arn))
    stores.keys.discard(secret, None)
    stores.cleanup.promote_version(secret, {secret})
    stores.cleanup.schedule_deletion(secret)
    stores.keys.cancel_deletion(secret)
    stores.cleanup.cancel_deletion(secret)
    new = stores.keys.add_key_version(replace(an_integration(), secret=secret), NEW_KEY)
    assert new.arn != arn
    assert (stores.read_key(secret), stores.read_key(new)) == (API_KEY, NEW)


def test_deletion_that_its_owner_scheduled_for_an_external_secret_is_not_cancelled(aws: AwsStores) -> None:
    arn = aws.create_external_secret("external", API_KEY, {ACCOUNT_TAG: "acme"})
    aws.secrets_manager.delete_secret(SecretId=arn)
    secret = SecretVersion(arn=arn, version=None)
    aws.keys.cancel_deletion(secret)
    aws.cleanup.cancel_deletion(secret)
    assert "DeletedDate" in aws.secrets_manager.describe_secret(SecretId=arn)


def test_discard_of_key_that_replaces_an_external_secret_removes_it(stores: Stores) -> None:
    arn = stores.create_external_secret("external", API_KEY, {ACCOUNT_TAG: "acme"})
    secret = stores.keys.reference_secret(an_integration(account="acme"), ExternalSecretArn(arn=arn))
    new = stores.keys.add_key_version(replace(an_integration(), secret=secret), NEW_KEY)
    stores.keys.discard(new, secret)
    assert (stores.read_key(secret), stores.read_key(new)) == (API_KEY, None)


@pytest.mark.parametrize("replaces", [False, True], ids=["first secret", "further secret"])
def test_every_secret_is_named_tagged_and_encrypted_for_its_stack(aws: AwsStores, replaces: bool) -> None:
    integration = an_integration(account="acme", id="FIRST")
    secret = aws.keys.create_key(integration, KEY)
    if replaces:
        aws.keys.discard(secret, None)
        secret = aws.keys.add_key_version(replace(integration, secret=secret), NEW_KEY)
    described = aws.secrets_manager.describe_secret(SecretId=secret.arn)
    prefix, account, ulid, *suffix = described["Name"].split("/")
    assert (prefix, account, ulid, len(suffix)) == (aws.prefix, "acme", "FIRST", int(replaces))
    assert described["KmsKeyId"] == "alias/fake"
    assert {each["Key"]: each["Value"] for each in described["Tags"]} == {
        "ai-integrations:stack": aws.prefix,
        "ai-integrations:account": "acme",
        "ai-integrations:integration": "FIRST",
    }
    assert secret.version in described["VersionIdsToStages"]
