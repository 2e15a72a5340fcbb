"""The stores behind the ports, in memory or on AWS, and access to the stored keys."""

from collections.abc import Iterator
from datetime import timedelta
from typing import TYPE_CHECKING, Protocol
from uuid import uuid4

import boto3

from ai_integrations.adapters.dynamodb.audit_log import DynamoDbAuditLog
from ai_integrations.adapters.dynamodb.consumers import DynamoDbConsumers
from ai_integrations.adapters.dynamodb.granted_integrations import DynamoDbGrantedIntegrations
from ai_integrations.adapters.dynamodb.integrations import DynamoDbIntegrations
from ai_integrations.adapters.dynamodb.reminders import DynamoDbReminders
from ai_integrations.adapters.dynamodb.removal_counts import DynamoDbRemovalCounts
from ai_integrations.adapters.dynamodb.request_outcomes import DynamoDbRequestOutcomes
from ai_integrations.adapters.dynamodb.senders import DynamoDbSenders
from ai_integrations.adapters.dynamodb.spaces import DynamoDbSpaces
from ai_integrations.adapters.dynamodb.transactions import Transactor
from ai_integrations.adapters.dynamodb.uses import DynamoDbUses
from ai_integrations.adapters.secrets_manager.cleanup import SecretsManagerCleanup
from ai_integrations.adapters.secrets_manager.key_store import SecretsManagerKeyStore
from ai_integrations.domain.model import Organization, SecretVersion, Space
from ai_integrations.domain.senders import Sender, SenderKind
from ai_integrations.use_cases.ports import (
    AuditEntryReader,
    AuditEntryRecorder,
    ConsumerRepository,
    GrantedIntegrations,
    IntegrationIndex,
    IntegrationPages,
    IntegrationRepository,
    KeyStore,
    ReminderStore,
    RemovalCounts,
    RequestOutcomes,
    SecretCleanup,
    Senders,
    SpaceReader,
    TombstonePages,
    UseReader,
    UseRecorder,
)
from tests import sam_template
from tests.event_fakes import (
    InMemoryAuditLog,
    InMemoryOutcomes,
    InMemoryReminders,
    InMemoryRemovalCounts,
    InMemorySenders,
)
from tests.fakes import (
    InMemoryConsumers,
    InMemoryGrantedIntegrations,
    InMemoryKeyStore,
    InMemoryRepository,
    InMemorySpaces,
    InMemoryUses,
)

if TYPE_CHECKING:
    from mypy_boto3_secretsmanager.type_defs import TagTypeDef


class ListableRepository(IntegrationRepository, IntegrationPages, TombstonePages, IntegrationIndex, Protocol):
    """A repository that also lists integrations and tombstones, and checks that integrations exist."""


class WritableSpaces(SpaceReader, Protocol):
    """Spaces, with the write operations for operators."""

    def register(self, place: Organization | Space) -> None: ...

    def remove_space(self, account: str, space_id: str) -> None: ...


class WritableSenders(Senders, Protocol):
    """Senders, with the operations for operators."""

    def list(self, account: str) -> Iterator[Sender]: ...

    def register(self, sender: Sender) -> None: ...

    def remove(self, account: str, kind: SenderKind, aws_account: str, name: str) -> Sender | None: ...


class WritableAuditLog(AuditEntryReader, AuditEntryRecorder, Protocol):
    """Reads and writes the audit log."""


class Uses(UseReader, UseRecorder, Protocol):
    """The use ledger, with its write operation."""


class Stores(Protocol):
    """The stores that each contract test uses."""

    @property
    def repository(self) -> ListableRepository: ...

    @property
    def keys(self) -> KeyStore: ...

    @property
    def cleanup(self) -> SecretCleanup: ...

    @property
    def spaces(self) -> WritableSpaces: ...

    @property
    def consumers(self) -> ConsumerRepository: ...

    @property
    def granted(self) -> GrantedIntegrations: ...

    @property
    def senders(self) -> WritableSenders: ...

    @property
    def audit_log(self) -> WritableAuditLog: ...

    @property
    def outcomes(self) -> RequestOutcomes: ...

    @property
    def removal_counts(self) -> RemovalCounts: ...

    @property
    def uses(self) -> Uses: ...

    @property
    def reminders(self) -> ReminderStore: ...

    def current_keys(self) -> dict[str, str]:
        """List the current keys of the active secrets by ARN."""
        ...

    def read_key(self, secret: SecretVersion) -> str | None:
        """Read a key, or None if the secret is not active or does not have the version."""
        ...

    def create_external_secret(self, name: str, key: str, tags: dict[str, str]) -> str:
        """Create a secret that its owner keeps, and return its ARN."""
        ...


