"""The use ledger in DynamoDB. Uses sort by integration, so that one query reads those of a whole page of integrations.

31 attributes hold the days with a use. Each day has the attribute of the day 31 days before, which it replaces. So an
item keeps its size, and a write needs to know nothing about the uses before. The number of the day in its month would
not do: the last 30 days before the 2nd of March have some numbers twice.
"""

from collections.abc import Iterable, Iterator, Mapping
from datetime import date, datetime
from typing import TYPE_CHECKING, Any

from ai_integrations.adapters.dynamodb import items
from ai_integrations.adapters.dynamodb.attributes import from_wire, to_wire
from ai_integrations.adapters.dynamodb.batch_reads import read_batch
from ai_integrations.domain.uses import RETENTION, LastUse, Use, UsedBy

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

_DAY = "day_"
_DAYS = 31
_AFTER_EVERY_DIGEST = "~"


class DynamoDbUses:
    """The uses of all accounts. Implements the ports `UseReader` and `UseRecorder`."""

    def __init__(self, client: "DynamoDBClient", table: str) -> None:
        self._client = client
        self._table = table

    def of_integrations(self, account: str, oldest: str, newest: str) -> list[Use]:
        """Read the uses of all integrations of an account from one ULID to another, both included.

        Eventually consistent, which costs half as much: the ledger is precise to the hour.
        """
        return [use_from_item(item) for item in self._query(account, oldest, newest, {})]

    def without_days(self, account: str, ulid: str) -> list[Use]:
        """Read the uses of an integration without their days, of which an item usually has most of its attributes."""
        names = {f"#{name}": name for name in ("account", "integration_id", "consumer", "last_used_at")}
        return [use_from_item(item) for item in self._query(account, ulid, ulid, names)]

    def last_uses(self, account: str, oldest: str, newest: str) -> Iterator[LastUse]:
        """Read the last uses of all integrations from one ULID to another, both included, the newest integration first.

        Reads another megabyte only as the caller goes on. Without the days, an item takes a tenth of the time.
        """
        names = {f"#{name}": name for name in ("integration_id", "last_used_at")}
        for item in self._query(account, oldest, newest, names, newest_first=True):
            yield LastUse(item["integration_id"], datetime.fromisoformat(item["last_used_at"]))

    def _query(
        self, account: str, oldest: str, newest: str, names: Mapping[str, str], *, newest_first: bool = False
    ) -> Iterator[items.Item]:
        """Query items, with the attributes in `names` or, without any, with all."""
        projection: dict[str, Any] = {"ProjectionExpression": ", ".join(names)} if names else {}
        pages = self._client.get_paginator("query").paginate(
            TableName=self._table,
            KeyConditionExpression="#pk = :pk AND #sk BETWEEN :first AND :last",
            ExpressionAttributeNames={"#pk": "pk", "#sk": "sk", **names},
            ExpressionAttributeValues=to_wire(
                {
                    ":pk": f"USES#{account}",
                    ":first": f"USE#{oldest}#",
                    ":last": f"USE#{newest}#{_AFTER_EVERY_DIGEST}",
                }
            ),
            ScanIndexForward=not newest_first,
            **projection,
        )
        return (from_wire(item) for page in pages for item in page["Items"])

    def of_consumers(self, account: str, ulid: str, consumers: Iterable[UsedBy]) -> list[Use]:
        """Read the uses of an integration by at most 100 consumers. Eventually consistent, as above."""
        distinct = {each.identity: each for each in consumers}.values()  # DynamoDB rejects repeated keys
        keys = [use_key(account, ulid, each) for each in distinct]
        return [use_from_item(item) for item in read_batch(self._client, self._table, keys)]

    def record(self, account: str, ulid: str, consumer: UsedBy, now: datetime) -> None:
        """Record a use, with one write unless one of the same hour is recorded. It expires RETENTION later."""
        values = {
            "account": account,
            "integration_id": ulid,
            "consumer": consumer._asdict(),
            "last_used_at": items.timestamp(now),
            f"{_DAY}{now.toordinal() % _DAYS:02}": now.date().isoformat(),
            "expires_at": items.epoch_seconds(now + RETENTION),
        }
        hour = items.timestamp(now.replace(minute=0, second=0, microsecond=0))
        try:
            self._client.update_item(
                TableName=self._table,
                Key=to_wire(use_key(account, ulid, consumer)),
                UpdateExpression="SET " + ", ".join(f"#{name} = :{name}" for name in values),
                ConditionExpression="attribute_not_exists(#last_used_at) OR #last_used_at < :hour",
                ExpressionAttributeNames={f"#{name}": name for name in values},
                ExpressionAttributeValues=to_wire(
                    {f":{name}": value for name, value in values.items()} | {":hour": hour}
                ),
            )
        except self._client.exceptions.ConditionalCheckFailedException:
            return


def uses_prefix(account: str, ulid: str) -> items.Item:
    """Build the start of the keys of all uses of an integration."""
    return {"pk": f"USES#{account}", "sk": f"USE#{ulid}#"}


def use_key(account: str, ulid: str, consumer: UsedBy) -> items.Item:
    """Build the key of the uses of an integration by a consumer."""
    prefix = uses_prefix(account, ulid)
    return {**prefix, "sk": prefix["sk"] + items.digest(consumer.identity)}


def use_from_item(item: Mapping[str, Any]) -> Use:
    """Convert an item to uses."""
    return Use(
        account=item["account"],
        integration_id=item["integration_id"],
        consumer=UsedBy(**item["consumer"]),
        last_used_at=datetime.fromisoformat(item["last_used_at"]),
        days=frozenset(date.fromisoformat(value) for name, value in item.items() if name.startswith(_DAY)),
    )
