"""Provider keys in Secrets Manager: the side that reads."""

from typing import TYPE_CHECKING

from botocore.exceptions import ClientError
from pydantic import SecretStr

from ai_integrations.adapters.secrets_manager.error_codes import GONE
from ai_integrations.adapters.secrets_manager.key_store import is_meant_for
from ai_integrations.domain.credentials import ReadKey
from ai_integrations.domain.errors import KeyUnavailableError
from ai_integrations.domain.model import Integration, SecretVersion

if TYPE_CHECKING:
    from mypy_boto3_secretsmanager import SecretsManagerClient
    from mypy_boto3_secretsmanager.type_defs import GetSecretValueResponseTypeDef

# How it says so of somebody else's secret: without the tag, or the right to decrypt, this service may not see it. If
# it may not see one of its own, the stack is broken, and that must not look like an answer.
_WITHHELD = GONE | {"AccessDeniedException"}


class SecretsManagerKeyReader:
    """Reads the key that an integration names."""

    def __init__(self, client: "SecretsManagerClient") -> None:
        self._client = client

    def read(self, integration: Integration, secret: SecretVersion) -> ReadKey:
        """Return a key of an integration; KeyUnavailableError if it is gone, or meant for others by now.

        A secret of somebody else's is checked at each read: its tag may have changed since it was registered.
        """
        try:
            if not secret.is_owned and not is_meant_for(
                integration.account, self._client.describe_secret(SecretId=secret.arn)
            ):
                raise KeyUnavailableError
            answer = self._value(secret)
        except ClientError as error:
            if error.response["Error"]["Code"] not in (GONE if secret.is_owned else _WITHHELD):
                raise
            raise KeyUnavailableError from None
        # Whoever keeps a secret by hand easily ends it with a line feed, which no header may hold; or keeps bytes.
        key = answer.get("SecretString", "").strip()
        if not key:
            raise KeyUnavailableError
        return ReadKey(value=SecretStr(key), version=answer["VersionId"])

    def _value(self, secret: SecretVersion) -> "GetSecretValueResponseTypeDef":
        if secret.version is None:
            return self._client.get_secret_value(SecretId=secret.arn, VersionStage="AWSCURRENT")
        return self._client.get_secret_value(SecretId=secret.arn, VersionId=secret.version)
