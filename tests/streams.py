"""Build records of the table's stream in the format of Lambda's events."""

from collections.abc import Mapping
from typing import Any

from ai_integrations.adapters.dynamodb import items
from ai_integrations.adapters.dynamodb.attributes import to_wire
from ai_integrations.adapters.dynamodb.stream import parse_record
from ai_integrations.domain.model import Integration, Tombstone
from ai_integrations.domain.refusals import Refusal
from ai_integrations.use_cases.changes import GraceEnded

STREAM = "arn:aws:dynamodb:eu-central-1:123456789012:table/ai-integrations/stream/2026-01-02T03:04:05.678"


def a_record(before: Integration | None, after: Integration | Tombstone | None, number: str = "100") -> dict[str, Any]:
    """Build the record of one write of an integration."""
    return record_of(_item(before), _item(after), number)


def record_of(old: items.Item | None, new: items.Item | None, number: str = "100") -> dict[str, Any]:
    """Build the record of one write of an item."""
    key = {name: (new or old or {})[name] for name in ("pk", "sk")}
    images = {"OldImage": old, "NewImage": new}
    return {
        "eventID": f"event-{number}",
        "eventName": "MODIFY" if old and new else "INSERT" if new else "REMOVE",
        "eventSource": "aws:dynamodb",
        "eventSourceARN": STREAM,
        "dynamodb": {
            "Keys": to_wire(key),
            **{name: to_wire(image) for name, image in images.items() if image},
            "SequenceNumber": number,
            "StreamViewType": "NEW_AND_OLD_IMAGES",
        },
    }


def events_of(record: Mapping[str, Any]) -> list[Any]:
    """Parse a record, which must be of a kind that has events, and list the events to publish for it."""
    parsed = parse_record(record)
    assert not isinstance(parsed, GraceEnded | Refusal)
    return list(parsed.events())


def _item(after: Integration | Tombstone | None) -> items.Item | None:
    if after is None:
        return None
    return items.tombstone_item(after) if isinstance(after, Tombstone) else items.integration_item(after)
