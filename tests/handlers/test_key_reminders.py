"""`functions/sweep`: reminders of stored keys that are too old or unused."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from ai_integrations.adapters.dynamodb import items
from ai_integrations.adapters.dynamodb.uses import DynamoDbUses
from ai_integrations.domain.uses import UsedBy
from ai_integrations.observability import LoggedError
from tests.builders import API_KEY, create_body, gateway_event
from tests.cloud import Cloud
from tests.event_subscriber import Subscriber

PROGRAM = UsedBy(identity="program", name="program")


@pytest.fixture
def ulid(cloud: Cloud) -> str:
    """Create an integration whose key was set 100 days ago, and turn both reminders on."""
    assert cloud.api(gateway_event(create_body(api_key=API_KEY))).status == 201
    found = turn_on_for_an_old_key(cloud)
    cloud.calls.clear()
    return found


def turn_on_for_an_old_key(cloud: Cloud) -> str:
    """Turn both reminders on, set the only integration back by 100 days, and return its ULID."""
    cloud.variables |= {"MAX_KEY_AGE_DAYS": "90", "UNUSED_KEY_DAYS": "30"}
    [item] = cloud.items("INTEGRATION#")
    created_at = items.timestamp(datetime.now(UTC) - timedelta(days=100))
    cloud.dynamodb.put_item(TableName=cloud.table, Item={**item, "created_at": {"S": created_at}})
    return str(item["id"]["S"])


def sweep(cloud: Cloud, **event: Any) -> Any:
    return cloud.function("sweep")(event)


def reminders(bus: Subscriber) -> list[dict[str, Any]]:
    return [each.detail for each in bus.receive() if "Key" in each.detail_type]


def test_sweep_publishes_and_records_the_reminders_of_an_old_key_once(cloud: Cloud, bus: Subscriber, ulid: str) -> None:
    report = sweep(cloud)
    assert (report["keys_due"], report["keys_unused"], report["failed_checks"]) == (1, 1, [])
    due, unused = reminders(bus)
    assert (due["age_days"], due["reminder"]) == (100, 1)
    assert (unused["unused_for_days"], unused["reminder"], "last_used_at" in unused) == (100, 1, False)
    [item] = cloud.items("REMINDER#")
    assert (item["pk"]["S"], item["integration_id"]["S"]) == ("REMINDERS#acme", ulid)
    assert sweep(cloud)["keys_due"] == 1
    assert reminders(bus) == []
    assert cloud.items("REMINDER#") == [item]


def test_key_that_a_program_used_is_due_and_not_unused(cloud: Cloud, bus: Subscriber, ulid: str) -> None:
    DynamoDbUses(cloud.dynamodb, cloud.table).record("acme", ulid, PROGRAM, datetime.now(UTC) - timedelta(days=29))
    report = sweep(cloud)
    assert (report["keys_due"], report["keys_unused"]) == (1, 0)
    assert [each["event_id"].rpartition(".")[2] for each in reminders(bus)] == ["key-due"]


@pytest.mark.usefixtures("ulid")
def test_reminders_contain_neither_the_arn_nor_the_version_of_the_secret(cloud: Cloud, bus: Subscriber) -> None:
    [secret] = cloud.secrets()
    [integration] = cloud.items("INTEGRATION#")
    sweep(cloud)
    text = str(reminders(bus))
    assert secret["ARN"] not in text
    assert integration["secret_version"]["S"] not in text
    assert integration["name"]["S"] in text


@pytest.mark.usefixtures("ulid")
def test_metrics_count_the_keys_that_reached_a_limit(cloud: Cloud, bus: Subscriber, emitted: Callable[[], Any]) -> None:
    assert bus.receive() == []
    sweep(cloud)
    [line] = emitted()
    assert (line["KeysDue"], line["KeysUnused"]) == ([1], [1])


@pytest.mark.usefixtures("bus", "ulid")
def test_limit_that_is_off_has_no_metric(cloud: Cloud, emitted: Callable[[], Any]) -> None:
    cloud.variables["UNUSED_KEY_DAYS"] = "0"
    sweep(cloud)
    [line] = emitted()
    assert line["KeysDue"] == [1]
    assert "KeysUnused" not in line


@pytest.mark.usefixtures("bus", "ulid")
def test_sweep_without_limits_reads_and_writes_nothing_more(cloud: Cloud) -> None:
    cloud.variables.clear()
    sweep(cloud)
    assert set(cloud.calls) == {
        "dynamodb:DeleteItem",  # the position
        "dynamodb:GetItem",
        "dynamodb:Scan",
        "events:PutEvents",  # the report
        "secretsmanager:DescribeSecret",
        "secretsmanager:ListSecrets",
    }
    assert cloud.calls.count("events:PutEvents") == 1


@pytest.mark.usefixtures("ulid")
def test_dry_run_counts_old_keys_and_only_reads(cloud: Cloud, bus: Subscriber, emitted: Callable[[], Any]) -> None:
    report = sweep(cloud, dry_run=True)
    assert (report["keys_due"], report["keys_unused"]) == (1, 1)
    assert not {"dynamodb:PutItem", "dynamodb:BatchGetItem", "events:PutEvents"} & set(cloud.calls)
    assert (bus.receive(), cloud.items("REMINDER#"), emitted()) == ([], [], [])


@pytest.mark.usefixtures("bus")
@pytest.mark.parametrize(
    "operation", ["dynamodb:Query", "dynamodb:BatchGetItem", "dynamodb:PutItem", "events:PutEvents"]
)
def test_sweep_whose_reminders_fail_checks_all_secrets_reports_and_fails(
    cloud: Cloud, ulid: str, operation: str
) -> None:
    [secret] = cloud.secrets()
    cloud.secrets_manager.delete_secret(SecretId=secret["ARN"], ForceDeleteWithoutRecovery=True)
    cloud.fail(operation, ("ThrottlingException", 400))
    with pytest.raises(LoggedError):  # for SweepErrorsAlarm
        sweep(cloud)
    findings = {each["kind"]: each["found"] for each in cloud.log() if each["message"] == "sweep findings"}
    assert findings == {"integrations_without_secret": [f"acme/{ulid}"], "failed_checks": [f"acme/{ulid}"]}
    [failure] = [each for each in cloud.log() if each["message"] == "reminders failed"]
    assert failure["aws_error_code"] == "ThrottlingException"
    assert cloud.items("POSITION") == []  # the round is complete


def test_events_that_the_bus_rejects_are_published_again_with_the_same_ids(
    cloud: Cloud, bus: Subscriber, ulid: str
) -> None:
    rejected = {"ErrorCode": "ThrottlingException", "ErrorMessage": "Rate exceeded"}
    cloud.respond("events:PutEvents", {"FailedEntryCount": 1, "Entries": [{"EventId": "1"}, rejected]})
    with pytest.raises(LoggedError):
        sweep(cloud)
    assert cloud.items("REMINDER#") == []
    cloud.recover()
    sweep(cloud)
    assert {each["event_id"].partition(".")[0] for each in reminders(bus)} == {ulid}
    assert len(cloud.items("REMINDER#")) == 1
