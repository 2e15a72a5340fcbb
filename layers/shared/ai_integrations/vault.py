"""Provider keys in Secrets Manager: the side that writes. Nothing here can read a key."""

from typing import TYPE_CHECKING

from botocore.exceptions import BotoCoreError, ClientError
from pydantic import SecretStr

from ai_integrations.model import Integration, Secret
from ai_integrations.observability import describe, logger

if TYPE_CHECKING:
    from mypy_boto3_secretsmanager import SecretsManagerClient


class SecretsManagerVault:
    """One secret for each integration that has a key, named `<prefix>/<account>/<ulid>`."""

    def __init__(self, client: "SecretsManagerClient", *, prefix: str, kms_key_id: str) -> None:
        """`prefix` is the stack's name: policies grant `<prefix>/*`."""
        self._client = client
        self._prefix = prefix
        self._kms_key_id = kms_key_id

    def store(self, integration: Integration, api_key: SecretStr) -> Secret:
        """Keep the first key of an integration."""
        answer = self._client.create_secret(
            Name=f"{self._prefix}/{integration.account}/{integration.id}",
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

    def discard(self, secret: Secret) -> None:
        """Remove a secret that no integration names; if that fails it is left to the sweep, and the log says so."""
        try:
            self._client.delete_secret(SecretId=secret.arn, ForceDeleteWithoutRecovery=True)
        except (BotoCoreError, ClientError) as error:
            logger.warning("unused secret left", secret_arn=secret.arn, **describe(error))
