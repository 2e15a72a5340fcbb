"""Read provider keys from Secrets Manager."""

from typing import TYPE_CHECKING

from botocore.exceptions import ClientError
from pydantic import SecretStr

from ai_integrations.adapters.secrets_manager.error_codes import GONE
from ai_integrations.adapters.secrets_manager.key_store import UNAVAILABLE_SECRET, find_refusal
from ai_integrations.domain import api_keys
from ai_integrations.domain.credentials import ReadKey
from ai_integrations.domain.errors import KeyUnavailableError
from ai_integrations.domain.model import Integration, SecretVersion

if TYPE_CHECKING:
    from mypy_boto3_secretsmanager import SecretsManagerClient
    from mypy_boto3_secretsmanager.type_defs import GetSecretValueResponseTypeDef

# For a secret owned by someone else, AccessDenied also counts as unavailable (missing tag or KMS permission). For our
# own it is a misconfiguration and must surface.
_EXTERNAL_GONE = GONE | {"AccessDeniedException"}
_UNUSABLE_TEXT = "The secret does not contain a valid API key for this provider."


class SecretsManagerKeyReader:
    """Reads the keys of integrations."""

    def __init__(self, client: "SecretsManagerClient") -> None:
        self._client = client

    def read(self, integration: Integration, secret: SecretVersion) -> ReadKey:
        """Read a key; KeyUnavailableError if it no longer exists, or the tags of its secret do not allow this use.

        The tags and the text of an external secret are checked at each read: its owner may have changed them.
        """
        try:
            refusal = None if secret.is_owned else self._find_refusal(integration, secret)
            if refusal is not None:
                raise KeyUnavailableError(refusal)
            response = self._get_value(secret)
        except ClientError as error:
            if error.response["Error"]["Code"] not in (GONE if secret.is_owned else _EXTERNAL_GONE):
                raise
            raise KeyUnavailableError(UNAVAILABLE_SECRET) from None
        # Hand-entered secrets often end with a newline, which is illegal in an HTTP header; others hold binary data.
        key = response.get("SecretString", "").strip()
        # The service's own keys were checked when they were stored.
        if not key or not (secret.is_owned or api_keys.is_usable(key, integration.provider)):
            raise KeyUnavailableError(_UNUSABLE_TEXT)
        return ReadKey(value=SecretStr(key), version=response["VersionId"])

    def _find_refusal(self, integration: Integration, secret: SecretVersion) -> str | None:
        return find_refusal(integration, secret.arn, self._client.describe_secret(SecretId=secret.arn))

    def _get_value(self, secret: SecretVersion) -> "GetSecretValueResponseTypeDef":
        if secret.version is None:
            return self._client.get_secret_value(SecretId=secret.arn, VersionStage="AWSCURRENT")
        return self._client.get_secret_value(SecretId=secret.arn, VersionId=secret.version)
