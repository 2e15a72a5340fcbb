"""In-memory implementations of the ports, and a builder of the use cases over them.

tests/contract runs the same tests over these fakes and over the real adapters.
"""

from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

from pydantic import SecretStr

from ai_integrations.adapters.secrets_manager.key_store import ACCOUNT_TAG, HOSTS_TAG, INTEGRATION_TAG
from ai_integrations.domain.consumers import Consumer, ConsumerSlice, Revocation
from ai_integrations.domain.credentials import AccessToken
from ai_integrations.domain.destinations import may_receive
from ai_integrations.domain.errors import (
    ConsumerExistsError,
    FederationTakenError,
    FieldError,
    IdempotencyConflict,
    IdempotencyKeyReusedError,
    NameTakenError,
    RepeatedRequestError,
    RoleTakenError,
    RuleViolationError,
    VersionConflictError,
)
from ai_integrations.domain.federation import identity_of
from ai_integrations.domain.model import (
    ExternalSecretArn,
    IdempotencyKey,
    Integration,
    Organization,
    Policy,
    SecretVersion,
    Slice,
    Space,
    Tombstone,
    fold_name,
)
from ai_integrations.domain.principals import Principal
from ai_integrations.domain.refusals import Refusal
from ai_integrations.domain.uses import LastUse, Use, UsedBy
from ai_integrations.key_access.use_ledger import Recorders, Task, UseLedger
from ai_integrations.use_cases.integrations import Integrations
from ai_integrations.use_cases.ports import IntegrationRepository, KeyStore, RefusalRecorder, SpaceReader, UseRecorder
from ai_integrations.use_cases.visibility import Visibility
from tests.builders import ACCESS_TOKEN, AWS_ACCOUNT, NOON, ULID, a_policy


@dataclass
class InMemorySpaces:
    """Spaces and organizations in dictionaries."""

    known: dict[tuple[str, str], Space] = field(default_factory=dict)
    registered_organizations: dict[tuple[str, str], Organization] = field(default_factory=dict)

    def register(self, place: Organization | Space) -> None:
        if isinstance(place, Organization):
            self.registered_organizations[place.account, place.id] = place
        else:
            self.known[place.account, place.id] = place

    def remove_space(self, account: str, space_id: str) -> None:
        self.known.pop((account, space_id), None)

    def organization(self, account: str, organization_id: str) -> Organization | None:
        return self.registered_organizations.get((account, organization_id))

    def organizations(self, account: str) -> list[Organization]:
        return [each for (owner, _), each in sorted(self.registered_organizations.items()) if owner == account]

    def space(self, account: str, space_id: str) -> Space | None:
        return self.known.get((account, space_id))

    def spaces(self, account: str) -> list[Space]:
        return [space for (owner, _), space in sorted(self.known.items()) if owner == account]

    def record_organizations(self, changed: Integration, current: Integration | None = None) -> None:
        """Record the organization of each space that a new scoping names together with it."""
        for scoping in changed.scopings:
            if scoping.space_id and scoping.organization_id and not (current and scoping in current.scopings):
                key = changed.account, scoping.space_id
                space = self.known.get(key) or Space(account=changed.account, id=scoping.space_id, organization_id=None)
                self.known[key] = space._replace(organization_id=space.organization_id or scoping.organization_id)


@dataclass
class RecordingSpaces(InMemorySpaces):
    """A directory that records which spaces are read one by one. Without its dictionary `known`, a read fails."""

    reads: list[str] = field(default_factory=list)

    def space(self, account: str, space_id: str) -> Space | None:
        self.reads.append(space_id)
        return super().space(account, space_id)


@dataclass(frozen=True)
class _IdempotencyRecord:
    fingerprint: str
    result: Integration
    expires_at: datetime


