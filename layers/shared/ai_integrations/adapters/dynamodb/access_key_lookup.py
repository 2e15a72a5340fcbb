"""Who holds an access key. The authorizer needs this and nothing else, so it imports none of the domain's objects."""

import json
import re
from collections.abc import Mapping
from datetime import datetime
from hashlib import sha256
from typing import TYPE_CHECKING, Any

from ai_integrations.adapters.dynamodb.attributes import from_wire, to_wire

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

_KEY = r"aik_[A-Za-z0-9_-]{43}"


class AccessKeyLookup:
    """The holders of all access keys, each in the plain form that `access.caller_item` makes."""

    def __init__(self, client: "DynamoDBClient", table: str) -> None:
        self._client = client
        self._table = table

    def find(self, key: str, now: datetime) -> dict[str, Any] | None:
        """Return whose key this is, or None for one that is malformed, unknown, revoked or expired."""
        if not re.fullmatch(_KEY, key):
            return None
        answer = self._client.get_item(TableName=self._table, Key=to_wire(holder_key(digest(key))), ConsistentRead=True)
        holder = from_wire(answer.get("Item", {}))
        if not holder or holder.get("expires_at", now.timestamp() + 1) <= now.timestamp():
            return None
        return holder


def digest(key: str) -> str:
    """Return what is kept of a key. A plain SHA-256 is enough: a key is 256 random bits."""
    return sha256(key.encode()).hexdigest()


def holder_key(key_digest: str) -> dict[str, str]:
    """Return the key of a holder in the table."""
    return {"pk": f"ACCESSKEY#{key_digest}", "sk": "ACCESSKEY"}


def to_context(holder: Mapping[str, Any]) -> dict[str, str]:
    """Flatten a holder for the gateway, which passes on texts, numbers and booleans alone."""
    return {
        "account": holder["account"],
        "user": holder["user"],
        "role": holder["role"],
        "memberships": json.dumps(holder["memberships"]),
    }
