"""Integrations in DynamoDB. Every write is one transaction, which also reserves names and records requests."""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any

from ai_integrations.adapters.dynamodb import items
from ai_integrations.adapters.dynamodb.attributes import from_wire, to_wire
from ai_integrations.adapters.dynamodb.transactions import (
    UNUSED,
    Action,
    Condition,
    OnConflict,
    Transactor,
    at_version,
    unused_or_expired,
)
from ai_integrations.domain.errors import (
    FederationTakenError,
    IdempotencyConflict,
    IdempotencyKeyReusedError,
    NameTakenError,
    RepeatedRequestError,
    RoleTakenError,
    VersionConflictError,
)
from ai_integrations.domain.federation import identity_of
from ai_integrations.domain.model import IdempotencyKey, Integration, Slice, Tombstone

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_dynamodb.type_defs import KeysAndAttributesTypeDef


class DynamoDbIntegrations:
    """The integrations of all accounts in one table. Implements the port `IntegrationRepository`."""

    def __init__(
        self,
        client: "DynamoDBClient",
        table: str,
        transactor: Transactor,
        *,
        idempotency_key: IdempotencyKey | None = None,
    ) -> None:
        """`idempotency_key` applies to each update and delete."""
        self._client = client
        self._table = table
        self._transactor = transactor
        self._idempotency_key = idempotency_key

    def idempotent(self, key: IdempotencyKey) -> "DynamoDbIntegrations":
        """Bind an idempotency key: a repeated `update` or `delete` then raises RepeatedRequestError."""
        return DynamoDbIntegrations(self._client, self._table, self._transactor, idempotency_key=key)

    def precheck(self, integration: Integration, idempotency_key: IdempotencyKey | None) -> None:
        """Raise the conflict that `insert` would hit, using one consistent read, or two if there is an identity."""
        names = items.name_keys(integration.account, integration.name)
        if idempotency_key is None:
            found = self._batch_get(*names)
        else:
            record_key = items.idempotency_key(integration.account, idempotency_key)
            found = self._batch_get(*names, record_key)
            conflict = _find_conflict(found.get(record_key["sk"]), idempotency_key, integration.created_at)
            if conflict is not None:
                raise conflict
        if any(name["sk"] in found for name in names):
            raise NameTakenError
        self.check_identity(integration)

    def check_identity(self, integration: Integration) -> None:
        """Raise RoleTakenError or FederationTakenError if another account has the integration's role or identity.

        Uses one consistent read for each of them.
        """
        for key, on_conflict in _identity_guards(integration):
            guard = self._get_item(key)
            if "integrations" in guard and guard["account"] != integration.account:
                raise on_conflict(guard)

    def insert(self, integration: Integration, idempotency_key: IdempotencyKey | None) -> None:
        """Write a new integration, reserve its name and record its idempotency key."""
        # The idempotency record is checked first, so that a retry gets the original result rather than
        # NameTakenError for its own name.
        self._transactor.commit(
            *_idempotency_record(idempotency_key, integration, integration.created_at),
            *_reserve_name(integration),
            Action.put_unique(items.integration_item(integration), UNUSED, _version_conflict),
            *_take_identity(integration),
            *_record_space_organizations(integration),
        )

    def get(self, account: str, ulid: str) -> Integration | None:
        """Read an integration, using one consistent read."""
        item = self._get_item(items.integration_key(account, ulid))
        return items.integration_from_item(item) if item else None

    def existing(self, account: str, ulids: Collection[str]) -> set[str]:
        """Determine which of at most 100 integrations exist. DynamoDB may need several consistent reads."""
        keys = [to_wire(items.integration_key(account, each)) for each in ulids]
        remaining: Mapping[str, Any] = {self._table: {"Keys": keys, "ConsistentRead": True}}
        found: set[str] = set()
        while remaining:
            response = self._client.batch_get_item(RequestItems=remaining)
            found |= {item["id"]["S"] for item in response["Responses"].get(self._table, ())}
            remaining = response.get("UnprocessedKeys", {})
        return found

    def get_for_write(
        self, account: str, ulid: str, now: datetime
    ) -> tuple[Integration | None, IdempotencyConflict | None]:
        """Read an integration, and the conflict of the bound idempotency key, using one consistent read."""
        key = self._idempotency_key
        if key is None:
            return self.get(account, ulid), None
        integration_key, record_key = items.integration_key(account, ulid), items.idempotency_key(account, key)
        found = self._batch_get(integration_key, record_key)
        item = found.get(integration_key["sk"])
        # A throttled BatchGetItem may leave out items, so one that seems to be missing is read alone.
        integration = items.integration_from_item(item) if item else self.get(account, ulid)
        return integration, _find_conflict(found.get(record_key["sk"]), key, now)

    def find(self, account: str, name: str) -> Integration | None:
        """Read the integration that has a name, using one consistent read for each key of the name and one more."""
        for key in items.name_keys(account, name):
            guard = self._get_item(key)
            if guard:
                return self.get(account, guard["integration_id"])
        return None

    def get_deleted(self, account: str, ulid: str) -> Tombstone | None:
        """Read the tombstone of a deleted integration, expired or not, using one consistent read."""
        item = self._get_item(items.tombstone_key(account, ulid))
        return items.tombstone_from_item(item) if item else None

    def update(self, current: Integration, changed: Integration) -> None:
        """Replace `current` with `changed`. A rename reserves the new name and releases the old one.

        The role or identity is taken even if it has not changed: an integration older than the role guards has none.
        """
        old_names, new_names = (items.name_keys(each.account, each.name) for each in (current, changed))
        is_renamed = old_names != new_names
        new_item = items.integration_item(changed)
        self._transactor.commit(
            *_idempotency_record(self._idempotency_key, changed, changed.updated_at),
            Action.put_unique(new_item, at_version(current.version), _version_conflict),
            *(self._rename(current, changed) if is_renamed else []),
            *_take_identity(changed),
            *_release_identity(current, changed),
            *_record_space_organizations(changed, current),
            *_schedule_grace_end(current, changed),
        )

    def delete(self, tombstone: Tombstone) -> None:
        """Replace an integration with its tombstone and release the name."""
        integration = tombstone.integration
        key = items.integration_key(integration.account, integration.id)
        self._transactor.commit(
            *_idempotency_record(self._idempotency_key, integration, tombstone.deleted_at),
            Action.put_unique(items.tombstone_item(tombstone), UNUSED, _version_conflict),
            Action.delete(key, at_version(integration.version), _version_conflict),
            *self._release_name(integration),
            *_release_identity(integration),
        )

    def restore(self, tombstone: Tombstone, restored: Integration) -> None:
        """Replace a tombstone with its integration, reserve the name and take the role or the identity again."""
        key = items.tombstone_key(restored.account, restored.id)
        self._transactor.commit(
            Action.put_unique(items.integration_item(restored), UNUSED, _version_conflict),
            Action.delete(key, at_version(tombstone.integration.version), _version_conflict),
            *_reserve_name(restored),
            *_take_identity(restored),
        )

    def newest(self, account: str, before: str | None, count: int) -> Slice:
        """Read at most `count` integrations that are older than the id `before`, using one consistent read."""
        found, more = self._query_newest(items.integration_key, account, before, count)
        return Slice(integrations=tuple([items.integration_from_item(item) for item in found]), more=more)

    def newest_deleted(self, account: str, before: str | None, count: int) -> tuple[list[Tombstone], bool]:
        """Read at most `count` tombstones of integrations older than the id `before`, using one consistent read."""
        found, more = self._query_newest(items.tombstone_key, account, before, count)
        return [items.tombstone_from_item(item) for item in found], more

    def _query_newest(
        self, build_key: Callable[[str, str], items.Item], account: str, before: str | None, count: int
    ) -> tuple[list[items.Item], bool]:
        """Read items whose sort keys end in an id. The second result is whether older ones follow."""
        prefix = build_key(account, "")
        start = build_key(account, before or "~")  # a tilde sorts after every id
        response = self._client.query(
            TableName=self._table,
            KeyConditionExpression="#pk = :pk AND begins_with(#sk, :prefix)",
            ExpressionAttributeNames={"#pk": "pk", "#sk": "sk"},
            ExpressionAttributeValues=to_wire({":pk": prefix["pk"], ":prefix": prefix["sk"]}),
            ScanIndexForward=False,
            ConsistentRead=True,
            Limit=count,
            ExclusiveStartKey=to_wire(start),
        )
        return [from_wire(item) for item in response["Items"]], "LastEvaluatedKey" in response

    def _rename(self, current: Integration, changed: Integration) -> list[Action]:
        guarded = self._guarded_keys(current)
        kept = [each["sk"] for each in items.name_items(changed)]
        return [
            *_reserve_name(changed, [key["sk"] for key in guarded]),
            *_release_keys(current, [key for key in guarded if key["sk"] not in kept]),
        ]

    def _release_name(self, integration: Integration) -> list[Action]:
        return _release_keys(integration, self._guarded_keys(integration))

    def _guarded_keys(self, integration: Integration) -> list[items.Item]:
        """List the keys under which an integration has a name guard: only the first if release 0.1.0 wrote it."""
        keys = items.name_keys(integration.account, integration.name)
        if len(keys) == 1:
            return keys
        return [key for key in keys if self._get_item(key).get("integration_id") == integration.id]

    def _get_item(self, key: items.Item) -> items.Item:
        response = self._client.get_item(TableName=self._table, Key=to_wire(key), ConsistentRead=True)
        return from_wire(response.get("Item", {}))

    def _batch_get(self, *keys: items.Item) -> dict[str, items.Item]:
        wanted: KeysAndAttributesTypeDef = {"Keys": [to_wire(key) for key in keys], "ConsistentRead": True}
        response = self._client.batch_get_item(RequestItems={self._table: wanted})
        return {item["sk"]: item for item in map(from_wire, response["Responses"].get(self._table, ()))}


