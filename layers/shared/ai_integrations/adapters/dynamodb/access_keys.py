"""Access keys, with which callers authenticate, in DynamoDB. The table contains only their hashes."""

import secrets
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from ai_integrations.adapters.dynamodb import items
from ai_integrations.adapters.dynamodb.access_key_lookup import digest, holder_key
from ai_integrations.adapters.dynamodb.attributes import from_wire, to_wire
from ai_integrations.contracts.caller import caller_item, caller_of
from ai_integrations.domain.model import AccessKey

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient


class AccessKeys:
    """The access keys of all accounts.

    Each key has two items. The lookup item is found by the key's hash (`access_key_lookup.py`); revoking deletes it.
    The list item is in a partition of the account and stays after the key is revoked.
    """

    def __init__(self, client: "DynamoDBClient", table: str) -> None:
        self._client = client
        self._table = table

    def issue(self, access_key: AccessKey) -> str:
        """Issue a key and return it. It cannot be read again."""
        key = f"aik_{secrets.token_urlsafe(32)}"
        holder = caller_item(access_key.caller)
        lookup_item = {**holder_key(digest(key)), **holder, "key_id": access_key.id}
        list_item = {
            **_list_item_key(access_key.caller.account, access_key.id),
            **holder,
            "hash": digest(key),
            "created_at": items.timestamp(access_key.created_at),
        }
        if access_key.expires_at is not None:
            lookup_item["expires_at"] = int(access_key.expires_at.timestamp())
            list_item["valid_until"] = items.timestamp(access_key.expires_at)
        self._client.transact_write_items(
            TransactItems=[
                {"Put": {"TableName": self._table, "Item": to_wire(item)}} for item in (lookup_item, list_item)
            ]
        )
        return key

    def list(self, account: str) -> Iterator[AccessKey]:
        """Yield the current and revoked keys of an account, oldest first."""
        pages = self._client.get_paginator("query").paginate(
            TableName=self._table,
            KeyConditionExpression="#pk = :pk",
            ExpressionAttributeNames={"#pk": "pk"},
            ExpressionAttributeValues=to_wire({":pk": _list_item_key(account, "")["pk"]}),
        )
        for page in pages:
            yield from map(_access_key_from_item, map(from_wire, page["Items"]))

    def revoke(self, account: str, key_id: str, now: datetime) -> AccessKey | None:
        """Revoke a key. API Gateway may accept it until the authorizer's cache expires.

        Returns None if the account never had the key. Revoking it again keeps the first revocation time.
        """
        list_key = to_wire(_list_item_key(account, key_id))
        response = self._client.get_item(TableName=self._table, Key=list_key, ConsistentRead=True)
        if "Item" not in response:
            return None
        item = {"revoked_at": items.timestamp(now), **from_wire(response["Item"])}
        self._client.transact_write_items(
            TransactItems=[
                {"Delete": {"TableName": self._table, "Key": to_wire(holder_key(item["hash"]))}},
                {"Put": {"TableName": self._table, "Item": to_wire(item)}},
            ]
        )
        return _access_key_from_item(item)


def _list_item_key(account: str, key_id: str) -> dict[str, str]:
    return {"pk": f"ACCESSKEYS#{account}", "sk": f"ACCESSKEY#{key_id}"}


def _access_key_from_item(item: Mapping[str, Any]) -> AccessKey:
    return AccessKey(
        id=item["sk"].removeprefix("ACCESSKEY#"),
        caller=caller_of(item),
        created_at=datetime.fromisoformat(item["created_at"]),
        expires_at=_parse_time(item.get("valid_until")),
        revoked_at=_parse_time(item.get("revoked_at")),
    )


def _parse_time(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text).astimezone(UTC) if text else None
