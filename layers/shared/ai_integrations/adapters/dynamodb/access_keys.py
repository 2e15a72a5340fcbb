"""Access keys: what callers show to the API. Only hashes of them are kept, in partitions of their own."""

import secrets
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from ai_integrations.adapters.dynamodb.access_key_lookup import digest, holder_key
from ai_integrations.adapters.dynamodb.attributes import from_wire, to_wire
from ai_integrations.contracts.caller import caller_item, caller_of
from ai_integrations.domain.model import AccessKey

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient


class AccessKeys:
    """The access keys of all accounts.

    A key is found by its hash (`access_key_lookup.py`), in a partition of its own that revoking deletes. A second item,
    in a partition of the account, lists the current and the revoked keys.

    """

    def __init__(self, client: "DynamoDBClient", table: str) -> None:
        self._client = client
        self._table = table

    def issue(self, access_key: AccessKey) -> str:
        """Make a key; the answer is the one time that it is shown."""
        key = f"aik_{secrets.token_urlsafe(32)}"
        holder = caller_item(access_key.caller)
        by_hash = {**holder_key(digest(key)), **holder, "key_id": access_key.id}
        listed = {
            **_listing_key(access_key.caller.account, access_key.id),
            **holder,
            "hash": digest(key),
            "created_at": access_key.created_at.isoformat(),
        }
        if access_key.expires_at is not None:
            by_hash["expires_at"] = int(access_key.expires_at.timestamp())
            listed["valid_until"] = access_key.expires_at.isoformat()
        self._client.transact_write_items(
            TransactItems=[{"Put": {"TableName": self._table, "Item": to_wire(item)}} for item in (by_hash, listed)]
        )
        return key

    def list(self, account: str) -> Iterator[AccessKey]:
        """Yield the keys that an account has and had, the oldest first."""
        pages = self._client.get_paginator("query").paginate(
            TableName=self._table,
            KeyConditionExpression="#pk = :pk",
            ExpressionAttributeNames={"#pk": "pk"},
            ExpressionAttributeValues=to_wire({":pk": _listing_key(account, "")["pk"]}),
        )
        for page in pages:
            yield from map(_access_key_from_item, map(from_wire, page["Items"]))

    def revoke(self, account: str, key_id: str, now: datetime) -> AccessKey | None:
        """Make a key useless, at once in the table and within the authorizer's cache time at the gateway.

        Returns None when the account never had the key. Revoking twice keeps the first time.
        """
        listing_key = to_wire(_listing_key(account, key_id))
        answer = self._client.get_item(TableName=self._table, Key=listing_key, ConsistentRead=True)
        if "Item" not in answer:
            return None
        item = {"revoked_at": now.isoformat(), **from_wire(answer["Item"])}
        self._client.transact_write_items(
            TransactItems=[
                {"Delete": {"TableName": self._table, "Key": to_wire(holder_key(item["hash"]))}},
                {"Put": {"TableName": self._table, "Item": to_wire(item)}},
            ]
        )
        return _access_key_from_item(item)


def _listing_key(account: str, key_id: str) -> dict[str, str]:
    return {"pk": f"ACCESSKEYS#{account}", "sk": f"ACCESSKEY#{key_id}"}


def _access_key_from_item(item: Mapping[str, Any]) -> AccessKey:
    return AccessKey(
        id=item["sk"].removeprefix("ACCESSKEY#"),
        caller=caller_of(item),
        created_at=datetime.fromisoformat(item["created_at"]),
        expires_at=_moment(item.get("valid_until")),
        revoked_at=_moment(item.get("revoked_at")),
    )


def _moment(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text).astimezone(UTC) if text else None