def _idempotency_record(key: IdempotencyKey | None, result: Integration, now: datetime) -> list[Action]:
    """Write the idempotency record; a retry of the same request fails its condition."""
    if key is None:
        return []
    item = items.idempotency_item(result, key, now)
    return [Action.put_shared(item, unused_or_expired(items.epoch_seconds(now)), _idempotency_conflict(key))]


def _reserve_name(integration: Integration, guarded: Collection[str] = ()) -> list[Action]:
    """Write the guards of a name, except those whose sort keys are in `guarded`."""
    return [
        Action.put_shared(item, UNUSED, lambda _existing: NameTakenError())
        for item in items.name_items(integration)
        if item["sk"] not in guarded
    ]


def _release_keys(integration: Integration, keys: Iterable[items.Item]) -> list[Action]:
    is_own = Condition("#integration_id = :id", {":id": integration.id})
    return [Action.delete(key, is_own, _version_conflict) for key in keys]


def _identity_guards(integration: Integration) -> Iterator[tuple[items.Item, OnConflict]]:
    """Yield the keys of an integration's identity guards, and the errors if another account has them."""
    if integration.iam_role is not None:
        yield items.role_key(integration.iam_role), lambda _existing: RoleTakenError()
    if integration.federation is not None:
        identity = identity_of(integration.provider, integration.federation)
        yield items.federation_key(identity), lambda _existing: FederationTakenError()


