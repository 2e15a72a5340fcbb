"""Senders in DynamoDB: operators register them, the functions that serve senders read them."""

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any

from ai_integrations.adapters.dynamodb import items
from ai_integrations.adapters.dynamodb.attributes import from_wire, to_wire
from ai_integrations.domain.model import Membership, Role
from ai_integrations.domain.senders import Sender, SenderKind

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient


class DynamoDbSenders:
    """The senders of all accounts."""

    def __init__(self, client: "DynamoDBClient", table: str) -> None:
        self._client = client
        self._table = table

    def source(self, account: str, aws_account: str, source: str) -> Sender | None:
        """Read a source of events, using one consistent read."""
        key = to_wire(_key(account, SenderKind.SOURCE, aws_account, source))
        response = self._client.get_item(TableName=self._table, Key=key, ConsistentRead=True)
        return _sender_from_item(from_wire(response["Item"])) if "Item" in response else None

    def stacks(self, account: str, aws_account: str) -> Iterator[Sender]:
        """Yield the patterns of stacks in an AWS account."""
        return self._query(_key(account, SenderKind.STACKS, aws_account))

    def list(self, account: str) -> Iterator[Sender]:
        """Yield all senders of an account, ordered by kind, AWS account and name."""
        for kind in SenderKind:
            yield from self._query(_key(account, kind))

    def register(self, sender: Sender) -> None:
        """Write a sender. An existing one is replaced."""
        self._client.put_item(TableName=self._table, Item=to_wire(sender_item(sender)))

    def remove(self, account: str, kind: SenderKind, aws_account: str, name: str) -> Sender | None:
        """Delete a sender and return it, or None if it is not registered."""
        key = to_wire(_key(account, kind, aws_account, name))
        response = self._client.delete_item(TableName=self._table, Key=key, ReturnValues="ALL_OLD")
        return _sender_from_item(from_wire(response["Attributes"])) if "Attributes" in response else None

    def _query(self, prefix: items.Item) -> Iterator[Sender]:
        pages = self._client.get_paginator("query").paginate(
            TableName=self._table,
            KeyConditionExpression="#pk = :pk AND begins_with(#sk, :prefix)",
            ExpressionAttributeNames={"#pk": "pk", "#sk": "sk"},
            ExpressionAttributeValues=to_wire({":pk": prefix["pk"], ":prefix": prefix["sk"]}),
            ConsistentRead=True,
        )
        for page in pages:
            yield from map(_sender_from_item, map(from_wire, page["Items"]))


def _key(account: str, kind: SenderKind, *name: str) -> items.Item:
    """Build the key of a sender from its AWS account and name, or the prefix of several keys."""
    return {"pk": f"SENDERS#{account}", "sk": "#".join([kind.value, *name])}


def sender_item(sender: Sender) -> items.Item:
    """Build the item of a sender."""
    return {
        **_key(sender.account, sender.kind, sender.aws_account, sender.name),
        "account": sender.account,
        "kind": sender.kind.value,
        "aws_account": sender.aws_account,
        "name": sender.name,
        "role": sender.role.value,
        "memberships": [each._asdict() for each in sender.memberships],
        "registered_at": items.timestamp(sender.registered_at),
    }


def _sender_from_item(item: Mapping[str, Any]) -> Sender:
    return Sender(
        account=item["account"],
        kind=SenderKind(item["kind"]),
        aws_account=item["aws_account"],
        name=item["name"],
        role=Role(item["role"]),
        memberships=tuple(Membership(**each) for each in item["memberships"]),
        registered_at=datetime.fromisoformat(item["registered_at"]),
    )
