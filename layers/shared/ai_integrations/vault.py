"""Provider keys in Secrets Manager: the side that writes. Nothing here can read a key.

A secret belongs to one integration. Each of its keys is a version, kept for as long as a stage label of its own hangs
on it; AWSCURRENT follows the version that the integration names, once that has been written.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING
from uuid import uuid4

from botocore.exceptions import BotoCoreError, ClientError
from pydantic import SecretStr

from ai_integrations.model import Integration, Secret
from ai_integrations.observability import describe, logger

if TYPE_CHECKING:
    from mypy_boto3_secretsmanager import SecretsManagerClient

_LABEL_PREFIX = "ai-integrations-"


class SecretsManagerVault:
    """One secret for each integration that has a key, named `<prefix>/<account>/<ulid>` and perhaps a suffix."""

    def __init__(
        self,
        client: "SecretsManagerClient",
        *,
        prefix: str,
        kms_key_id: str,
        recovery_days: int,
        new_version: Callable[[], str] = lambda: str(uuid4()),
    ) -> None:
        """`prefix` is the stack's name: policies grant `<prefix>/*`. `recovery_days` is 7 to 30, AWS's own limits."""
        self._client = client
        self._prefix = prefix
        self._kms_key_id = kms_key_id
        self._recovery_days = recovery_days
        self._new_version = new_version

    def store(self, integration: Integration, api_key: SecretStr) -> Secret:
        """Keep the key of a new integration."""
        return self._create(integration, f"{self._prefix}/{integration.account}/{integration.id}", api_key)

    def replace(self, integration: Integration, api_key: SecretStr) -> Secret:
        """Keep another key of an integration beside the one that it names, if any."""
        version = self._new_version()
        if integration.secret is None:
            # Never the name of a secret that was: it can not be taken again while that one waits to be deleted, and a
            # late deletion of that one must not hit this one.
            name = f"{self._prefix}/{integration.account}/{integration.id}/{version}"
            return self._create(integration, name, api_key)
        answer = self._client.put_secret_value(
            SecretId=integration.secret.arn,
            ClientRequestToken=version,
            SecretString=api_key.get_secret_value(),
            VersionStages=[_label(version)],
        )
        return Secret(arn=answer["ARN"], version=answer["VersionId"])

    def discard(self, unused: Secret, kept: Secret | None) -> None:
        """Take back a key that has been stored and was then not named; `kept` is the one that still is."""
        with _left_to_the_sweep(unused):
            if kept is None:
                self._client.delete_secret(SecretId=unused.arn, ForceDeleteWithoutRecovery=True)
            else:
                self._client.update_secret_version_stage(
                    SecretId=unused.arn, VersionStage=_label(unused.version), RemoveFromVersionId=unused.version
                )

    def retire(self, secret: Secret) -> None:
        """Delete a secret that no integration names any more, at the end of the recovery window."""
        with _left_to_the_sweep(secret):
            self._client.delete_secret(SecretId=secret.arn, RecoveryWindowInDays=self._recovery_days)

    def revive(self, secret: Secret) -> None:
        """Take back what `retire` did; nothing happens to a secret that is in use."""
        self._client.restore_secret(SecretId=secret.arn)

    def settle(self, current: Secret) -> None:
        """Let AWSCURRENT follow to the key that the integration names now, and let go of the keys before it."""
        with _left_to_the_sweep(current):
            stages = self._client.describe_secret(SecretId=current.arn)["VersionIdsToStages"]
            for version, labels in stages.items():
                if version != current.version and _label(version) in labels:
                    self._client.update_secret_version_stage(
                        SecretId=current.arn, VersionStage=_label(version), RemoveFromVersionId=version
                    )
            [holder] = [version for version, labels in stages.items() if "AWSCURRENT" in labels]
            if holder != current.version:
                self._client.update_secret_version_stage(
                    SecretId=current.arn,
                    VersionStage="AWSCURRENT",
                    MoveToVersionId=current.version,
                    RemoveFromVersionId=holder,
                )

    def _create(self, integration: Integration, name: str, api_key: SecretStr) -> Secret:
        answer = self._client.create_secret(
            Name=name,
            Description="Provider key of an AI integration",
            KmsKeyId=self._kms_key_id,
            SecretString=api_key.get_secret_value(),
            Tags=[
                {"Key": "ai-integrations:stack", "Value": self._prefix},
                {"Key": "ai-integrations:account", "Value": integration.account},
                {"Key": "ai-integrations:integration", "Value": integration.id},
            ],
        )
        return Secret(arn=answer["ARN"], version=answer["VersionId"])


def _label(version: str) -> str:
    return f"{_LABEL_PREFIX}{version}"


@contextmanager
def _left_to_the_sweep(secret: Secret) -> Iterator[None]:
    """Log what could not be tidied up: the caller's request has been decided, and the sweep finds what is left."""
    try:
        yield
    except (BotoCoreError, ClientError) as error:
        logger.warning("secret not tidied up", secret_arn=secret.arn, **describe(error))