@dataclass
class InMemoryRepository:
    """Integrations in dictionaries. `journal` records the name of each call."""

    journal: list[str] = field(default_factory=list)
    spaces: InMemorySpaces = field(default_factory=InMemorySpaces)
    integrations: dict[tuple[str, str], Integration] = field(default_factory=dict)
    tombstones: dict[tuple[str, str], Tombstone] = field(default_factory=dict)
    _names: dict[tuple[str, str], str] = field(default_factory=dict)
    _idempotency_records: dict[tuple[str, str, str], _IdempotencyRecord] = field(default_factory=dict)
    _idempotency_key: IdempotencyKey | None = None

    def idempotent(self, key: IdempotencyKey) -> "InMemoryRepository":
        return replace(self, _idempotency_key=key)

    def precheck(self, integration: Integration, idempotency_key: IdempotencyKey | None) -> None:
        self.journal.append("precheck")
        self._check_conflicts(integration, idempotency_key)

    def insert(self, integration: Integration, idempotency_key: IdempotencyKey | None) -> None:
        self.journal.append("insert")
        if self.integrations.get(_id(integration)) == integration:
            return
        self._check_conflicts(integration, idempotency_key)
        self._write(integration)
        self.spaces.record_organizations(integration)
        self._record(integration, idempotency_key, integration.created_at)

    def get(self, account: str, ulid: str) -> Integration | None:
        self.journal.append("get")
        return self.integrations.get((account, ulid))

    def existing(self, account: str, ulids: Collection[str]) -> set[str]:
        self.journal.append("existing")
        assert ulids, "DynamoDB rejects a request without keys."
        return {each for each in ulids if (account, each) in self.integrations}

    def find(self, account: str, name: str) -> Integration | None:
        self.journal.append("find")
        return self.integrations.get((account, self._names.get((account, fold_name(name)), "")))

    def get_for_write(
        self, account: str, ulid: str, now: datetime
    ) -> tuple[Integration | None, IdempotencyConflict | None]:
        return self.get(account, ulid), self._find_conflict(account, self._idempotency_key, now)

    def get_deleted(self, account: str, ulid: str) -> Tombstone | None:
        self.journal.append("get_deleted")
        return self.tombstones.get((account, ulid))

    def update(self, current: Integration, changed: Integration) -> None:
        self.journal.append("update")
        if self.integrations.get(_id(current)) == changed:
            return
        self._check_idempotency(changed, self._idempotency_key, changed.updated_at)
        self._check_version(current)
        if _name(current) != _name(changed):
            self._check_name(changed)
        self.check_identity(changed)
        self._names.pop(_name(current), None)
        self._write(changed)
        self.spaces.record_organizations(changed, current)
        self._record(changed, self._idempotency_key, changed.updated_at)

    def delete(self, tombstone: Tombstone) -> None:
        self.journal.append("delete")
        current = tombstone.integration
        if self.tombstones.get(_id(current)) == tombstone:
            return
        self._check_idempotency(current, self._idempotency_key, tombstone.deleted_at)
        self._check_version(current)
        self.tombstones[_id(current)] = tombstone
        del self.integrations[_id(current)]
        del self._names[_name(current)]
        self._record(current, self._idempotency_key, tombstone.deleted_at)

    def restore(self, tombstone: Tombstone, restored: Integration) -> None:
        self.journal.append("restore")
        if self.integrations.get(_id(restored)) == restored:
            return
        if _id(restored) in self.integrations or self.tombstones.get(_id(restored)) != tombstone:
            raise VersionConflictError
        self._check_name(restored)
        self.check_identity(restored)
        del self.tombstones[_id(restored)]
        self._write(restored)

    def newest(self, account: str, before: str | None, count: int) -> Slice:
        ids = sorted((ulid for owner, ulid in self.integrations if owner == account), reverse=True)
        older = [self.integrations[account, ulid] for ulid in ids if before is None or ulid < before]
        return Slice(integrations=tuple(older[:count]), more=len(older) > count)

    def newest_deleted(self, account: str, before: str | None, count: int) -> tuple[list[Tombstone], bool]:
        ids = sorted((ulid for owner, ulid in self.tombstones if owner == account), reverse=True)
        older = [self.tombstones[account, ulid] for ulid in ids if before is None or ulid < before]
        return older[:count], len(older) > count

    def _write(self, integration: Integration) -> None:
        self.integrations[_id(integration)] = integration
        self._names[_name(integration)] = integration.id

    def _record(self, result: Integration, key: IdempotencyKey | None, now: datetime) -> None:
        if key is not None:
            record = _IdempotencyRecord(fingerprint=key.fingerprint, result=result, expires_at=now + key.retention)
            self._idempotency_records[result.account, key.user, key.value] = record

    def _check_conflicts(self, integration: Integration, key: IdempotencyKey | None) -> None:
        self._check_idempotency(integration, key, integration.created_at)
        self._check_name(integration)
        self.check_identity(integration)

    def _check_idempotency(self, integration: Integration, key: IdempotencyKey | None, now: datetime) -> None:
        conflict = self._find_conflict(integration.account, key, now)
        if conflict is not None:
            raise conflict

    def _find_conflict(self, account: str, key: IdempotencyKey | None, now: datetime) -> IdempotencyConflict | None:
        record = self._idempotency_records.get((account, key.user, key.value)) if key else None
        if key is None or record is None or record.expires_at <= now:
            return None
        if record.fingerprint != key.fingerprint:
            return IdempotencyKeyReusedError()
        return RepeatedRequestError(record.result)

    def _check_name(self, integration: Integration) -> None:
        if _name(integration) in self._names:
            raise NameTakenError

    def check_identity(self, integration: Integration) -> None:
        role, identity = integration.iam_role, _identity(integration)
        others = [each for each in self.integrations.values() if each.account != integration.account]
        if role and role.identity in {each.iam_role.identity for each in others if each.iam_role}:
            raise RoleTakenError
        if identity and identity in map(_identity, others):
            raise FederationTakenError

    def _check_version(self, current: Integration) -> None:
        stored = self.integrations.get(_id(current))
        if stored is None or stored.version != current.version:
            raise VersionConflictError


