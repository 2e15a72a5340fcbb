"""What `service.Vault` promises."""

from dataclasses import replace

import pytest
from pydantic import SecretStr

from ai_integrations.adapters.secrets_manager.key_store import ACCOUNT_TAG, INTEGRATION_TAG, label
from ai_integrations.domain.errors import RuleViolationError
from ai_integrations.domain.model import ExternalSecretArn, Integration, SecretVersion
from tests.builders import API_KEY, an_integration
from tests.contract.worlds import AwsWorld, World

KEY = SecretStr(API_KEY)
NEW = "sk-fake-new-key"
NEW_KEY = SecretStr(NEW)


def test_keeps_a_key_in_a_secret_of_its_own(world: World) -> None:
    secret = world.vault.create_key(an_integration(id="FIRST"), KEY)
    other = world.vault.create_key(an_integration(id="SECOND"), SecretStr("sk-fake-other"))
    assert world.keys() == {secret.arn: API_KEY, other.arn: "sk-fake-other"}
    assert secret.version


def test_keeps_the_keys_of_accounts_apart(world: World) -> None:
    integration = an_integration(id="FIRST")
    secrets = [world.vault.create_key(each, KEY) for each in (integration, replace(integration, account="other"))]
    assert world.keys().keys() == {secret.arn for secret in secrets}


def test_removes_an_unused_key_at_once_and_leaves_the_others(world: World) -> None:
    unused, used = (world.vault.create_key(an_integration(id=each), KEY) for each in ("FIRST", "SECOND"))
    world.vault.discard(unused, None)
    assert world.keys() == {used.arn: API_KEY}


def test_removes_a_key_that_is_gone_without_complaint(world: World) -> None:
    secret = world.vault.create_key(an_integration(), KEY)
    world.vault.discard(secret, None)
    world.vault.discard(secret, None)
    assert world.keys() == {}


def with_key(world: World) -> Integration:
    integration = an_integration(id="FIRST")
    return replace(integration, secret=world.vault.create_key(integration, KEY))


def test_keeps_a_new_key_beside_the_one_in_use(world: World) -> None:
    integration = with_key(world)
    assert integration.secret is not None
    new = world.vault.add_key_version(integration, NEW_KEY)
    assert new.arn == integration.secret.arn
    assert (world.key(integration.secret), world.key(new)) == (API_KEY, NEW)
    assert world.keys() == {new.arn: API_KEY}


def test_lets_a_new_key_take_the_place_of_the_one_before(world: World) -> None:
    integration = with_key(world)
    new = world.vault.add_key_version(integration, NEW_KEY)
    world.cleanup.promote_version(new, {integration.secret} if integration.secret else ())
    assert world.key(new) == NEW
    assert world.keys() == {new.arn: NEW}


def test_settles_again_without_any_change(world: World) -> None:
    integration = with_key(world)
    assert integration.secret is not None
    world.cleanup.promote_version(integration.secret, ())
    new = world.vault.add_key_version(integration, NEW_KEY)
    world.cleanup.promote_version(new, {integration.secret})
    world.cleanup.promote_version(new, {integration.secret})
    assert world.keys() == {new.arn: NEW}


def test_keeps_a_former_key_while_it_may_still_be_used(world: World) -> None:
    integration = with_key(world)
    first = integration.secret
    assert first is not None
    second = world.vault.add_key_version(integration, NEW_KEY)
    world.cleanup.promote_version(second, ())
    assert (world.key(first), world.key(second)) == (API_KEY, NEW)
    world.cleanup.promote_version(first, {second})
    assert world.keys() == {first.arn: API_KEY}
    third = world.vault.add_key_version(integration, SecretStr("sk-fake-third"))
    world.cleanup.promote_version(third, ())
    assert (world.key(first), world.key(third)) == (API_KEY, "sk-fake-third")
    assert world.keys() == {first.arn: "sk-fake-third"}


def test_keeps_a_new_key_that_is_about_to_be_named_while_the_one_before_it_settles(emulated: AwsWorld) -> None:
    first = with_key(emulated)
    assert first.secret is not None
    second = replace(first, secret=emulated.vault.add_key_version(first, NEW_KEY))
    third = emulated.vault.add_key_version(second, SecretStr("sk-fake-third"))
    assert second.secret is not None
    assert third.version is not None
    emulated.cleanup.promote_version(second.secret, {first.secret})
    stages = emulated.secrets.describe_secret(SecretId=third.arn)["VersionIdsToStages"]
    assert stages[third.version] == [label(third.version)]


def test_keeps_the_key_in_use_when_a_new_one_is_taken_back(world: World) -> None:
    integration = with_key(world)
    assert integration.secret is not None
    world.vault.discard(world.vault.add_key_version(integration, NEW_KEY), integration.secret)
    assert world.key(integration.secret) == API_KEY
    assert world.keys() == {integration.secret.arn: API_KEY}


