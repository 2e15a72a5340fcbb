"""What `service.Vault` promises."""

from dataclasses import replace

from pydantic import SecretStr

from tests.builders import API_KEY, an_integration
from tests.contract.worlds import AwsWorld, World

KEY = SecretStr(API_KEY)


def test_keeps_a_key_in_a_secret_of_its_own(world: World) -> None:
    secret = world.vault.store(an_integration(id="FIRST"), KEY)
    other = world.vault.store(an_integration(id="SECOND"), SecretStr("sk-fake-other"))
    assert world.keys() == {secret.arn: API_KEY, other.arn: "sk-fake-other"}
    assert secret.version


def test_keeps_the_keys_of_accounts_apart(world: World) -> None:
    integration = an_integration(id="FIRST")
    secrets = [world.vault.store(each, KEY) for each in (integration, replace(integration, account="other"))]
    assert world.keys().keys() == {secret.arn for secret in secrets}


def test_removes_an_unused_key_at_once_and_leaves_the_others(world: World) -> None:
    unused, used = (world.vault.store(an_integration(id=each), KEY) for each in ("FIRST", "SECOND"))
    world.vault.discard(unused)
    assert world.keys() == {used.arn: API_KEY}


def test_removes_a_key_that_is_gone_without_complaint(world: World) -> None:
    secret = world.vault.store(an_integration(), KEY)
    world.vault.discard(secret)
    world.vault.discard(secret)
    assert world.keys() == {}


def test_names_and_tags_a_secret_for_the_policies_and_the_sweep(emulated: AwsWorld) -> None:
    secret = emulated.vault.store(an_integration(account="acme", id="FIRST"), KEY)
    described = emulated.secrets.describe_secret(SecretId=secret.arn)
    assert described["Name"] == f"{emulated.prefix}/acme/FIRST"
    assert described["KmsKeyId"] == "alias/fake"
    assert {each["Key"]: each["Value"] for each in described["Tags"]} == {
        "ai-integrations:stack": emulated.prefix,
        "ai-integrations:account": "acme",
        "ai-integrations:integration": "FIRST",
    }
    assert secret.version in described["VersionIdsToStages"]