@dataclass
class InMemoryConsumers:
    """Consumers in a dictionary, and revocations in a list."""

    consumers: dict[tuple[str, str], Consumer] = field(default_factory=dict)
    revocations: list[Revocation] = field(default_factory=list)

    def insert(self, consumer: Consumer) -> None:
        holders = {(each.account, each.principal.identity) for each in self.consumers.values()}
        if (consumer.account, consumer.principal.identity) in holders:
            raise ConsumerExistsError
        self.consumers[consumer.account, consumer.id] = consumer

    def get(self, account: str, ulid: str) -> Consumer | None:
        return self.consumers.get((account, ulid))

    def newest(self, account: str, before: str | None, count: int) -> ConsumerSlice:
        ids = sorted((ulid for owner, ulid in self.consumers if owner == account), reverse=True)
        older = [self.consumers[account, ulid] for ulid in ids if before is None or ulid < before]
        return ConsumerSlice(tuple(older[:count]), more=len(older) > count)

    def update(self, current: Consumer, changed: Consumer) -> None:
        self._check_version(current)
        self.consumers[changed.account, changed.id] = changed

    def revoke(self, revocation: Revocation) -> None:
        if revocation in self.revocations:
            return
        self._check_version(revocation.consumer)
        del self.consumers[revocation.consumer.account, revocation.consumer.id]
        self.revocations.append(revocation)

    def _check_version(self, current: Consumer) -> None:
        stored = self.consumers.get((current.account, current.id))
        if stored is None or stored.version != current.version:
            raise VersionConflictError


