"""Consumers in DynamoDB. Each has two items with the same content, which one transaction writes.

The list item is in a partition of the account. The lookup item is found by the principal.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from ai_integrations.adapters.dynamodb import items
from ai_integrations.adapters.dynamodb.attributes import from_wire, to_wire
from ai_integrations.adapters.dynamodb.transactions import UNUSED, Action, Transactor, at_version
from ai_integrations.domain.consumers import Consumer, ConsumerSlice, Grant, Revocation
from ai_integrations.domain.errors import ConsumerExistsError, VersionConflictError
from ai_integrations.domain.mappings import without_none
from ai_integrations.domain.model import Membership
from ai_integrations.domain.principals import Principal

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

_RETENTION = timedelta(days=30)  # of revocations


class DynamoDbConsumers:
    """The consumers of all accounts. Implements the port `ConsumerRepository`."""

    def __init__(self, client: "DynamoDBClient", table: str, transactor: Transactor) -> None:
        self._client = client
        self._table = table
        self._transactor = transactor

    def insert(self, consumer: Consumer) -> None:
        """Write a new consumer. ConsumerExistsError if the account has one for the same principal."""
        item = consumer_item(consumer)
        self._transactor.commit(
            Action.put_unique({**list_key(consumer.account, consumer.id), **item}, UNUSED, _version_conflict),
            Action.put_unique({**lookup_key(consumer), **item}, UNUSED, lambda _existing: ConsumerExistsError()),
        )

    def get(self, account: str, ulid: str) -> Consumer | None:
        """Read a consumer, using one consistent read."""
        key = to_wire(list_key(account, ulid))
        response = self._client.get_item(TableName=self._table, Key=key, ConsistentRead=True)
        return consumer_from_item(from_wire(response["Item"])) if "Item" in response else None

    def newest(self, account: str, before: str | None, count: int) -> ConsumerSlice:
        """Read at most `count` consumers that are older than the id `before`, using one consistent read.

        There may be fewer before the last: DynamoDB ends a page at 1 MB, which ten grants with long ids can reach.
        """
        prefix = list_key(account, "")
        response = self._client.query(
            TableName=self._table,
            KeyConditionExpression="#pk = :pk AND begins_with(#sk, :prefix)",
            ExpressionAttributeNames={"#pk": "pk", "#sk": "sk"},
            ExpressionAttributeValues=to_wire({":pk": prefix["pk"], ":prefix": prefix["sk"]}),
            ScanIndexForward=False,
            ConsistentRead=True,
            Limit=count,
            ExclusiveStartKey=to_wire(list_key(account, before or "~")),  # a tilde sorts after every id
        )
        consumers = tuple([consumer_from_item(from_wire(item)) for item in response["Items"]])
        return ConsumerSlice(consumers, more="LastEvaluatedKey" in response)

    def update(self, current: Consumer, changed: Consumer) -> None:
        """Replace `current` with `changed`. VersionConflictError if another write came first."""
        item, condition = consumer_item(changed), at_version(current.version)
        self._transactor.commit(
            Action.put_unique({**list_key(changed.account, changed.id), **item}, condition, _version_conflict),
            Action.put_unique({**lookup_key(changed), **item}, condition, _version_conflict),
        )

    def revoke(self, revocation: Revocation) -> None:
        """Replace a consumer with its revocation. VersionConflictError if another write came first."""
        consumer = revocation.consumer
        condition = at_version(consumer.version)
        self._transactor.commit(
            Action.put_unique(revocation_item(revocation), UNUSED, _version_conflict),
            Action.delete(list_key(consumer.account, consumer.id), condition, _version_conflict),
            Action.delete(lookup_key(consumer), condition, _version_conflict),
        )


def list_key(account: str, ulid: str) -> items.Item:
    """Build the key of a list item."""
    return {"pk": f"CONSUMERS#{account}", "sk": f"CONSUMER#{ulid}"}


def lookup_key(consumer: Consumer) -> items.Item:
    """Build the key of a lookup item."""
    return principal_key(consumer.principal, consumer.account)


def principal_key(principal: Principal, account: str) -> items.Item:
    """Build the key of the lookup item of a principal in an account."""
    return {"pk": f"CONSUMER#{items.digest(principal.identity)}", "sk": f"ACCOUNT#{account}"}


def consumer_item(consumer: Consumer) -> items.Item:
    """Convert a consumer to the attributes of both items, except their keys."""
    integrations, memberships = consumer.grant
    item = {
        "id": consumer.id,
        "account": consumer.account,
        "version": consumer.version,
        "principal": consumer.principal._asdict(),
        "principal_arn": consumer.principal_arn,
        "integrations": integrations,
        "memberships": None if memberships is None else [each._asdict() for each in memberships],
        "all_integrations": True if consumer.grant == Grant() else None,
        "name": consumer.name,
        "valid_until": consumer.expires_at and items.timestamp(consumer.expires_at),
        "created_at": items.timestamp(consumer.created_at),
        "updated_at": items.timestamp(consumer.updated_at),
        "created_by": consumer.created_by,
        "updated_by": consumer.updated_by,
    }
    return without_none(item)


def consumer_from_item(item: Mapping[str, Any]) -> Consumer:
    """Convert an item to a consumer."""
    return Consumer(
        id=item["id"],
        account=item["account"],
        version=int(item["version"]),
        principal=Principal(**item["principal"]),
        principal_arn=item["principal_arn"],
        grant=_grant_from_item(item),
        name=item.get("name"),
        expires_at=datetime.fromisoformat(item["valid_until"]) if "valid_until" in item else None,
        created_at=datetime.fromisoformat(item["created_at"]),
        updated_at=datetime.fromisoformat(item["updated_at"]),
        created_by=item["created_by"],
        updated_by=item["updated_by"],
    )


def _grant_from_item(item: Mapping[str, Any]) -> Grant:
    """Convert the attributes of a grant. Without any of them, it allows nothing."""
    if "memberships" in item:
        return Grant(memberships=tuple(Membership(**each) for each in item["memberships"]))
    if item.get("all_integrations"):
        return Grant()
    return Grant(integrations=item.get("integrations", frozenset()))


def revocation_item(revocation: Revocation) -> items.Item:
    """Convert a revocation to an item, which expires after 30 days."""
    consumer = revocation.consumer
    return {
        "pk": list_key(consumer.account, "")["pk"],
        "sk": f"REVOKED#{consumer.id}",
        **consumer_item(consumer),
        "revoked_at": items.timestamp(revocation.revoked_at),
        "revoked_by": revocation.revoked_by,
        "expires_at": items.epoch_seconds(revocation.revoked_at + _RETENTION),
    }


def revocation_from_item(item: Mapping[str, Any]) -> Revocation:
    """Convert an item to a revocation."""
    return Revocation(
        consumer=consumer_from_item(item),
        revoked_at=datetime.fromisoformat(item["revoked_at"]),
        revoked_by=item["revoked_by"],
    )


def _version_conflict(_existing: Mapping[str, Any]) -> Exception:
    return VersionConflictError()
