"""The ports: every Protocol that the use cases need from the adapters.

Only the type checker imports this module: building the Protocols would take 8 million instructions of each cold start.
"""

from collections.abc import Collection, Iterable, Mapping
from datetime import datetime
from typing import Protocol

from pydantic import SecretStr

from ai_integrations.contracts.published_events import Event
from ai_integrations.domain.audit_log import AuditEntry, AuditSlice
from ai_integrations.domain.connection_health import Findings, Health, Rung
from ai_integrations.domain.consumers import Consumer, ConsumerSlice, Revocation
from ai_integrations.domain.credentials import AccessToken, ReadKey, TemporaryCredentials
from ai_integrations.domain.errors import IdempotencyConflict
from ai_integrations.domain.model import (
    Caller,
    CredentialChange,
    ExternalSecretArn,
    IdempotencyKey,
    Integration,
    Organization,
    SecretVersion,
    Settings,
    Slice,
    Space,
    Tombstone,
)
from ai_integrations.domain.principals import Principal
from ai_integrations.domain.refusals import Refusal
from ai_integrations.domain.reminders import SentReminders
from ai_integrations.domain.senders import Sender
from ai_integrations.domain.uses import LastUse, Use, UsedBy
from ai_integrations.use_cases.provisioning import RecordedOutcome
from ai_integrations.use_cases.removal_limit import RemovalCount
from ai_integrations.use_cases.sweep import StoredSecret


class Versioned(Protocol):
    """A resource whose version each write increases."""

    @property
    def id(self) -> str:
        """Its ULID."""
        ...

    @property
    def version(self) -> int:
        """The number of its current version, from 1."""
        ...


class IntegrationReader(Protocol):
    """Reads single integrations."""

    def get(self, account: str, ulid: str) -> Integration | None:
        """Read an integration, or None if there is none."""
        ...


class IntegrationFinder(IntegrationReader, Protocol):
    """Reads single integrations, by id or by name."""

    def find(self, account: str, name: str) -> Integration | None:
        """Read the integration that has a name; case is ignored."""
        ...


class IntegrationPages(Protocol):
    """Reads integrations in order of creation."""

    def newest(self, account: str, before: str | None, count: int) -> Slice:
        """Read at most `count` integrations of an account that are older than the id `before`, in one read."""
        ...


class IntegrationStore(IntegrationReader, IntegrationPages, Protocol):
    """Reads integrations, singly or in order of creation."""


class TombstonePages(Protocol):
    """Reads tombstones in the order in which their integrations were created."""

    def newest_deleted(self, account: str, before: str | None, count: int) -> tuple[list[Tombstone], bool]:
        """Read at most `count` tombstones of integrations older than the id `before`, and whether older ones follow.

        Expired ones are included.
        """
        ...


class IntegrationIdentityReader(IntegrationReader, Protocol):
    """Reads single integrations, and checks which account an IAM role or a federated identity belongs to."""

    def check_identity(self, integration: Integration) -> None:
        """Raise RoleTakenError or FederationTakenError if another account has the integration's role or identity.

        Uses one consistent read for each of them.
        """
        ...


class IntegrationRepository(IntegrationIdentityReader, Protocol):
    """Stores integrations. Every write is atomic.

    A write that leaves an integration with the IAM role or the federated identity of another account raises
    RoleTakenError or FederationTakenError.

    Raises one of REJECTIONS if the store rejected the write. Any other exception means the outcome is unknown.
    """

    def precheck(self, integration: Integration, idempotency_key: IdempotencyKey | None) -> None:
        """Raise the conflict that `insert` would hit, using one consistent read, or two if there is an identity."""
        ...

    def insert(self, integration: Integration, idempotency_key: IdempotencyKey | None) -> None:
        """Write a new integration.

        Raise NameTakenError, RepeatedRequestError or IdempotencyKeyReusedError on conflict.
        """
        ...

    def idempotent(self, key: IdempotencyKey) -> "IntegrationRepository":
        """Bind an idempotency key: a repeated `update` or `delete` then raises RepeatedRequestError."""
        ...

    def get_for_write(
        self, account: str, ulid: str, now: datetime
    ) -> tuple[Integration | None, IdempotencyConflict | None]:
        """Read an integration, and the conflict that `update` would hit with the idempotency key, in one read."""
        ...

    def get_deleted(self, account: str, ulid: str) -> Tombstone | None:
        """Read the tombstone of a deleted integration, or None if there is none."""
        ...

    def update(self, current: Integration, changed: Integration) -> None:
        """Replace `current` with `changed`. Raise VersionConflictError or NameTakenError on conflict."""
        ...

    def delete(self, tombstone: Tombstone) -> None:
        """Replace an integration with its tombstone. Raise VersionConflictError on conflict."""
        ...

    def restore(self, tombstone: Tombstone, restored: Integration) -> None:
        """Replace a tombstone with its integration. Raise NameTakenError or VersionConflictError on conflict."""
        ...


