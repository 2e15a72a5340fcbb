"""`SecretsManagerKeyReader`: versions, tags and errors of secrets."""

from uuid import uuid4

import boto3
import pytest
from botocore.exceptions import ClientError
from botocore.stub import Stubber
from pydantic import SecretStr

from ai_integrations.adapters.secrets_manager.key_store import (
    ACCOUNT_TAG,
    HOSTS_TAG,
    INTEGRATION_TAG,
    UNAVAILABLE_SECRET,
)
from ai_integrations.domain.errors import KeyUnavailableError
from ai_integrations.domain.model import Integration, SecretVersion
from ai_integrations.key_access.secret_reader import SecretsManagerKeyReader
from tests.builders import API_KEY, an_integration
from tests.contract.stores import AwsStores

FOR_ACME = {ACCOUNT_TAG: "acme"}


def read(aws: AwsStores, secret: SecretVersion, integration: Integration | None = None) -> str:
    return (
        SecretsManagerKeyReader(aws.secrets_manager)
        .read(integration or an_integration(), secret)
        .value.get_secret_value()
    )


def create_external(aws: AwsStores, key: str = API_KEY) -> SecretVersion:
    return SecretVersion(arn=aws.create_external_secret("external", key, FOR_ACME), version=None)


def test_read_returns_the_requested_version(aws: AwsStores) -> None:
    integration = an_integration(id="FIRST")
    old = aws.keys.create_key(integration, SecretStr(API_KEY))
    new = aws.keys.add_key_version(an_integration(id="FIRST", secret=old), SecretStr("sk-fake-new-key"))
    assert (read(aws, old), read(aws, new)) == (API_KEY, "sk-fake-new-key")
    aws.cleanup.promote_version(new, ())
    assert (read(aws, old), read(aws, new)) == (API_KEY, "sk-fake-new-key")
    assert SecretsManagerKeyReader(aws.secrets_manager).read(integration, new).version == new.version


def test_read_of_unknown_version_or_secret_raises_key_unavailable(aws: AwsStores) -> None:
    owned = aws.keys.create_key(an_integration(), SecretStr(API_KEY))
    never = SecretVersion(arn=owned.arn[:-6] + "AbCdEf", version=None)
    for secret in (SecretVersion(arn=owned.arn, version=str(uuid4())), never):
        with pytest.raises(KeyUnavailableError) as error:
            read(aws, secret)
        assert error.value.reason == UNAVAILABLE_SECRET


def test_read_of_secret_scheduled_for_deletion_raises_key_unavailable(aws: AwsStores) -> None:
    owned, external = aws.keys.create_key(an_integration(), SecretStr(API_KEY)), create_external(aws)
    for secret in (owned, external):
        aws.secrets_manager.delete_secret(SecretId=secret.arn, RecoveryWindowInDays=7)
        with pytest.raises(KeyUnavailableError):
            read(aws, secret)


def test_read_of_external_secret_returns_its_current_version(aws: AwsStores) -> None:
    secret = create_external(aws)
    first = SecretsManagerKeyReader(aws.secrets_manager).read(an_integration(), secret)
    aws.secrets_manager.put_secret_value(SecretId=secret.arn, SecretString="sk-fake-external-2")
    second = SecretsManagerKeyReader(aws.secrets_manager).read(an_integration(), secret)
    assert (first.value.get_secret_value(), second.value.get_secret_value()) == (API_KEY, "sk-fake-external-2")
    assert first.version != second.version


@pytest.mark.parametrize("tag", [{ACCOUNT_TAG: "other"}, {INTEGRATION_TAG: "FIRST"}])
def test_read_of_external_secret_with_changed_tags_raises_key_unavailable(aws: AwsStores, tag: dict[str, str]) -> None:
    secret = create_external(aws)
    assert read(aws, secret) == API_KEY
    aws.secrets_manager.tag_resource(
        SecretId=secret.arn, Tags=[{"Key": key, "Value": value} for key, value in tag.items()]
    )
    with pytest.raises(KeyUnavailableError):
        read(aws, secret)


def test_read_of_external_secret_without_tag_raises_key_unavailable(aws: AwsStores) -> None:
    secret = create_external(aws)
    aws.secrets_manager.untag_resource(SecretId=secret.arn, TagKeys=[ACCOUNT_TAG])
    with pytest.raises(KeyUnavailableError):
        read(aws, secret)


