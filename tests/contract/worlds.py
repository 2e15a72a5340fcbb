"""A store, a vault and a directory, in memory or in AWS, and a way to look inside the vault."""

from collections.abc import Collection
from typing import TYPE_CHECKING, Protocol
from uuid import uuid4

import boto3

from ai_integrations.directory import DynamoDbDirectory
from ai_integrations.leftovers import Leftovers
from ai_integrations.model import Secret, Space
from ai_integrations.outcomes import DynamoDbOutcomes
from ai_integrations.ports import Directory, Listing, Repository, Vault
from ai_integrations.provisioning import Outcomes
from ai_integrations.repository import DynamoDbRepository
from ai_integrations.transactions import Transactor
from ai_integrations.vault import SecretsManagerVault
from tests import declared
from tests.event_fakes import InMemoryOutcomes
from tests.fakes import InMemoryDirectory, InMemoryRepository, InMemoryVault

if TYPE_CHECKING:
    from mypy_boto3_secretsmanager.type_defs import TagTypeDef


class Store(Repository, Listing, Protocol):
    """Where integrations are written and read."""


class Tidying(Protocol):
    """What is done in the vault once a write has been committed."""

    def retire(self, secret: Secret) -> None: ...

    def revive(self, secret: Secret) -> None: ...

    def settle(self, secret: Secret, let_go: Collection[Secret]) -> None: ...


class WritableDirectory(Directory, Protocol):
    """A directory, and the operators' side of it."""

    def register(self, place: Space) -> None: ...


class World(Protocol):
    """What the tests of this tier get."""

    @property
    def repository(self) -> Store: ...

    @property
    def vault(self) -> Vault: ...

    @property
    def leftovers(self) -> Tidying: ...

    @property
    def directory(self) -> WritableDirectory: ...

    @property
    def outcomes(self) -> Outcomes: ...

    def keys(self) -> dict[str, str]:
        """Return the current keys that a reader can get, by the ARN of their secret."""
        ...

    def key(self, secret: Secret) -> str | None:
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
        self.vault = self.leftovers = InMemoryVault()
        self.keys = self.vault.keys
        self.key = self.vault.key
        self.keep_for_others = self.vault.keep_for_others


class AwsWorld:
    """The real adapters, over a table and a prefix of their own."""

    def __init__(self, session: boto3.Session, endpoint: str | None = None) -> None:
        self.table = self.prefix = f"{declared.STACK}-{uuid4().hex}"
        self.dynamodb = session.client("dynamodb", endpoint_url=endpoint)
        self.secrets = session.client("secretsmanager", endpoint_url=endpoint)
        self.dynamodb.create_table(**declared.table(self.table))
        transactor = Transactor(self.dynamodb, self.table, pause=lambda _seconds: None)
        self.repository = DynamoDbRepository(self.dynamodb, self.table, transactor)
        self.directory = DynamoDbDirectory(self.dynamodb, self.table)
        self.outcomes = DynamoDbOutcomes(self.dynamodb, self.table)
        self.vault = SecretsManagerVault(self.secrets, prefix=self.prefix, kms_key_id="alias/fake")
        self.leftovers = Leftovers(self.secrets, recovery_days=7)

    def keys(self) -> dict[str, str]:
        found = self.secrets.list_secrets(Filters=[{"Key": "name", "Values": [f"{self.prefix}/"]}])["SecretList"]
        return {each["ARN"]: self._current(each["ARN"]) for each in found}

    def key(self, secret: Secret) -> str | None:
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