class IntegrationIndex(IntegrationReader, Protocol):
    """Reads which integrations an account has."""

    def existing(self, account: str, ulids: Collection[str]) -> set[str]:
        """Determine which of at most 100 integrations exist."""
        ...


class ConsumerRepository(Protocol):
    """Stores consumers. Every write is atomic."""

    def insert(self, consumer: Consumer) -> None:
        """Write a new consumer. ConsumerExistsError if the account has one for the same principal."""
        ...

    def get(self, account: str, ulid: str) -> Consumer | None:
        """Read a consumer, or None if there is none."""
        ...

    def newest(self, account: str, before: str | None, count: int) -> ConsumerSlice:
        """Read at most `count` consumers that are older than the id `before`: at least one, if there are any."""
        ...

    def update(self, current: Consumer, changed: Consumer) -> None:
        """Replace `current` with `changed`. VersionConflictError if another write came first."""
        ...

    def revoke(self, revocation: Revocation) -> None:
        """Replace a consumer with its revocation. VersionConflictError if another write came first."""
        ...


class GrantedIntegrations(Protocol):
    """Reads the grants of principals together with integrations."""

    def consumers(self, principal: Principal) -> tuple[Consumer, ...]:
        """List a principal's consumers, one for each account that has granted it access, expired ones included."""
        ...

    def get(self, principal: Principal, account: str, ulid: str) -> tuple[Consumer | None, Integration | None]:
        """Read a principal's consumer in an account, and an integration of that account."""
        ...

    def find(self, principal: Principal, account: str, name: str) -> tuple[Consumer | None, Integration | None]:
        """Like `get`, by the name of the integration."""
        ...


class ConsumerResolver(Protocol):
    """Resolves integrations for principals that have a grant."""

    def for_consumer(
        self, principal: Principal, integration: str, *, account: str | None, key_version: str | None
    ) -> Mapping[str, object]:
        """Resolve an integration by its id or name. The result contains credentials, so it must never be logged."""
        ...


class KeyStore(Protocol):
    """Stores provider keys; a write-only interface."""

    def create_key(self, integration: Integration, api_key: SecretStr) -> SecretVersion:
        """Store the key of a new integration."""
        ...

    def add_key_version(self, integration: Integration, api_key: SecretStr) -> SecretVersion:
        """Store a further key of an integration. It takes effect once the integration references it."""
        ...

    def holds_key(self, secret: SecretVersion, api_key: SecretStr) -> bool:
        """Check whether a version that was stored within the last day holds this key. It cannot be read."""
        ...

    def reference_secret(self, integration: Integration, secret: ExternalSecretArn) -> SecretVersion:
        """Check a secret that its owner keeps; RuleViolationError unless its tags allow the integration to use it."""
        ...

    def discard(self, unused: SecretVersion, kept: SecretVersion | None) -> None:
        """Remove, best effort, a stored key that no item references. `kept` is the version still in use."""
        ...

    def cancel_deletion(self, secret: SecretVersion) -> None:
        """Cancel the scheduled deletion of a deleted integration's secret."""
        ...


