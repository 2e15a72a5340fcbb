"""`key_access/secret_reader.py` over AWS's own errors and versions."""

from collections.abc import Iterator
from uuid import uuid4

import boto3
import pytest
from botocore.exceptions import ClientError
from botocore.stub import Stubber
from moto import mock_aws
from pydantic import SecretStr

from ai_integrations.adapters.secrets_manager.key_store import ACCOUNT_TAG, INTEGRATION_TAG
from ai_integrations.domain.errors import KeyUnavailableError
from ai_integrations.domain.model import Integration, SecretVersion
from ai_integrations.key_access.secret_reader import SecretsManagerKeyReader
from tests.builders import API_KEY, an_integration
from tests.contract.worlds import AwsWorld

FOR_ACME = {ACCOUNT_TAG: "acme"}


@pytest.fixture(params=["moto", "emulator"])
def aws(request: pytest.FixtureRequest, session: boto3.Session) -> Iterator[AwsWorld]:
    if request.param == "moto":
        with mock_aws():
            yield AwsWorld(session)
    else:
        yield request.getfixturevalue("emulated")


def read(aws: AwsWorld, secret: SecretVersion, integration: Integration | None = None) -> str:
    return SecretsManagerKeyReader(aws.secrets).read(integration or an_integration(), secret).value.get_secret_value()


def keep(aws: AwsWorld, key: str = API_KEY) -> SecretVersion:
    return SecretVersion(arn=aws.keep_for_others("theirs", key, FOR_ACME), version=None)


def test_reads_the_version_that_the_integration_names(aws: AwsWorld) -> None:
    integration = an_integration(id="FIRST")
    old = aws.vault.create_key(integration, SecretStr(API_KEY))
    new = aws.vault.add_key_version(an_integration(id="FIRST", secret=old), SecretStr("sk-fake-new-key"))
    assert (read(aws, old), read(aws, new)) == (API_KEY, "sk-fake-new-key")
    aws.cleanup.promote_version(new, ())
    assert (read(aws, old), read(aws, new)) == (API_KEY, "sk-fake-new-key")
    assert SecretsManagerKeyReader(aws.secrets).read(integration, new).version == new.version


def test_has_no_key_of_a_version_or_a_secret_that_never_was(aws: AwsWorld) -> None:
    owned = aws.vault.create_key(an_integration(), SecretStr(API_KEY))
    never = SecretVersion(arn=owned.arn[:-6] + "AbCdEf", version=None)
    for secret in (SecretVersion(arn=owned.arn, version=str(uuid4())), never):
        with pytest.raises(KeyUnavailableError):
            read(aws, secret)


def test_has_no_key_that_waits_to_be_deleted(aws: AwsWorld) -> None:
    owned, theirs = aws.vault.create_key(an_integration(), SecretStr(API_KEY)), keep(aws)
    for secret in (owned, theirs):
        aws.secrets.delete_secret(SecretId=secret.arn, RecoveryWindowInDays=7)
        with pytest.raises(KeyUnavailableError):
            read(aws, secret)


def test_follows_the_owner_of_a_secret_that_is_referred_to(aws: AwsWorld) -> None:
    secret = keep(aws)
    first = SecretsManagerKeyReader(aws.secrets).read(an_integration(), secret)
    aws.secrets.put_secret_value(SecretId=secret.arn, SecretString="sk-fake-theirs-2")
    second = SecretsManagerKeyReader(aws.secrets).read(an_integration(), secret)
    assert (first.value.get_secret_value(), second.value.get_secret_value()) == (API_KEY, "sk-fake-theirs-2")
    assert first.version != second.version


@pytest.mark.parametrize("tag", [{ACCOUNT_TAG: "other"}, {INTEGRATION_TAG: "FIRST"}])
def test_refuses_a_secret_that_has_been_given_to_others_since(aws: AwsWorld, tag: dict[str, str]) -> None:
    secret = keep(aws)
    assert read(aws, secret) == API_KEY
    aws.secrets.tag_resource(SecretId=secret.arn, Tags=[{"Key": key, "Value": value} for key, value in tag.items()])
    with pytest.raises(KeyUnavailableError):
        read(aws, secret)


def test_refuses_a_secret_whose_tag_has_been_taken_off_since(aws: AwsWorld) -> None:
    secret = keep(aws)
    aws.secrets.untag_resource(SecretId=secret.arn, TagKeys=[ACCOUNT_TAG])
    with pytest.raises(KeyUnavailableError):
        read(aws, secret)


def test_refuses_a_secret_to_another_account_than_its_tag_says(aws: AwsWorld) -> None:
    with pytest.raises(KeyUnavailableError):
        read(aws, keep(aws), an_integration(account="other"))


@pytest.mark.parametrize("kept", [API_KEY + "\n", f"  {API_KEY}\r\n"])
def test_takes_off_what_an_editor_has_put_around_a_key(aws: AwsWorld, kept: str) -> None:
    assert read(aws, keep(aws, kept)) == API_KEY


def test_has_no_key_in_a_blank_secret_or_in_bytes(aws: AwsWorld) -> None:
    blank = keep(aws, " \n")
    with pytest.raises(KeyUnavailableError):
        read(aws, blank)
    aws.secrets.put_secret_value(SecretId=blank.arn, SecretBinary=b"bytes")
    with pytest.raises(KeyUnavailableError):
        read(aws, blank)


OWNED = SecretVersion(arn="arn:aws:secretsmanager:eu-central-1:123456789012:secret:stack/acme/x", version="v" * 36)
THEIRS = SecretVersion(arn="arn:aws:secretsmanager:eu-central-1:123456789012:secret:theirs", version=None)


@pytest.mark.parametrize(
    ("secret", "operation", "code", "error"),
    [
        (OWNED, "get_secret_value", "AccessDeniedException", ClientError),
        (OWNED, "get_secret_value", "DecryptionFailure", ClientError),
        (OWNED, "get_secret_value", "InternalServiceError", ClientError),
        (OWNED, "get_secret_value", "ThrottlingException", ClientError),
        (OWNED, "get_secret_value", "ResourceNotFoundException", KeyUnavailableError),
        (THEIRS, "describe_secret", "AccessDeniedException", KeyUnavailableError),
        (THEIRS, "describe_secret", "InternalServiceError", ClientError),
    ],
)
def test_tells_a_broken_stack_from_a_key_that_is_gone(
    session: boto3.Session, secret: SecretVersion, operation: str, code: str, error: type[Exception]
) -> None:
    client = session.client("secretsmanager")
    with Stubber(client) as stub:
        stub.add_client_error(operation, code, "fake")
        with pytest.raises(error):
            SecretsManagerKeyReader(client).read(an_integration(), secret)
