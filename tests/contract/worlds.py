"""A store, a vault and a directory, in memory or in AWS, and a way to look inside the vault."""

from typing import TYPE_CHECKING, Protocol
from uuid import uuid4

import boto3

from ai_integrations.adapters.dynamodb.integrations import DynamoDbIntegrations
from ai_integrations.adapters.dynamodb.request_outcomes import DynamoDbRequestOutcomes
from ai_integrations.adapters.dynamodb.spaces import DynamoDbSpaces
from ai_integrations.adapters.dynamodb.transactions import Transactor
from ai_integrations.adapters.secrets_manager.cleanup import SecretsManagerCleanup
from ai_integrations.adapters.secrets_manager.key_store import SecretsManagerKeyStore
from ai_integrations.domain.model import SecretVersion, Space
from ai_integrations.use_cases.ports import (
    IntegrationPages,
    IntegrationRepository,
    KeyStore,
    RequestOutcomes,
    SecretCleanup,
    SpaceReader,
)
from tests import sam_template
from tests.event_fakes import InMemoryOutcomes
from tests.fakes import InMemoryDirectory, InMemoryRepository, InMemoryVault

if TYPE_CHECKING:
    from mypy_boto3_secretsmanager.type_defs import TagTypeDef


class Store(IntegrationRepository, IntegrationPages, Protocol):
    """Where integrations are written and read."""


class WritableDirectory(SpaceReader, Protocol):
    """A directory, and the operators' side of it."""

    def register(self, place: Space) -> None: ...


class World(Protocol):
    """What the tests of this tier get."""

    @property
    def repository(self) -> Store: ...

    @property
    def vault(self) -> KeyStore: ...

    @property
    def cleanup(self) -> SecretCleanup: ...

    @property
    def directory(self) -> WritableDirectory: ...

    @property
    def outcomes(self) -> RequestOutcomes: ...

    def keys(self) -> dict[str, str]:
        """Return the current keys that a reader can get, by the ARN of their secret."""
        ...

    def key(self, secret: SecretVersion) -> str | None:
        """Return the key that an integration names, if a reader can get it."""
        ...

    def keep_for_others(self, name: str, key: str, tags: dict[str, str]) -> str:
        """Keep a secret as its owner would, and return its ARN."""
        ...


class InMemoryWorld:
    def __init__(self) -> None:
        self.directory = InMemoryDirectory()
        self.outcomes = InMemoryOutcomes()
        self.repository = InMemoryRepository(directory=self.directory)
        self.vault = self.cleanup = InMemoryVault()
        self.keys = self.vault.keys
        self.key = self.vault.key
        self.keep_for_others = self.vault.keep_for_others


class AwsWorld:
    """The real adapters, over a table and a prefix of their own."""

    def __init__(self, session: boto3.Session, endpoint: str | None = None) -> None:
        self.table = self.prefix = f"{sam_template.STACK}-{uuid4().hex}"
        self.dynamodb = session.client("dynamodb", endpoint_url=endpoint)
        self.secrets = session.client("secretsmanager", endpoint_url=endpoint)
        self.dynamodb.create_table(**sam_template.table(self.table))
        transactor = Transactor(self.dynamodb, self.table, pause=lambda _seconds: None)
        self.repository = DynamoDbIntegrations(self.dynamodb, self.table, transactor)
        self.directory = DynamoDbSpaces(self.dynamodb, self.table)
        self.outcomes = DynamoDbRequestOutcomes(self.dynamodb, self.table)
        self.vault = SecretsManagerKeyStore(self.secrets, prefix=self.prefix, kms_key_id="alias/fake")
        self.cleanup = SecretsManagerCleanup(self.secrets, recovery_days=7)

    def keys(self) -> dict[str, str]:
        found = self.secrets.list_secrets(Filters=[{"Key": "name", "Values": [f"{self.prefix}/"]}])["SecretList"]
        return {each["ARN"]: self._current(each["ARN"]) for each in found}

    def key(self, secret: SecretVersion) -> str | None:
        errors = self.secrets.exceptions
        try:
            if secret.version is None:
                return self._current(secret.arn)
            return self.secrets.get_secret_value(SecretId=secret.arn, VersionId=secret.version)["SecretString"]
        except (errors.ResourceNotFoundException, errors.InvalidRequestException):
            return None

    def keep_for_others(self, name: str, key: str, tags: dict[str, str]) -> str:
        pairs: list[TagTypeDef] = [{"Key": tag, "Value": value} for tag, value in tags.items()]
        return self.secrets.create_secret(Name=f"{name}-{uuid4().hex}", SecretString=key, Tags=pairs)["ARN"]

    def _current(self, arn: str) -> str:
        # The label is the default, but the in-process mock forgets that when it moves.
        return self.secrets.get_secret_value(SecretId=arn, VersionStage="AWSCURRENT")["SecretString"]