@dataclass
class InMemoryUses:
    """Uses in a dictionary, by integration and consumer."""

    uses: dict[tuple[str, str, str], Use] = field(default_factory=dict)

    def record(self, account: str, ulid: str, consumer: UsedBy, now: datetime) -> None:
        key = account, ulid, consumer.identity
        known = self.uses.get(key, Use(account, ulid, consumer, datetime.min.replace(tzinfo=UTC)))
        if known.last_used_at < now.replace(minute=0, second=0, microsecond=0):
            days = {each for each in known.days if (now.date() - each).days % 31} | {now.date()}
            self.uses[key] = Use(account, ulid, consumer, now, frozenset(days))

    def of_integrations(self, account: str, oldest: str, newest: str) -> list[Use]:
        stored = sorted(self.uses.values(), key=lambda each: each.integration_id)
        return [each for each in stored if each.account == account and oldest <= each.integration_id <= newest]

    def without_days(self, account: str, ulid: str) -> list[Use]:
        return [each._replace(days=frozenset()) for each in self.of_integrations(account, ulid, ulid)]

    def last_uses(self, account: str, oldest: str, newest: str) -> Iterator[LastUse]:
        uses = self.of_integrations(account, oldest, newest)
        for each in sorted(uses, key=lambda use: use.integration_id, reverse=True):
            yield LastUse(each.integration_id, each.last_used_at)

    def of_consumers(self, account: str, ulid: str, consumers: Iterable[UsedBy]) -> list[Use]:
        keys = {(account, ulid, each.identity) for each in consumers}
        return [self.uses[key] for key in keys if key in self.uses]


@dataclass
class InMemoryRefusals:
    """Refusals in a list."""

    refusals: list[Refusal] = field(default_factory=list)

    def record(self, refusal: Refusal) -> None:
        self.refusals.append(refusal)


@dataclass
class InMemoryGrantedIntegrations:
    """Reads the consumers and integrations of other fakes. `journal` records the name of each call."""

    consumer_store: InMemoryConsumers
    repository: InMemoryRepository
    journal: list[str] = field(default_factory=list)

    def consumers(self, principal: Principal) -> tuple[Consumer, ...]:
        self.journal.append("consumers")
        stored = self.consumer_store.consumers.values()
        return tuple(each for each in stored if each.principal.identity == principal.identity)

    def get(self, principal: Principal, account: str, ulid: str) -> tuple[Consumer | None, Integration | None]:
        self.journal.append("get")
        return self._granted(principal, account, self.repository.get(account, ulid))

    def find(self, principal: Principal, account: str, name: str) -> tuple[Consumer | None, Integration | None]:
        self.journal.append("find")
        return self._granted(principal, account, self.repository.find(account, name))

    def _granted(
        self, principal: Principal, account: str, integration: Integration | None
    ) -> tuple[Consumer | None, Integration | None]:
        stored = self.consumer_store.consumers.values()
        identity = principal.identity
        found = (each for each in stored if (each.account, each.principal.identity) == (account, identity))
        consumer = next(found, None)
        return consumer, integration if consumer else None


@dataclass
class _Secret:
    """A secret. `versions` have a stage label; `stored` also contains those that lost theirs, which AWS keeps a day."""

    versions: dict[str, str]
    current: str
    stored: dict[str, str] = field(init=False)
    tags: dict[str, str] = field(default_factory=dict)
    is_deleted: bool = False

    def __post_init__(self) -> None:
        self.stored = dict(self.versions)