def test_gives_a_key_a_secret_of_its_own_when_that_of_the_key_before_is_gone(world: World) -> None:
    integration = with_key(world)
    assert integration.secret is not None
    world.vault.discard(integration.secret, None)
    new = world.vault.add_key_version(integration, NEW_KEY)
    assert new.arn != integration.secret.arn
    assert world.keys() == {new.arn: NEW}


def test_gives_a_key_after_none_a_secret_that_never_was(world: World) -> None:
    integration = with_key(world)
    assert integration.secret is not None
    world.cleanup.schedule_deletion(integration.secret)
    new = world.vault.add_key_version(replace(integration, secret=None), NEW_KEY)
    assert world.keys() == {new.arn: NEW}


def test_retires_a_key_and_revives_it(world: World) -> None:
    secret = with_key(world).secret
    assert secret is not None
    world.cleanup.schedule_deletion(secret)
    assert world.key(secret) is None
    assert world.keys() == {}
    world.vault.cancel_deletion(secret)
    assert world.key(secret) == API_KEY
    world.cleanup.cancel_deletion(secret)
    assert world.keys() == {secret.arn: API_KEY}


def test_finishes_a_retirement_and_a_revival_again_without_any_change(world: World) -> None:
    secret = with_key(world).secret
    assert secret is not None
    world.cleanup.schedule_deletion(secret)
    world.cleanup.schedule_deletion(secret)
    assert world.keys() == {}
    world.cleanup.cancel_deletion(secret)
    assert world.keys() == {secret.arn: API_KEY}


def test_refers_to_a_secret_that_is_tagged_for_the_account(world: World) -> None:
    arn = world.keep_for_others("theirs", API_KEY, {ACCOUNT_TAG: "acme"})
    secret = world.vault.reference_secret("acme", ExternalSecretArn(arn=arn))
    assert secret == SecretVersion(arn=arn, version=None)
    assert world.key(secret) == API_KEY


def test_refers_to_no_secret_that_is_not_meant_for_the_account(world: World) -> None:
    own = with_key(world).secret
    assert own is not None
    arns = [
        own.arn,
        own.arn + "x",
        world.keep_for_others("of-another", API_KEY, {ACCOUNT_TAG: "other"}),
        world.keep_for_others("untagged", API_KEY, {}),
        world.keep_for_others("of-an-integration", API_KEY, {ACCOUNT_TAG: "acme", INTEGRATION_TAG: "FIRST"}),
    ]
    said = set()
    for arn in arns:
        with pytest.raises(RuleViolationError) as error:
            world.vault.reference_secret("acme", ExternalSecretArn(arn=arn))
        said.add(str(error.value))
    assert len(said) == 1, "nobody may learn which secrets exist"


def test_never_touches_a_secret_that_it_only_refers_to(world: World) -> None:
    arn = world.keep_for_others("theirs", API_KEY, {ACCOUNT_TAG: "acme"})
    secret = world.vault.reference_secret("acme", ExternalSecretArn(arn=arn))
    world.vault.discard(secret, None)
    world.cleanup.promote_version(secret, {secret})
    world.cleanup.schedule_deletion(secret)
    world.vault.cancel_deletion(secret)
    world.cleanup.cancel_deletion(secret)
    new = world.vault.add_key_version(replace(an_integration(), secret=secret), NEW_KEY)
    assert new.arn != arn
    assert (world.key(secret), world.key(new)) == (API_KEY, NEW)


def test_takes_back_a_key_that_replaces_one_of_others(world: World) -> None:
    arn = world.keep_for_others("theirs", API_KEY, {ACCOUNT_TAG: "acme"})
    secret = world.vault.reference_secret("acme", ExternalSecretArn(arn=arn))
    new = world.vault.add_key_version(replace(an_integration(), secret=secret), NEW_KEY)
    world.vault.discard(new, secret)
    assert (world.key(secret), world.key(new)) == (API_KEY, None)


def test_names_and_tags_a_secret_for_the_policies_and_the_sweep(emulated: AwsWorld) -> None:
    secret = emulated.vault.create_key(an_integration(account="acme", id="FIRST"), KEY)
    described = emulated.secrets.describe_secret(SecretId=secret.arn)
    assert described["Name"] == f"{emulated.prefix}/acme/FIRST"
    assert described["KmsKeyId"] == "alias/fake"
    assert {each["Key"]: each["Value"] for each in described["Tags"]} == {
        "ai-integrations:stack": emulated.prefix,
        "ai-integrations:account": "acme",
        "ai-integrations:integration": "FIRST",
    }
    assert secret.version in described["VersionIdsToStages"]
