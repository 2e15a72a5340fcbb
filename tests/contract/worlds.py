"""A store and a vault, in memory or in AWS, and a way to look inside the vault."""

from typing import Protocol
from uuid import uuid4

import boto3

from ai_integrations.repository import DynamoDbRepository
from ai_integrations.service import Repository, Vault
from ai_integrations.vault import SecretsManagerVault
from tests import declared
from tests.fakes import InMemoryRepository, InMemoryVault


class World(Protocol):
    """What the tests of this tier get."""

    @property
    def repository(self) -> Repository: ...

    @property
    def vault(self) -> Vault: ...

    def keys(self) -> dict[str, str]:
        """Return the keys that the vault holds, by the ARN of their secret."""
        ...


class InMemoryWorld:
    def __init__(self) -> None:
        self.repository = InMemoryRepository()
        self.vault = InMemoryVault()

    def keys(self) -> dict[str, str]:
        return self.vault.keys


class AwsWorld:
    """The real adapters, over a table and a prefix of their own."""

    def __init__(self, session: boto3.Session, endpoint: str | None = None) -> None:
        self.table = self.prefix = f"{declared.STACK}-{uuid4().hex}"
        self.dynamodb = session.client("dynamodb", endpoint_url=endpoint)
        self.secrets = session.client("secretsmanager", endpoint_url=endpoint)
        self.dynamodb.create_table(**declared.table(self.table))
        self.repository = DynamoDbRepository(self.dynamodb, self.table, pause=lambda _seconds: None)
        self.vault = SecretsManagerVault(self.secrets, prefix=self.prefix, kms_key_id="alias/fake")

    def keys(self) -> dict[str, str]:
        found = self.secrets.list_secrets(Filters=[{"Key": "name", "Values": [f"{self.prefix}/"]}])["SecretList"]
        arns = [each["ARN"] for each in found]
        return {arn: self.secrets.get_secret_value(SecretId=arn)["SecretString"] for arn in arns}