@dataclass
class InMemoryKeyStore:
    """Keys in dictionaries, with the operations of the cleanup. `journal` records the name of each call."""

    journal: list[str] = field(default_factory=list)
    secrets: dict[str, _Secret] = field(default_factory=dict)
    _count: int = 0

    def create_key(self, integration: Integration, api_key: SecretStr) -> SecretVersion:
        self.journal.append("create_key")
        return self._create(f"{integration.account}/{integration.id}", api_key)

    def add_key_version(self, integration: Integration, api_key: SecretStr) -> SecretVersion:
        self.journal.append("add_key_version")
        stored = self.secrets.get(integration.secret.arn) if integration.secret else None
        if integration.secret is None or not integration.secret.is_owned or stored is None or stored.is_deleted:
            return self._create(f"{integration.account}/{integration.id}/{self._count}", api_key)
        version = self._next_version()
        stored.versions[version] = stored.stored[version] = api_key.get_secret_value()
        return integration.secret._replace(version=version)

    def holds_key(self, secret: SecretVersion, api_key: SecretStr) -> bool:
        self.journal.append("holds_key")
        stored = self.secrets.get(secret.arn)
        if stored is None or stored.is_deleted or secret.version is None:
            return False
        return stored.stored[secret.version] == api_key.get_secret_value()

    def reference_secret(self, integration: Integration, reference: ExternalSecretArn) -> SecretVersion:
        self.journal.append("reference_secret")
        stored = self.secrets.get(reference.arn)
        tags = {} if stored is None or stored.is_deleted else stored.tags
        if tags.get(ACCOUNT_TAG) != integration.account or INTEGRATION_TAG in tags:
            raise RuleViolationError(FieldError("/api_key_secret_arn", "No such secret."))
        if not may_receive(integration, tags.get(HOSTS_TAG)):
            raise RuleViolationError(FieldError("/api_key_secret_arn", "Not to this host."))
        return SecretVersion(arn=reference.arn, version=None)

    def discard(self, unused: SecretVersion, kept: SecretVersion | None) -> None:
        self.journal.append("discard")
        if unused.version is None:
            return
        if kept is not None and kept.arn == unused.arn:
            self.secrets[unused.arn].versions.pop(unused.version, None)
        else:
            self.secrets.pop(unused.arn, None)

    def cancel_deletion(self, secret: SecretVersion) -> None:
        self.journal.append("cancel_deletion")
        if secret.is_owned:
            self.secrets[secret.arn].is_deleted = False

    def schedule_deletion(self, secret: SecretVersion) -> None:
        if secret.is_owned:
            self.secrets[secret.arn].is_deleted = True

    def promote_version(
        self,
        secret: SecretVersion,
        released: Collection[SecretVersion],
        previous: SecretVersion | None = None,  # noqa: ARG002 - every version is kept until it is released
    ) -> None:
        if secret.version is not None:
            stored, dropped = self.secrets[secret.arn], {each.version for each in released if each.arn == secret.arn}
            stored.current = secret.version
            stored.versions = {version: key for version, key in stored.versions.items() if version not in dropped}

    def create_external_secret(self, name: str, key: str, tags: dict[str, str]) -> str:
        """Create a secret that its owner keeps, and return its ARN."""
        secret = self._create(name, SecretStr(key))
        self.secrets[secret.arn].tags = tags
        return secret.arn

    def current_keys(self) -> dict[str, str]:
        """List the current keys of the active secrets by ARN."""
        return {arn: each.versions[each.current] for arn, each in self.secrets.items() if not each.is_deleted}

    def read_key(self, secret: SecretVersion) -> str | None:
        """Read a key, or None if the secret is not active or does not have the version."""
        stored = self.secrets.get(secret.arn)
        return None if stored is None or stored.is_deleted else stored.versions.get(secret.version or stored.current)

    def _create(self, name: str, api_key: SecretStr) -> SecretVersion:
        arn, version = f"arn:aws:secretsmanager:eu-central-1:123456789012:secret:stack/{name}", self._next_version()
        self.secrets[arn] = _Secret(versions={version: api_key.get_secret_value()}, current=version)
        return SecretVersion(arn=arn, version=version)

    def _next_version(self) -> str:
        self._count += 1
        return f"version-{self._count}"


@dataclass
class FailingRepository(InMemoryRepository):
    """A repository whose `insert` and `update` raise. `written` chooses whether they write first."""

    error: Exception = field(default_factory=RuntimeError)
    written: bool = False

    def insert(self, integration: Integration, idempotency_key: IdempotencyKey | None) -> None:
        if self.written:
            super().insert(integration, idempotency_key)
        else:
            self.journal.append("insert")
        raise self.error

    def update(self, current: Integration, changed: Integration) -> None:
        if self.written:
            super().update(current, changed)
        else:
            self.journal.append("update")
        raise self.error


@dataclass
class LostResponseRepository(InMemoryRepository):
    """A repository whose first attempt commits but loses its response; the retry conflicts with a later write."""

    def insert(self, integration: Integration, idempotency_key: IdempotencyKey | None) -> None:
        super().insert(integration, idempotency_key)
        self.overwrite(integration)
        super().insert(integration, idempotency_key)

    def update(self, current: Integration, changed: Integration) -> None:
        super().update(current, changed)
        self.overwrite(changed)
        super().update(current, changed)

    def overwrite(self, committed: Integration) -> None:
        """Make the later write."""
        self._write(replace(committed, version=committed.version + 1))