def test_read_of_external_secret_for_unlisted_host_raises_key_unavailable(aws: AwsStores) -> None:
    secret = create_external(aws)
    gateway = an_integration(provider="CUSTOM", base_url="https://gateway.example.com/v1")
    for hosts, allowed in (
        (None, False),
        ("gateway.example.com", True),
        ("api.openai.com .example.com", True),
        ("api.openai.com", False),
        ("gateway.example.com:8443", False),
    ):
        if hosts is not None:
            aws.secrets_manager.tag_resource(SecretId=secret.arn, Tags=[{"Key": HOSTS_TAG, "Value": hosts}])
        if allowed:
            assert read(aws, secret, gateway) == API_KEY
        else:
            with pytest.raises(KeyUnavailableError):
                read(aws, secret, gateway)


def test_read_of_owned_secret_ignores_tags(aws: AwsStores) -> None:
    gateway = an_integration(provider="CUSTOM", base_url="https://gateway.example.com/v1")
    assert read(aws, aws.keys.create_key(gateway, SecretStr(API_KEY)), gateway) == API_KEY


def test_read_by_partial_arn_raises_key_unavailable(aws: AwsStores) -> None:
    secret = create_external(aws)
    partial = secret._replace(arn=secret.arn[:-7])
    aws.secrets_manager.describe_secret(SecretId=partial.arn)
    with pytest.raises(KeyUnavailableError):
        read(aws, partial)


def test_read_for_another_account_raises_key_unavailable(aws: AwsStores) -> None:
    with pytest.raises(KeyUnavailableError):
        read(aws, create_external(aws), an_integration(account="other"))


@pytest.mark.parametrize("kept", [API_KEY + "\n", f"  {API_KEY}\r\n"])
def test_read_strips_whitespace_around_the_key(aws: AwsStores, kept: str) -> None:
    assert read(aws, create_external(aws, kept)) == API_KEY


def test_read_of_blank_or_binary_secret_raises_key_unavailable(aws: AwsStores) -> None:
    blank = create_external(aws, " \n")
    with pytest.raises(KeyUnavailableError) as error:
        read(aws, blank)
    assert error.value.reason == "The secret does not contain a valid API key for this provider."
    aws.secrets_manager.put_secret_value(SecretId=blank.arn, SecretBinary=b"bytes")
    with pytest.raises(KeyUnavailableError):
        read(aws, blank)


OWNED = SecretVersion(arn="arn:aws:secretsmanager:eu-central-1:123456789012:secret:stack/acme/x", version="v" * 36)
EXTERNAL = SecretVersion(arn="arn:aws:secretsmanager:eu-central-1:123456789012:secret:external", version=None)


@pytest.mark.parametrize(
    ("secret", "operation", "code", "error"),
    [
        (OWNED, "get_secret_value", "AccessDeniedException", ClientError),
        (OWNED, "get_secret_value", "DecryptionFailure", ClientError),
        (OWNED, "get_secret_value", "InternalServiceError", ClientError),
        (OWNED, "get_secret_value", "ThrottlingException", ClientError),
        (OWNED, "get_secret_value", "ResourceNotFoundException", KeyUnavailableError),
        (EXTERNAL, "describe_secret", "AccessDeniedException", KeyUnavailableError),
        (EXTERNAL, "describe_secret", "InternalServiceError", ClientError),
    ],
)
def test_read_distinguishes_misconfiguration_from_unavailable_key(
    session: boto3.Session, secret: SecretVersion, operation: str, code: str, error: type[Exception]
) -> None:
    client = session.client("secretsmanager")
    with Stubber(client) as stub:
        stub.add_client_error(operation, code, "fake")
        with pytest.raises(error):
            SecretsManagerKeyReader(client).read(an_integration(), secret)


def read_owned(session: boto3.Session, **stored: str | bytes) -> str:
    """Read a secret that the service owns, and that contains the given text or bytes."""
    client = session.client("secretsmanager")
    with Stubber(client) as stub:
        stub.add_response("get_secret_value", {**stored, "VersionId": OWNED.version or ""})
        return SecretsManagerKeyReader(client).read(an_integration(), OWNED).value.get_secret_value()


@pytest.mark.parametrize("stored", [{"SecretString": " \n"}, {"SecretBinary": b"bytes"}])
def test_read_of_owned_secret_without_text_raises_key_unavailable(
    session: boto3.Session, stored: dict[str, str | bytes]
) -> None:
    with pytest.raises(KeyUnavailableError):
        read_owned(session, **stored)


def test_read_of_owned_secret_returns_a_key_that_was_accepted_when_it_was_stored(session: boto3.Session) -> None:
    assert read_owned(session, SecretString="sk-...fake") == "sk-...fake"
