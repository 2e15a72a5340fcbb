"""`DynamoDbConnectionHealth`: the last test of an integration, and the number of its tests."""

from ai_integrations.adapters.dynamodb import items
from ai_integrations.adapters.dynamodb.attributes import from_wire, to_wire
from ai_integrations.adapters.dynamodb.connection_health import DynamoDbConnectionHealth
from ai_integrations.domain.connection_health import CheckStatus, Health, Rung
from tests.builders import NOON, ULID
from tests.contract.stores import AwsStores

RUNG = Rung(name="reachable", status=CheckStatus.PASSED, latency_ms=41, proved="The connection succeeded.")
FIRST = Health(account="acme", id=ULID, integration_version=1, checked_at=NOON, rungs=(RUNG,), model="gpt-4o")
SECOND = FIRST._replace(integration_version=2, rungs=(RUNG._replace(status=CheckStatus.FAILED),), model=None)


def test_last_test_replaces_the_one_before_and_is_counted(aws: AwsStores) -> None:
    health = DynamoDbConnectionHealth(aws.dynamodb, aws.table)
    assert health.last("acme", ULID) is None
    for number, test in enumerate((FIRST, SECOND), 1):
        health.record(test)
        assert health.last("acme", ULID) == test
        key = to_wire(items.health_key("acme", ULID))
        item = from_wire(aws.dynamodb.get_item(TableName=aws.table, Key=key)["Item"])
        assert set(item) == {"pk", "sk", "health", "checks"}
        assert item["checks"] == number
    assert health.last("other", ULID) is None
