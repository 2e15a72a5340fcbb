"""The world in memory. tests/contract holds the fakes to what the real adapters do."""

from collections.abc import Collection
from dataclasses import dataclass, field, replace
from datetime import datetime

from pydantic import SecretStr

from ai_integrations.adapters.secrets_manager.key_store import ACCOUNT_TAG
from ai_integrations.domain.errors import (
    FieldError,
    IdempotencyKeyReusedError,
    NameTakenError,
    RepeatedRequestError,
    RuleViolationError,
    VersionConflictError,
)
from ai_integrations.domain.model import (
    ExternalSecretArn,
    IdempotencyKey,
    Integration,
    SecretVersion,
    Slice,
    Space,
    Tombstone,
    fold_name,
)


@dataclass
class InMemoryDirectory:
    """Spaces in a dictionary."""

    known: dict[tuple[str, str], Space] = field(default_factory=dict)

    def register(self, place: Space) -> None:
        self.known[place.account, place.id] = place

    def space(self, account: str, space_id: str) -> Space | None:
        return self.known.get((account, space_id))

    def spaces(self, account: str) -> list[Space]:
        return [space for (owner, _), space in sorted(self.known.items()) if owner == account]

    def learn(self, integration: Integration) -> None:
        for scoping in integration.scopings:
            if scoping.space_id and scoping.organization_id:
                key = integration.account, scoping.space_id
                space = self.known.get(key) or Space(account=integration.account, id=scoping.space_id)
                self.known[key] = space._replace(organization_id=space.organization_id or scoping.organization_id)


@dataclass(frozen=True)
class _Guard:
    fingerprint: str
    answer: Integration
    until: datetime


@dataclass
class InMemoryRepository:
    """Integrations in dictionaries; `journal` gets the name of each call."""

    journal: list[str] = field(default_factory=list)
    directory: InMemoryDirectory = field(default_factory=InMemoryDirectory)
    integrations: dict[tuple[str, str], Integration] = field(default_factory=dict)
    tombstones: dict[tuple[str, str], Tombstone] = field(default_factory=dict)
    _names: dict[tuple[str, str], str] = field(default_factory=dict)
    _requests: dict[tuple[str, str, str], _Guard] = field(default_factory=dict)
    _request: IdempotencyKey | None = None

    def idempotent(self, request: IdempotencyKey) -> "InMemoryRepository":
        return replace(self, _request=request)

    def precheck(self, integration: Integration, idempotency_key: IdempotencyKey | None) -> None:
        self.journal.append("precheck")
        self._refuse(integration, idempotency_key)

    def insert(self, integration: Integration, idempotency_key: IdempotencyKey | None) -> None:
        self.journal.append("insert")
        if self.integrations.get(_id(integration)) == integration:
            return
        self._refuse(integration, idempotency_key)
        self._write(integration)
        self._answer(integration, idempotency_key, integration.created_at)

    def get(self, account: str, ulid: str) -> Integration | None:
        self.journal.append("get")
        return self.integrations.get((account, ulid))

    def find(self, account: str, name: str) -> Integration | None:
        self.journal.append("find")
        return self.integrations.get((account, self._names.get((account, fold_name(name)), "")))

    def get_deleted(self, account: str, ulid: str) -> Tombstone | None:
        self.journal.append("get_deleted")
        return self.tombstones.get((account, ulid))

    def update(self, current: Integration, changed: Integration) -> None:
        self.journal.append("update")
        if self.integrations.get(_id(current)) == changed:
            return
        self._check_request(changed, self._request, changed.updated_at)
        self._check_version(current)
        if _name(current) != _name(changed):
            self._check_name(changed)
            del self._names[_name(current)]
        self._write(changed)
        self._answer(changed, self._request, changed.updated_at)

    def delete(self, tombstone: Tombstone) -> None:
        self.journal.append("delete")
        current = tombstone.integration
        if self.tombstones.get(_id(current)) == tombstone:
            return
        self._check_request(current, self._request, tombstone.deleted_at)
        self._check_version(current)
        self.tombstones[_id(current)] = tombstone
        del self.integrations[_id(current)]
        del self._names[_name(current)]
        self._answer(current, self._request, tombstone.deleted_at)

    def restore(self, tombstone: Tombstone, restored: Integration) -> None:
        self.journal.append("restore")
        if self.integrations.get(_id(restored)) == restored:
            return
        if _id(restored) in self.integrations or self.tombstones.get(_id(restored)) != tombstone:
            raise VersionConflictError
        self._check_name(restored)
        del self.tombstones[_id(restored)]
        self._write(restored)

    def newest(self, account: str, before: str | None, count: int) -> Slice:
        ids = sorted((ulid for owner, ulid in self.integrations if owner == account), reverse=True)
        older = [self.integrations[account, ulid] for ulid in ids if before is None or ulid < before]
        return Slice(integrations=tuple(older[:count]), more=len(older) > count)

    def _write(self, integration: Integration) -> None:
        self.integrations[_id(integration)] = integration
        self._names[_name(integration)] = integration.id
        self.directory.learn(integration)

    def _answer(self, answer: Integration, key: IdempotencyKey | None, now: datetime) -> None:
        if key is not None:
            guard = _Guard(fingerprint=key.fingerprint, answer=answer, until=now + key.retention)
            self._requests[_request(answer, key)] = guard

    def _refuse(self, integration: Integration, key: IdempotencyKey | None) -> None:
        self._check_request(integration, key, integration.created_at)
        self._check_name(integration)

    def _check_request(self, integration: Integration, key: IdempotencyKey | None, now: datetime) -> None:
        guard = self._requests.get(_request(integration, key)) if key else None
        if key and guard and now < guard.until:
            if guard.fingerprint != key.fingerprint:
                raise IdempotencyKeyReusedError
            raise RepeatedRequestError(guard.answer)

    def _check_name(self, integration: Integration) -> None:
        if _name(integration) in self._names:
            raise NameTakenError

    def _check_version(self, current: Integration) -> None:
        stored = self.integrations.get(_id(current))
        if stored is None or stored.version != current.version:
            raise VersionConflictError


