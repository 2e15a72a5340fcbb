"""Provider keys in Secrets Manager: the side that writes. Nothing here can read a key.

A secret belongs to one integration. Each of its keys is a version, kept for as long as a stage label of its own hangs
on it; AWSCURRENT follows the version that the integration names, once that has been written (`cleanup.py`).
"""

from collections.abc import Callable
from contextlib import suppress
from typing import TYPE_CHECKING
from uuid import uuid4

from botocore.exceptions import BotoCoreError, ClientError
from pydantic import SecretStr

from ai_integrations.domain.errors import FieldError, RuleViolationError
from ai_integrations.domain.model import ExternalSecretArn, Integration, SecretVersion
from ai_integrations.observability import describe, logger

if TYPE_CHECKING:
    from mypy_boto3_secretsmanager import SecretsManagerClient
    from mypy_boto3_secretsmanager.type_defs import DescribeSecretResponseTypeDef

STACK_TAG = "ai-integrations:stack"
ACCOUNT_TAG = "ai-integrations:account"
INTEGRATION_TAG = "ai-integrations:integration"

# How AWS says that a secret is not there, or not for this service to see.
_ABSENT = frozenset({"AccessDeniedException", "InvalidParameterException", "ResourceNotFoundException"})


class SecretsManagerKeyStore:
    """One secret for each integration that has a key, named `<prefix>/<account>/<ulid>` and perhaps a suffix."""

    def __init__(
        self,
        client: "SecretsManagerClient",
        *,
        prefix: str,
        kms_key_id: str,
        new_version: Callable[[], str] = lambda: str(uuid4()),
    ) -> None:
        """`prefix` is the stack's name: policies grant `<prefix>/*`."""
        self._client = client
        self._prefix = prefix
        self._kms_key_id = kms_key_id
        self._new_version = new_version

    def create_key(self, integration: Integration, api_key: SecretStr) -> SecretVersion:
        """Keep the key of a new integration."""
        return self._create(integration, f"{self._prefix}/{integration.account}/{integration.id}", api_key)

    def add_key_version(self, integration: Integration, api_key: SecretStr) -> SecretVersion:
        """Keep another key of an integration beside the one that it names, if any."""
        version = self._new_version()
        errors = self._client.exceptions
        if integration.secret is not None and integration.secret.is_owned:
            # A secret that is gone takes no version: a deletion came in between, or somebody else's hand.
            with suppress(errors.InvalidRequestException, errors.ResourceNotFoundException):
                return self._put(integration.secret.arn, version, api_key)
        # Never the name of a secret that was: it can not be taken again while that one waits to be deleted, and a
        # late deletion of that one must not hit this one.
        return self._create(integration, f"{self._prefix}/{integration.account}/{integration.id}/{version}", api_key)

    def reference_secret(self, account: str, reference: ExternalSecretArn) -> SecretVersion:
        """Return somebody else's secret if its tag names the account.

        Whatever is wrong with it is one and the same RuleViolationError, so that nobody learns which secrets exist.
        """
        try:
            described = self._client.describe_secret(SecretId=reference.arn)
        except ClientError as error:
            if error.response["Error"]["Code"] not in _ABSENT:
                raise
            raise _not_for_the_account() from None
        if described["ARN"] != reference.arn or not is_meant_for(account, described):
            raise _not_for_the_account()
        return SecretVersion(arn=reference.arn, version=None)

    def discard(self, unused: SecretVersion, kept: SecretVersion | None) -> None:
        """Take back a key that was stored and then not named; if that fails, the sweep finds it and the log says so."""
        if unused.version is None:
            return
        try:
            if kept is not None and kept.arn == unused.arn:
                self._client.update_secret_version_stage(
                    SecretId=unused.arn, VersionStage=label(unused.version), RemoveFromVersionId=unused.version
                )
            else:
                self._client.delete_secret(SecretId=unused.arn, ForceDeleteWithoutRecovery=True)
        except (BotoCoreError, ClientError) as error:
            logger.warning("unused secret left", secret_arn=unused.arn, **describe(error))

    def cancel_deletion(self, secret: SecretVersion) -> None:
        """Make the secret of a deleted integration usable again; nothing happens to one that is in use."""
        if not secret.is_owned:
            return
        try:
            self._client.restore_secret(SecretId=secret.arn)
        except self._client.exceptions.InvalidRequestException:
            # AWS restores a secret in use without a word; not everything that speaks its language does. What waits to
            # be deleted now has been retired since, by the stream.
            if "DeletedDate" in self._client.describe_secret(SecretId=secret.arn):
                self._client.restore_secret(SecretId=secret.arn)

    def _put(self, arn: str, version: str, api_key: SecretStr) -> SecretVersion:
        answer = self._client.put_secret_value(
            SecretId=arn,
            ClientRequestToken=version,
            SecretString=api_key.get_secret_value(),
            VersionStages=[label(version)],
        )
        return SecretVersion(arn=answer["ARN"], version=answer["VersionId"])

    def _create(self, integration: Integration, name: str, api_key: SecretStr) -> SecretVersion:
        answer = self._client.create_secret(
            Name=name,
            Description="Provider key of an AI integration",
            KmsKeyId=self._kms_key_id,
            SecretString=api_key.get_secret_value(),
            Tags=[
                {"Key": STACK_TAG, "Value": self._prefix},
                {"Key": ACCOUNT_TAG, "Value": integration.account},
                {"Key": INTEGRATION_TAG, "Value": integration.id},
            ],
        )
        return SecretVersion(arn=answer["ARN"], version=answer["VersionId"])


def is_meant_for(account: str, described: "DescribeSecretResponseTypeDef") -> bool:
    """Tell whether somebody else's secret says that it is for an account, and is not waiting to be deleted."""
    tags = {tag["Key"]: tag["Value"] for tag in described.get("Tags", ())}
    return tags.get(ACCOUNT_TAG) == account and INTEGRATION_TAG not in tags and "DeletedDate" not in described


def label(version: str) -> str:
    """Return the stage label that keeps a version from being dropped."""
    return f"ai-integrations-{version}"


def _not_for_the_account() -> RuleViolationError:
    return RuleViolationError(FieldError("/api_key_secret_arn", "This account has no such secret to refer to."))
