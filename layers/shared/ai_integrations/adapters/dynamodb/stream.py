"""Parse records of the table's stream (NEW_AND_OLD_IMAGES)."""

import json
from collections.abc import Mapping
from typing import Any

from ai_integrations.adapters.dynamodb import items
from ai_integrations.adapters.dynamodb.attributes import from_wire
from ai_integrations.adapters.dynamodb.connection_health import health_from_item
from ai_integrations.adapters.dynamodb.consumers import consumer_from_item, revocation_from_item
from ai_integrations.adapters.dynamodb.refusals import refusal_from_item
from ai_integrations.use_cases.change_publishing import StreamRecord
from ai_integrations.use_cases.changes import Change, GraceEnded, HealthRecorded
from ai_integrations.use_cases.consumer_changes import ConsumerChange

Images = Mapping[str, Any]


def parse_record(record: Mapping[str, Any]) -> StreamRecord:
    """Parse one record. A record that the service does not process yields an empty change.

    The sort key alone does not decide: IAM limits a function to partitions, but not to sort keys. A function that may
    write only uses must not be able to write what looks like a change of an integration.
    """
    images = record["dynamodb"]
    new, old = (from_wire(images.get(name, {})) for name in ("NewImage", "OldImage"))
    partition, kind = (images["Keys"][name]["S"].partition("#")[0] for name in ("pk", "sk"))
    match partition, kind:
        case ("CONSUMERS", _):
            return _consumer_change(new, old)
        case ("ACCOUNT", "HEALTH"):
            return _health_recorded(new, old)
        case ("USES", "REFUSED") if new:
            return refusal_from_item(new)
        case ("ACCOUNT", "GRACE") if record["eventName"] == "REMOVE":
            return GraceEnded(account=old["account"], ulid=old["id"])
        case ("ACCOUNT", _):
            return _change(new, old)
    return Change()


def dead_letter(record: Mapping[str, Any]) -> str:
    """Build the message for a poison record: where in the stream it is, and the key of its item.

    It omits the images, which may contain header values. It has the form of the messages that Lambda sends
    (https://docs.aws.amazon.com/lambda/latest/dg/services-dynamodb-errors.html), but no `shardId`, which Lambda does
    not pass to a function.
    """
    number = record["dynamodb"]["SequenceNumber"]
    batch = {
        "streamArn": record["eventSourceARN"],
        "startSequenceNumber": number,
        "endSequenceNumber": number,
        "batchSize": 1,
    }
    return json.dumps({"keys": from_wire(record["dynamodb"]["Keys"]), "DDBStreamBatchInfo": batch})


def _health_recorded(new: Images, old: Images) -> Change | HealthRecorded:
    if not new:
        return Change()
    previous = health_from_item(old) if old else None
    return HealthRecorded(health=health_from_item(new), previous=previous, number=int(new["checks"]))


def _consumer_change(new: Images, old: Images) -> ConsumerChange:
    match new.get("sk", "").partition("#")[0]:
        case "REVOKED":
            return ConsumerChange(revocation=revocation_from_item(new))
        case "CONSUMER":
            return ConsumerChange(before=consumer_from_item(old) if old else None, after=consumer_from_item(new))
    return ConsumerChange()


def _change(new: Images, old: Images) -> Change:
    match new.get("sk", "").partition("#")[0]:
        case "DELETED":
            return Change(tombstone=items.tombstone_from_item(new))
        case "INTEGRATION":
            return Change(
                before=items.integration_from_item(old) if old else None, after=items.integration_from_item(new)
            )
    return Change()