@dataclass
class RacingRepository(InMemoryRepository):
    """A repository where `races` concurrent writes commit just before a write does."""

    races: int = 0

    def _check_version(self, current: Integration) -> None:
        stored = self.integrations.get(_id(current))
        if self.races and stored is not None:
            self.races -= 1
            self.integrations[_id(current)] = replace(stored, version=stored.version + 1)
        super()._check_version(current)

    def restore(self, tombstone: Tombstone, restored: Integration) -> None:
        if self.races:
            remaining, self.races = self.races - 1, 0
            super().restore(tombstone, restored)
            self.delete(tombstone._replace(integration=restored))
            self.races = remaining
        super().restore(tombstone, restored)


@dataclass
class FailingKeyStore(InMemoryKeyStore):
    """A key store whose `create_key` raises."""

    error: Exception = field(default_factory=RuntimeError)

    def create_key(self, integration: Integration, api_key: SecretStr) -> SecretVersion:  # noqa: ARG002 - the port's signature
        self.journal.append("create_key")
        raise self.error


@dataclass
class FakeTokenExchanger:
    """Issues tokens that are numbered and valid for `lifetime`.

    `exchanged` lists account, id and version of each integration. `errors` are raised first, one for each exchange.
    `before_exchange` are run first, one for each exchange.
    """

    clock: Callable[[], datetime] = lambda: NOON
    lifetime: timedelta = timedelta(hours=1)
    errors: list[Exception] = field(default_factory=list)
    before_exchange: list[Callable[[], object]] = field(default_factory=list)
    exchanged: list[tuple[str, str, int]] = field(default_factory=list)

    def exchange(self, integration: Integration) -> AccessToken:
        self.exchanged.append((*_id(integration), integration.version))
        if self.before_exchange:
            self.before_exchange.pop(0)()
        if self.errors:
            raise self.errors.pop(0)
        return AccessToken(
            value=SecretStr(f"{ACCESS_TOKEN}-{len(self.exchanged)}"),
            expires_at=self.clock() + self.lifetime,
            identity={
                "iss": "https://fake.tokens.sts.global.api.aws",
                "sub": f"arn:aws:iam::{AWS_ACCOUNT}:role/exchange-token",
                "aud": "https://api.openai.com/v1",
            },
        )


def _id(integration: Integration) -> tuple[str, str]:
    return integration.account, integration.id


def _identity(integration: Integration) -> str | None:
    return integration.federation and identity_of(integration.provider, integration.federation)


def _name(integration: Integration) -> tuple[str, str]:
    return integration.account, fold_name(integration.name)


def build_ledger(
    uses: UseRecorder | None = None,
    refusals: RefusalRecorder | None = None,
    *,
    clock: Callable[[], datetime] = lambda: NOON,
    start: Callable[[Task], None] = lambda task: task(),
) -> UseLedger:
    """Build a ledger over fakes, or over the given recorders. By default, each write ends before its response."""
    recorders = Recorders(uses or InMemoryUses(), refusals or InMemoryRefusals())
    return UseLedger(lambda: recorders, clock, start)


def build_integrations(  # noqa: PLR0913 - each has a default
    repository: IntegrationRepository | None = None,
    keys: KeyStore | None = None,
    *,
    clock: Callable[[], datetime] = lambda: NOON,
    new_id: Callable[[datetime], str] = lambda _now: ULID,
    policy: Policy | None = None,
    spaces: SpaceReader | None = None,
) -> Integrations:
    """Build the use cases over fakes, or over the given repository, key store and directory."""
    return Integrations(
        repository=repository or InMemoryRepository(),
        keys=keys or InMemoryKeyStore(),
        visibility=Visibility(spaces or InMemorySpaces()),
        clock=clock,
        new_id=new_id,
        policy=policy or a_policy(),
    )