class InMemoryStores:
    def __init__(self) -> None:
        self.spaces = InMemorySpaces()
        self.consumers = InMemoryConsumers()
        self.senders = InMemorySenders()
        self.audit_log = InMemoryAuditLog()
        self.outcomes = InMemoryOutcomes()
        self.removal_counts = InMemoryRemovalCounts()
        self.uses = InMemoryUses()
        self.reminders = InMemoryReminders()
        self.repository = InMemoryRepository(spaces=self.spaces)
        self.granted = InMemoryGrantedIntegrations(self.consumers, self.repository)
        self.keys = self.cleanup = InMemoryKeyStore()
        self.current_keys = self.keys.current_keys
        self.read_key = self.keys.read_key
        self.create_external_secret = self.keys.create_external_secret


class AwsStores:
    """The real adapters, with a table and a secret prefix of their own."""

    def __init__(self, session: boto3.Session, endpoint: str | None = None) -> None:
        self.table = self.prefix = f"{sam_template.STACK}-{uuid4().hex}"
        self.dynamodb = session.client("dynamodb", endpoint_url=endpoint)
        self.secrets_manager = session.client("secretsmanager", endpoint_url=endpoint)
        self.dynamodb.create_table(**sam_template.table(self.table))
        transactor = Transactor(self.dynamodb, self.table, pause=lambda _seconds: None)
        self.repository = DynamoDbIntegrations(self.dynamodb, self.table, transactor)
        self.spaces = DynamoDbSpaces(self.dynamodb, self.table)
        self.consumers = DynamoDbConsumers(self.dynamodb, self.table, transactor)
        self.granted = DynamoDbGrantedIntegrations(self.dynamodb, self.table)
        self.senders = DynamoDbSenders(self.dynamodb, self.table)
        self.audit_log = DynamoDbAuditLog(self.dynamodb, self.table, timedelta(days=90))
        self.outcomes = DynamoDbRequestOutcomes(self.dynamodb, self.table)
        self.removal_counts = DynamoDbRemovalCounts(self.dynamodb, self.table)
        self.uses = DynamoDbUses(self.dynamodb, self.table)
        self.reminders = DynamoDbReminders(self.dynamodb, self.table)
        self.keys = SecretsManagerKeyStore(self.secrets_manager, prefix=self.prefix, kms_key_id="alias/fake")
        self.cleanup = SecretsManagerCleanup(self.secrets_manager, recovery_days=7)

    def current_keys(self) -> dict[str, str]:
        found = self.secrets_manager.list_secrets(Filters=[{"Key": "name", "Values": [f"{self.prefix}/"]}])[
            "SecretList"
        ]
        return {each["ARN"]: self._current_key(each["ARN"]) for each in found}

    def read_key(self, secret: SecretVersion) -> str | None:
        errors = self.secrets_manager.exceptions
        try:
            if secret.version is None:
                return self._current_key(secret.arn)
            return self.secrets_manager.get_secret_value(SecretId=secret.arn, VersionId=secret.version)["SecretString"]
        except (errors.ResourceNotFoundException, errors.InvalidRequestException):
            return None

    def create_external_secret(self, name: str, key: str, tags: dict[str, str]) -> str:
        pairs: list[TagTypeDef] = [{"Key": tag, "Value": value} for tag, value in tags.items()]
        return self.secrets_manager.create_secret(Name=f"{name}-{uuid4().hex}", SecretString=key, Tags=pairs)["ARN"]

    def _current_key(self, arn: str) -> str:
        # AWSCURRENT is the default, but moto ignores it after the label has moved.
        return self.secrets_manager.get_secret_value(SecretId=arn, VersionStage="AWSCURRENT")["SecretString"]