@dataclass
class _Keys:
    versions: dict[str, str]
    current: str
    tags: dict[str, str] = field(default_factory=dict)
    retired: bool = False


@dataclass
class InMemoryVault:
    """Keys in dictionaries; `journal` gets the name of each call."""

    journal: list[str] = field(default_factory=list)
    secrets: dict[str, _Keys] = field(default_factory=dict)
    _count: int = 0

    def create_key(self, integration: Integration, api_key: SecretStr) -> SecretVersion:
        self.journal.append("create_key")
        return self._create(f"{integration.account}/{integration.id}", api_key)

    def add_key_version(self, integration: Integration, api_key: SecretStr) -> SecretVersion:
        self.journal.append("add_key_version")
        held = self.secrets.get(integration.secret.arn) if integration.secret else None
        if integration.secret is None or not integration.secret.is_owned or held is None or held.retired:
            return self._create(f"{integration.account}/{integration.id}/{self._count}", api_key)
        version = self._next_version()
        held.versions[version] = api_key.get_secret_value()
        return integration.secret._replace(version=version)

    def reference_secret(self, account: str, reference: ExternalSecretArn) -> SecretVersion:
        self.journal.append("reference_secret")
        held = self.secrets.get(reference.arn)
        if held is None or held.retired or held.tags != {ACCOUNT_TAG: account}:
            raise RuleViolationError(FieldError("/api_key_secret_arn", "This account has no such secret to refer to."))
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
            self.secrets[secret.arn].retired = False

    def schedule_deletion(self, secret: SecretVersion) -> None:
        if secret.is_owned:
            self.secrets[secret.arn].retired = True

    def promote_version(self, secret: SecretVersion, released: Collection[SecretVersion]) -> None:
        if secret.version is not None:
            held, gone = self.secrets[secret.arn], {each.version for each in released if each.arn == secret.arn}
            held.current = secret.version
            held.versions = {version: key for version, key in held.versions.items() if version not in gone}

    def keep_for_others(self, name: str, key: str, tags: dict[str, str]) -> str:
        """Keep a secret as its owner would, and return its ARN."""
        secret = self._create(name, SecretStr(key))
        self.secrets[secret.arn].tags = tags
        return secret.arn

    def keys(self) -> dict[str, str]:
        """Return the current keys that a reader can get, by the ARN of their secret."""
        return {arn: each.versions[each.current] for arn, each in self.secrets.items() if not each.retired}

    def key(self, secret: SecretVersion) -> str | None:
        """Return the key that an integration names, if a reader can get it."""
        held = self.secrets.get(secret.arn)
        return None if held is None or held.retired else held.versions.get(secret.version or held.current)

    def _create(self, name: str, api_key: SecretStr) -> SecretVersion:
        arn, version = f"arn:aws:secretsmanager:eu-central-1:123456789012:secret:stack/{name}", self._next_version()
        self.secrets[arn] = _Keys(versions={version: api_key.get_secret_value()}, current=version)
        return SecretVersion(arn=arn, version=version)

    def _next_version(self) -> str:
        self._count += 1
        return f"version-{self._count}"


@dataclass
class FailingRepository(InMemoryRepository):
    """A store that raises on `add`, with or without having written."""

    error: Exception = field(default_factory=RuntimeError)
    written: bool = False

    def insert(self, integration: Integration, idempotency_key: IdempotencyKey | None) -> None:
        if self.written:
            super().insert(integration, idempotency_key)
        else:
            self.journal.append("insert")
        raise self.error


@dataclass
class LosingRepository(InMemoryRepository):
    """A store that loses the answer to a write, and refuses the second attempt since others have written by then."""

    def insert(self, integration: Integration, idempotency_key: IdempotencyKey | None) -> None:
        super().insert(integration, idempotency_key)
        self._write(replace(integration, version=2))
        super().insert(integration, idempotency_key)

    def update(self, current: Integration, changed: Integration) -> None:
        super().update(current, changed)
        self._write(replace(changed, version=changed.version + 1))
        super().update(current, changed)


@dataclass
class RacingRepository(InMemoryRepository):
    """A store where others write so many times just before a change does."""

    races: int = 0

    def _check_version(self, current: Integration) -> None:
        stored = self.integrations.get(_id(current))
        if self.races and stored is not None:
            self.races -= 1
            self.integrations[_id(current)] = replace(stored, version=stored.version + 1)
        super()._check_version(current)

    def restore(self, tombstone: Tombstone, restored: Integration) -> None:
        if self.races:
            left, self.races = self.races - 1, 0
            super().restore(tombstone, restored)
            self.delete(tombstone._replace(integration=restored))
            self.races = left
        super().restore(tombstone, restored)


@dataclass
class FailingVault(InMemoryVault):
    """A vault that raises on `store`."""

    error: Exception = field(default_factory=RuntimeError)

    def create_key(self, integration: Integration, api_key: SecretStr) -> SecretVersion:  # noqa: ARG002 - the port's signature
        self.journal.append("create_key")
        raise self.error


def _id(integration: Integration) -> tuple[str, str]:
    return integration.account, integration.id


def _name(integration: Integration) -> tuple[str, str]:
    return integration.account, fold_name(integration.name)


def _request(integration: Integration, key: IdempotencyKey) -> tuple[str, str, str]:
    return integration.account, integration.created_by, key.value