def _take_identity(integration: Integration) -> list[Action]:
    """Add the integration to the guard of its role or identity, unless integrations of another account are in it."""
    is_free = Condition(
        "attribute_not_exists(#integrations) OR #account = :account",
        {":account": integration.account, ":ids": frozenset({integration.id})},
    )
    update = "SET #account = :account ADD #integrations :ids"
    return [Action.update_if(key, update, is_free, on_conflict) for key, on_conflict in _identity_guards(integration)]


def _release_identity(current: Integration, changed: Integration | None = None) -> list[Action]:
    """Remove the integration from the guard of what it no longer names. A guard without integrations is free."""
    kept = [key for key, _ in _identity_guards(changed)] if changed else []
    return [
        Action.update(key, "DELETE #integrations :ids", {":ids": frozenset({current.id})})
        for key, _ in _identity_guards(current)
        if key not in kept
    ]


def _record_space_organizations(changed: Integration, current: Integration | None = None) -> list[Action]:
    """Store the organization of each space that a new scoping names together with it; visibility depends on it.

    A scoping that stays is not recorded again: operators may have removed the space since.
    """
    kept = current.scopings if current else ()
    pairs = {
        each.space_id: each.organization_id
        for each in reversed(changed.scopings)  # the first of several organizations of a space remains
        if each.space_id and each.organization_id and each not in kept
    }
    return [
        Action.update(
            items.space_key(changed.account, space),
            "SET #organization_id = if_not_exists(#organization_id, :organization_id)",
            {":organization_id": organization},
        )
        for space, organization in pairs.items()
    ]


def _schedule_grace_end(current: Integration, changed: Integration) -> list[Action]:
    """Write a TTL item if the change starts a grace period."""
    previous_key = changed.previous_key
    if previous_key is None or previous_key == current.previous_key:
        return []
    return [Action.put_unconditionally(items.grace_item(changed, previous_key))]


def _find_conflict(record: items.Item | None, key: IdempotencyKey, now: datetime) -> IdempotencyConflict | None:
    if record is None or record["expires_at"] <= items.epoch_seconds(now):
        return None
    return _idempotency_conflict(key)(record)


def _idempotency_conflict(key: IdempotencyKey) -> Callable[[Mapping[str, Any]], IdempotencyConflict]:
    def conflict(earlier: Mapping[str, Any]) -> IdempotencyConflict:
        if earlier["fingerprint"] != key.fingerprint:
            return IdempotencyKeyReusedError()
        return RepeatedRequestError(items.integration_from_item(earlier["answer"]))

    return conflict


def _version_conflict(_existing: Mapping[str, Any]) -> Exception:
    return VersionConflictError()
