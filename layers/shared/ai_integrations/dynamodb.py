"""The few things about DynamoDB's wire form that every adapter of the table needs."""

from collections.abc import Mapping
from typing import Any

from boto3.dynamodb.types import TypeDeserializer, TypeSerializer
from botocore.exceptions import ClientError

_serializer = TypeSerializer()
_deserializer = TypeDeserializer()


def to_wire(item: Mapping[str, Any]) -> dict[str, Any]:
    """Turn plain values into typed attributes."""
    return {name: _serializer.serialize(value) for name, value in item.items()}


def from_wire(attributes: Mapping[str, Any]) -> dict[str, Any]:
    """Turn typed attributes into plain values; numbers become Decimal."""
    return {name: _deserializer.deserialize(value) for name, value in attributes.items()}


def cancellation_reasons(error: ClientError) -> list[Mapping[str, Any]]:
    """Return why a transaction was cancelled, one reason for each of its items in order; raise any other error."""
    if error.response.get("Error", {}).get("Code") != "TransactionCanceledException":
        raise error
    return list(error.response["CancellationReasons"])
