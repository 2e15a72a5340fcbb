"""Records of the table's stream, as Lambda gets them."""

from typing import Any

from ai_integrations import items
from ai_integrations.dynamodb import to_wire
from ai_integrations.model import Integration, Tombstone


def a_record(before: Integration | None, after: Integration | Tombstone | None, number: str = "100") -> dict[str, Any]:
    """Return the record of one write of an integration."""
    return record_of(_item(before), _item(after), number)


def record_of(old: items.Item | None, new: items.Item | None, number: str = "100") -> dict[str, Any]:
    """Return the record of one write of an item."""
    key = {name: (new or old or {})[name] for name in ("pk", "sk")}
    images = {"OldImage": old, "NewImage": new}
    return {
        "eventID": f"event-{number}",
        "eventName": "MODIFY" if old and new else "INSERT" if new else "REMOVE",
        "eventSource": "aws:dynamodb",
        "dynamodb": {
            "Keys": to_wire(key),
            **{name: to_wire(image) for name, image in images.items() if image},
            "SequenceNumber": number,
            "StreamViewType": "NEW_AND_OLD_IMAGES",
        },
    }


def _item(after: Integration | Tombstone | None) -> items.Item | None:
    if after is None:
        return None
    return items.tombstone_item(after) if isinstance(after, Tombstone) else items.integration_item(after)
