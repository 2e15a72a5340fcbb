"""The last reminders of keys in DynamoDB, in one item for each integration that had any."""

from collections.abc import Collection, Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any

from ai_integrations.adapters.dynamodb import items
from ai_integrations.adapters.dynamodb.attributes import to_wire
from ai_integrations.adapters.dynamodb.batch_reads import read_batch
from ai_integrations.domain.model import Integration
from ai_integrations.domain.reminders import LastReminder, Reason, SentReminders

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient


class DynamoDbReminders:
    """The last reminders of all accounts. Implements the port `ReminderStore`."""

    def __init__(self, client: "DynamoDBClient", table: str) -> None:
        self._client = client
        self._table = table

    def load(self, integrations: Collection[Integration]) -> Mapping[str, SentReminders]:
        """Read the last reminders of at most 100 integrations, by ULID.

        Eventually consistent, which costs half as much: an older state only repeats a reminder.
        """
        keys = [_key(each.account, each.id) for each in integrations]
        found = [_from_item(item) for item in read_batch(self._client, self._table, keys)]
        return {each.integration_id: each for each in found}

    def save(self, sent: SentReminders, expires_at: datetime) -> None:
        """Replace the last reminders of an integration."""
        item = {
            **_key(sent.account, sent.integration_id),
            "account": sent.account,
            "integration_id": sent.integration_id,
            "key_set_at": items.timestamp(sent.key_set_at),
            "key_version": sent.key_version,
            "last": {
                reason.value: {"number": each.number, "week": items.timestamp(each.week)}
                for reason, each in sent.last.items()
            },
            "expires_at": items.epoch_seconds(expires_at),
        }
        self._client.put_item(TableName=self._table, Item=to_wire(item))


def _key(account: str, ulid: str) -> items.Item:
    return {"pk": f"REMINDERS#{account}", "sk": f"REMINDER#{ulid}"}


def _from_item(item: Mapping[str, Any]) -> SentReminders:
    return SentReminders(
        account=item["account"],
        integration_id=item["integration_id"],
        key_set_at=datetime.fromisoformat(item["key_set_at"]),
        key_version=item["key_version"],
        last={
            Reason(reason): LastReminder(number=each["number"], week=datetime.fromisoformat(each["week"]))
            for reason, each in item["last"].items()
        },
    )