class SecretCleanup(Protocol):
    """Cleans up secrets after a committed write. Every operation is idempotent."""

    def schedule_deletion(self, secret: SecretVersion) -> None:
        """Schedule the deletion of a secret for the end of the recovery window."""
        ...

    def cancel_deletion(self, secret: SecretVersion) -> None:
        """Cancel a scheduled deletion."""
        ...

    def promote_version(
        self, secret: SecretVersion, released: Collection[SecretVersion], previous: SecretVersion | None = None
    ) -> None:
        """Make a referenced version the current one, keep the previous key, and drop the versions in `released`."""
        ...


class SecretInventory(Protocol):
    """Lists the secrets of this stack and removes orphaned ones.

    A failed removal raises RemovalFailedError. `is_usable` and `cancel_deletion` raise SecretAccessDeniedError.
    """

    def page(self, token: str | None) -> tuple[Iterable[StoredSecret], str | None]:
        """Read one page of active secrets, and the token of the next page (None at the end)."""
        ...

    def is_usable(self, arn: str) -> bool:
        """Check whether a secret exists and is not scheduled for deletion."""
        ...

    def schedule_deletion(self, arn: str) -> None:
        """Schedule the deletion of a secret for the end of the recovery window."""
        ...

    def cancel_deletion(self, arn: str) -> None:
        """Cancel a scheduled deletion."""
        ...

    def release_version(self, arn: str, version: str) -> None:
        """Drop one version of a secret."""
        ...


class IntegrationInventory(Protocol):
    """Lists the integrations of all accounts."""

    def page(self, token: str | None) -> tuple[Iterable[Integration], str | None]:
        """Read one page of integrations that own a secret, and the token of the next page (None at the end)."""
        ...


class RemovalCounts(Protocol):
    """Stores how much the sweep removed."""

    def load(self) -> RemovalCount | None:
        """Read the count, or None if there is none."""
        ...

    def replace(self, current: RemovalCount | None, changed: RemovalCount) -> None:
        """Replace `current`. Raise VersionConflictError if another run replaced it meanwhile."""
        ...


class ReminderStore(Protocol):
    """Stores the last reminders of keys."""

    def load(self, integrations: Collection[Integration]) -> Mapping[str, SentReminders]:
        """Read the last reminders of at most 100 integrations, by ULID. An integration without any is left out."""
        ...

    def save(self, sent: SentReminders, expires_at: datetime) -> None:
        """Replace the last reminders of an integration."""
        ...


class UseReader(Protocol):
    """Reads the use ledger. A use may appear some seconds late."""

    def of_integrations(self, account: str, oldest: str, newest: str) -> list[Use]:
        """Read the uses of all integrations of an account from one ULID to another, both included."""
        ...

    def without_days(self, account: str, ulid: str) -> list[Use]:
        """Read the uses of an integration without their days, which takes a fraction of the time."""
        ...

    def last_uses(self, account: str, oldest: str, newest: str) -> Iterable[LastUse]:
        """Read the last uses of all integrations from one ULID to another, both included, the newest integration first.

        Reads further only as the caller goes on.
        """
        ...

    def of_consumers(self, account: str, ulid: str, consumers: Iterable[UsedBy]) -> list[Use]:
        """Read the uses of an integration by at most 100 consumers."""
        ...


class UseRecorder(Protocol):
    """Writes the use ledger."""

    def record(self, account: str, ulid: str, consumer: UsedBy, now: datetime) -> None:
        """Record that a consumer resolves an integration, unless one of its uses in this hour is recorded."""
        ...


class UseExpiry(Protocol):
    """Sets when the uses of an integration expire."""

    def expire(self, account: str, ulid: str, at: datetime) -> None:
        """Let the uses of a deleted integration expire at a time."""
        ...

    def keep(self, account: str, ulid: str) -> None:
        """Let the uses of a restored integration expire as if it had never been deleted."""
        ...


class RefusalRecorder(Protocol):
    """Writes refused resolves, which the table's stream takes to the audit log."""

    def record(self, refusal: Refusal) -> None:
        """Record a refusal, unless the same one is recorded for this hour or the account has no integration."""
        ...


class AuditEntryRecorder(Protocol):
    """Writes the audit log."""

    def record(self, entry: AuditEntry) -> None:
        """Write an entry. The same entry may be written again, which changes nothing."""
        ...


