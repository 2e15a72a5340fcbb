"""Integrations in DynamoDB. Every write of one is a single transaction with its guards."""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any

from ai_integrations.adapters.dynamodb import items
from ai_integrations.adapters.dynamodb.attributes import from_wire, to_wire
from ai_integrations.adapters.dynamodb.transactions import (
    UNUSED,
    Action,
    Condition,
    Transactor,
    at_version,
    unused_or_expired,
)
from ai_integrations.domain.errors import (
    IdempotencyKeyReusedError,
    NameTakenError,
    RepeatedRequestError,
    VersionConflictError,
)
from ai_integrations.domain.model import IdempotencyKey, Integration, Slice, Tombstone

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_dynamodb.type_defs import KeysAndAttributesTypeDef


class DynamoDbIntegrations:
    """The integrations of all accounts in one table; see `IntegrationRepository` for what its methods promise."""

    def __init__(
        self, client: "DynamoDBClient", table: str, transactor: Transactor, *, request: IdempotencyKey | None = None
    ) -> None:
        """`request` is what the changes are made for, if they are to happen once."""
        self._client = client
        self._table = table
        self._transactor = transactor
        self._request = request

    def idempotent(self, request: IdempotencyKey) -> "DynamoDbIntegrations":
        """Return the same integrations, for a request that changes one and may come again."""
        return DynamoDbIntegrations(self._client, self._table, self._transactor, request=request)

    def precheck(self, integration: Integration, idempotency_key: IdempotencyKey | None) -> None:
        """Raise what `add` would raise now; one consistent read."""
        name = items.name_key(integration.account, integration.name)
        if idempotency_key is None:
            found = self._read(name)
        else:
            request = items.idempotency_key(integration.account, integration.created_by, idempotency_key.value)
            found = self._read(name, request)
            earlier = found.get(request["sk"])
            if earlier is not None and earlier["expires_at"] > items.epoch_seconds(integration.created_at):
                raise _repeated(idempotency_key)(earlier)
        if name["sk"] in found:
            raise NameTakenError

    def insert(self, integration: Integration, idempotency_key: IdempotencyKey | None) -> None:
        """Write a new integration with its guards."""
        # First, so that a repeated request meets its own answer before the name that it took itself.
        answered = _answer_once(idempotency_key, integration, integration.created_at)
        new = Action.put(items.integration_item(integration), UNUSED, _stale)
        self._transactor.commit(*answered, _take_name(integration), new, *_teach_spaces(integration))

    def get(self, account: str, ulid: str) -> Integration | None:
        """Return an integration; one consistent read."""
        item = self._get(items.integration_key(account, ulid))
        return items.integration_from_item(item) if item else None

    def find(self, account: str, name: str) -> Integration | None:
        """Return the integration that has a name; two consistent reads."""
        guard = self._get(items.name_key(account, name))
        return self.get(account, guard["integration_id"]) if guard else None

    def get_deleted(self, account: str, ulid: str) -> Tombstone | None:
        """Return what is left of a deleted integration, expired or not; one consistent read."""
        item = self._get(items.tombstone_key(account, ulid))
        return items.tombstone_from_item(item) if item else None

    def update(self, current: Integration, changed: Integration) -> None:
        """Write `changed` over `current`; a new name is taken and the old one freed in the same transaction."""
        names = []
        old, new = (items.name_key(each.account, each.name) for each in (current, changed))
        if old != new:
            names = [_take_name(changed), _free_name(current)]
        over = Action.put(items.integration_item(changed), at_version(current.version), _stale)
        answered = _answer_once(self._request, changed, changed.updated_at)
        self._transactor.commit(*answered, over, *names, *_teach_spaces(changed), *_end_of_grace(current, changed))

    def delete(self, tombstone: Tombstone) -> None:
        """Put a tombstone in the place of its integration and free the name."""
        integration = tombstone.integration
        key = items.integration_key(integration.account, integration.id)
        self._transactor.commit(
            *_answer_once(self._request, integration, tombstone.deleted_at),
            Action.put(items.tombstone_item(tombstone), UNUSED, _stale),
            Action.delete(key, at_version(integration.version), _stale),
            _free_name(integration),
        )

    def restore(self, tombstone: Tombstone, restored: Integration) -> None:
        """Put an integration in the place of its tombstone and take its name again."""
        key = items.tombstone_key(restored.account, restored.id)
        self._transactor.commit(
            Action.put(items.integration_item(restored), UNUSED, _stale),
            Action.delete(key, at_version(tombstone.integration.version), _stale),
            _take_name(restored),
        )

    def newest(self, account: str, before: str | None, count: int) -> Slice:
        """Return at most `count` integrations that are older than the id `before`; one consistent read."""
        prefix = items.integration_key(account, "")
        start = items.integration_key(account, before or "~")  # no id comes after a tilde
        answer = self._client.query(
            TableName=self._table,
            KeyConditionExpression="#pk = :pk AND begins_with(#sk, :prefix)",
            ExpressionAttributeNames={"#pk": "pk", "#sk": "sk"},
            ExpressionAttributeValues=to_wire({":pk": prefix["pk"], ":prefix": prefix["sk"]}),
            ScanIndexForward=False,
            ConsistentRead=True,
            Limit=count,
            ExclusiveStartKey=to_wire(start),
        )
        integrations = tuple([items.integration_from_item(from_wire(item)) for item in answer["Items"]])
        return Slice(integrations=integrations, more="LastEvaluatedKey" in answer)

    def _get(self, key: items.Item) -> items.Item:
        answer = self._client.get_item(TableName=self._table, Key=to_wire(key), ConsistentRead=True)
        return from_wire(answer.get("Item", {}))

    def _read(self, *keys: items.Item) -> dict[str, items.Item]:
        wanted: KeysAndAttributesTypeDef = {"Keys": [to_wire(key) for key in keys], "ConsistentRead": True}
        answer = self._client.batch_get_item(RequestItems={self._table: wanted})
        return {item["sk"]: item for item in map(from_wire, answer["Responses"].get(self._table, ()))}


