"""Look up the holder of an access key.

It imports nothing of the domain, to keep the cold starts of the authorizer short.
"""

import math
import re
from datetime import datetime
from hashlib import sha256
from typing import TYPE_CHECKING, Any

from ai_integrations.adapters.dynamodb.attributes import from_wire, to_wire

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

_KEY = r"aik_[A-Za-z0-9_-]{43}"


class AccessKeyLookup:
    """The holders of all access keys, as plain dictionaries (see `contracts.caller.caller_item`)."""

    def __init__(self, client: "DynamoDBClient", table: str) -> None:
        self._client = client
        self._table = table

    def find(self, key: str, now: datetime) -> dict[str, Any] | None:
        """Look up the holder of a key; None if the key is malformed, unknown, revoked or expired."""
        if not re.fullmatch(_KEY, key):
            return None
        response = self._client.get_item(
            TableName=self._table, Key=to_wire(holder_key(digest(key))), ConsistentRead=True
        )
        holder = from_wire(response.get("Item", {}))
        is_expired = holder.get("expires_at", math.inf) <= now.timestamp()
        return holder if holder and not is_expired else None


def digest(key: str) -> str:
    """Hash a key. Plain SHA-256 is enough, because a key has 256 random bits."""
    return sha256(key.encode()).hexdigest()


def holder_key(key_digest: str) -> dict[str, str]:
    """Build the table key of a lookup item."""
    return {"pk": f"ACCESSKEY#{key_digest}", "sk": "ACCESSKEY"}