class AuditEntryReader(Protocol):
    """Reads the audit log. An entry may appear some seconds late."""

    def newest(self, account: str, start: datetime, end: datetime, before: str | None, count: int) -> AuditSlice:
        """Read at most `count` entries from `start` to `end`, both included, that are older than the id `before`.

        There may be fewer before the last.
        """
        ...


class SpaceReader(Protocol):
    """Reads the organizations and spaces of an account."""

    def organization(self, account: str, organization_id: str) -> Organization | None:
        """Read an organization, or None if it is not registered."""
        ...

    def organizations(self, account: str) -> list[Organization]:
        """Read all registered organizations of an account, ordered by id."""
        ...

    def space(self, account: str, space_id: str) -> Space | None:
        """Read a space, or None if it is unknown."""
        ...

    def spaces(self, account: str) -> list[Space]:
        """Read all known spaces of an account, ordered by id."""
        ...


class EventPublisher(Protocol):
    """Publishes events."""

    def publish(self, *events: Event) -> None:
        """Publish events in order."""
        ...


class Senders(Protocol):
    """Reads which senders may act for an account."""

    def source(self, account: str, aws_account: str, source: str) -> Sender | None:
        """Read a source of events, or None if it is not registered."""
        ...

    def stacks(self, account: str, aws_account: str) -> Iterable[Sender]:
        """Read the patterns of stacks in an AWS account."""
        ...


class RequestOutcomes(Protocol):
    """Stores the outcomes of provisioning requests, so that a redelivery reports the same outcome."""

    def find(self, account: str, request_id: str) -> RecordedOutcome | None:
        """Read the outcome of a request, or None if it is undecided."""
        ...

    def record(self, account: str, request_id: str, outcome: RecordedOutcome, now: datetime) -> None:
        """Store the outcome of a request."""
        ...


class HealthReader(Protocol):
    """Reads the outcomes of connection tests."""

    def last(self, account: str, ulid: str) -> Health | None:
        """Read the outcome of the last test, or None if there was none."""
        ...


class HealthRecorder(Protocol):
    """Stores the outcomes of connection tests."""

    def record(self, health: Health) -> None:
        """Store the outcome of a test."""
        ...


class ConnectionTestRunner(Protocol):
    """Runs connection tests for admins."""

    def test_saved(self, caller: Caller, ulid: str, model: str | None) -> Health:
        """Test an integration and record its health."""
        ...

    def test_settings(self, caller: Caller, settings: Settings, credentials: CredentialChange) -> Health:
        """Test settings that are not saved."""
        ...


class KeyReader(Protocol):
    """Reads provider keys."""

    def read(self, integration: Integration, secret: SecretVersion) -> ReadKey:
        """Read a key; KeyUnavailableError if it is gone, refused by the owner's tags, or not a key of the provider."""
        ...


class RoleAssumer(Protocol):
    """Assumes the roles that integrations name."""

    def assume(self, integration: Integration, consumer: str) -> TemporaryCredentials:
        """Assume the integration's role; RoleRefusedError if AWS rejects it."""
        ...


class TokenExchanger(Protocol):
    """Exchanges identity tokens of AWS for access tokens of providers."""

    def exchange(self, integration: Integration) -> AccessToken:
        """Get a new access token. Raise TokenRefusedError or TokenUnavailableError if that fails."""
        ...


class KeyFingerprints(Protocol):
    """Computes fingerprints, which allow comparing keys without disclosing them."""

    def compute(self, account: str, key: SecretStr) -> str:
        """Compute the fingerprint of a key."""
        ...

    def try_compute(self, account: str, key: SecretStr) -> str | None:
        """Compute the fingerprint of a key, or None if that fails."""
        ...


class StepRunner(Protocol):
    """Runs the steps of a connection test."""

    def run(self, integration: Integration, key: SecretStr | None, model: str | None) -> Findings:
        """Run the steps in order, up to the first that fails."""
        ...


class RoleStepRunner(Protocol):
    """Runs the steps of a connection test for a provider that takes an AWS role."""

    def run(self, integration: Integration, model: str | None) -> tuple[Rung, ...]:
        """Run the steps in order, up to the first that fails."""
        ...