def _answer_once(request: IdempotencyKey | None, answer: Integration, now: datetime) -> list[Action]:
    """Keep the answer to a request, and refuse that request when it comes again."""
    if request is None:
        return []
    item = items.idempotency_item(answer, request, now)
    return [Action.guard(item, unused_or_expired(items.epoch_seconds(now)), _repeated(request))]


def _take_name(integration: Integration) -> Action:
    return Action.guard(items.name_item(integration), UNUSED, lambda _item: NameTakenError())


def _free_name(integration: Integration) -> Action:
    own = Condition("#integration_id = :id", {":id": integration.id})
    return Action.delete(items.name_key(integration.account, integration.name), own, _stale)


def _teach_spaces(integration: Integration) -> list[Action]:
    """Remember the organization of each space that a scoping names with it, for lists by space."""
    pairs = {
        each.space_id: each.organization_id for each in integration.scopings if each.space_id and each.organization_id
    }
    return [
        Action.set_once(items.space_key(integration.account, space), "organization_id", organization)
        for space, organization in pairs.items()
    ]


def _end_of_grace(current: Integration, changed: Integration) -> list[Action]:
    former = changed.previous_key
    return [] if former is None or former == current.previous_key else [Action.note(items.grace_item(changed, former))]


def _repeated(key: IdempotencyKey) -> Callable[[Mapping[str, Any]], Exception]:
    def refusal(earlier: Mapping[str, Any]) -> Exception:
        if earlier["fingerprint"] != key.fingerprint:
            return IdempotencyKeyReusedError()
        return RepeatedRequestError(items.integration_from_item(earlier["answer"]))

    return refusal


def _stale(_item: Mapping[str, Any]) -> Exception:
    return VersionConflictError()
