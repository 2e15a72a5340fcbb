"""Batches of the table's stream through the function: what is tidied, what is told, what comes again."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from ai_integrations.domain.model import SecretVersion, Tombstone
from tests.builders import API_KEY, NOON, ULID, an_integration
from tests.cloud import Cloud
from tests.event_subscriber import Subscriber
from tests.streams import a_record

TELL = "events:PutEvents"
FIRST = an_integration(updated_by="alice")
SECOND = replace(FIRST, version=2, name="Second")
THIRD = replace(SECOND, version=3, name="Third")
TOMBSTONE = Tombstone(integration=THIRD, deleted_at=NOON, deleted_by="bob", expires_at=NOON + timedelta(days=30))
CREATED, UPDATED = a_record(None, FIRST, "100"), a_record(FIRST, SECOND, "101")
UPDATED_AGAIN, DELETED = a_record(SECOND, THIRD, "102"), a_record(None, TOMBSTONE, "103")
POISON: dict[str, Any] = {
    "eventName": "MODIFY",
    "dynamodb": {"SequenceNumber": "101", "NewImage": {"sk": {"S": "INTEGRATION#1"}}},
}


def publish(cloud: Cloud, *records: dict[str, Any]) -> Any:
    return cloud.function("publish_changes")({"Records": list(records)})


def ids(bus: Subscriber) -> list[str]:
    return [each.detail["event_id"] for each in bus.receive()]


def up_to(number: str) -> dict[str, Any]:
    return {"batchItemFailures": [{"itemIdentifier": number}]}


def test_tells_each_change_in_its_order(cloud: Cloud, bus: Subscriber) -> None:
    assert publish(cloud, CREATED, UPDATED, UPDATED_AGAIN, DELETED) == {"batchItemFailures": []}
    assert ids(bus) == [f"{ULID}.{end}" for end in ("1.created", "2.updated", "3.updated", "3.deleted")]


def test_loses_nothing_before_a_poisoned_record(cloud: Cloud, bus: Subscriber) -> None:
    assert publish(cloud, CREATED, POISON, UPDATED_AGAIN) == up_to("101")
    assert ids(bus) == [f"{ULID}.1.created"]
    [line] = cloud.log()
    assert (line["message"], line["sequence_number"]) == ("change not published", "101")


def test_lets_lambda_halve_a_batch_that_begins_with_a_poisoned_record(cloud: Cloud, bus: Subscriber) -> None:
    with pytest.raises(Exception, match=r"^$"):
        publish(cloud, POISON, UPDATED_AGAIN)
    assert ids(bus) == []


def test_gives_a_poisoned_record_up_alone(cloud: Cloud) -> None:
    assert publish(cloud, POISON) == up_to("101")


@pytest.mark.parametrize(
    "answer",
    [
        ("ThrottlingException", 400),
        ("InternalException", 500),
        {"FailedEntryCount": 1, "Entries": [{"ErrorCode": "InternalFailure", "ErrorMessage": "…"}]},
    ],
)
def test_tells_again_under_the_same_id_what_the_bus_has_not_taken(cloud: Cloud, bus: Subscriber, answer: Any) -> None:
    if isinstance(answer, dict):
        cloud.respond(TELL, answer)
    else:
        cloud.fail(TELL, answer)
    assert publish(cloud, CREATED) == up_to("100")
    cloud.recover()
    assert publish(cloud, CREATED) == publish(cloud, CREATED) == {"batchItemFailures": []}
    assert ids(bus) == [f"{ULID}.1.created"] * 2


def test_logs_no_value_of_a_record_that_it_can_not_read(cloud: Cloud) -> None:
    poison = a_record(None, replace(FIRST, headers={"X-Key": API_KEY}))
    del poison["dynamodb"]["NewImage"]["created_at"]
    assert publish(cloud, poison) == up_to("100")


@pytest.fixture
def secret(cloud: Cloud) -> SecretVersion:
    """Return a secret of the service's own, with a second version under its label."""
    made = cloud.secrets_manager.create_secret(Name="ai-integrations-test/acme/1", SecretString=API_KEY)
    return SecretVersion(arn=made["ARN"], version=made["VersionId"])


def another_version(cloud: Cloud, secret: SecretVersion) -> SecretVersion:
    version = "11111111-1111-4111-8111-111111111111"
    cloud.secrets_manager.put_secret_value(
        SecretId=secret.arn,
        ClientRequestToken=version,
        SecretString="sk-fake-another",
        VersionStages=[f"ai-integrations-{version}"],
    )
    return secret._replace(version=version)


def stages(cloud: Cloud, secret: SecretVersion) -> list[str]:
    described = cloud.secrets_manager.describe_secret(SecretId=secret.arn)["VersionIdsToStages"]
    return described.get(secret.version or "", [])


@pytest.mark.parametrize("times", [1, 2])
def test_lets_the_current_label_follow_to_a_new_key(
    cloud: Cloud, bus: Subscriber, secret: SecretVersion, times: int
) -> None:
    new = another_version(cloud, secret)
    rotated = a_record(replace(FIRST, secret=secret), replace(FIRST, version=2, secret=new))
    for _ in range(times):
        assert publish(cloud, rotated) == {"batchItemFailures": []}
    assert "AWSCURRENT" in stages(cloud, new)
    assert "AWSCURRENT" not in stages(cloud, secret)
    assert ids(bus) == [f"{ULID}.2.key-rotated"] * times


@pytest.mark.parametrize("times", [1, 2])
def test_schedules_the_deletion_of_a_secret_and_takes_it_back(
    cloud: Cloud, bus: Subscriber, secret: SecretVersion, times: int
) -> None:
    keyed = replace(FIRST, secret=secret)
    for _ in range(times):
        assert publish(cloud, a_record(None, TOMBSTONE._replace(integration=keyed))) == {"batchItemFailures": []}
    [scheduled] = cloud.secrets_manager.list_secrets(IncludePlannedDeletion=True)["SecretList"]
    assert "DeletedDate" in scheduled
    for _ in range(times):
        assert publish(cloud, a_record(None, replace(keyed, version=2))) == {"batchItemFailures": []}
    assert "DeletedDate" not in cloud.secrets_manager.describe_secret(SecretId=secret.arn)
    assert ids(bus) == [f"{ULID}.1.deleted"] * times + [f"{ULID}.2.restored"] * times


def test_goes_on_when_a_secret_is_gone(cloud: Cloud, bus: Subscriber, secret: SecretVersion) -> None:
    cloud.secrets_manager.delete_secret(SecretId=secret.arn, ForceDeleteWithoutRecovery=True)
    keyed, rotated = replace(FIRST, secret=secret), replace(FIRST, version=2, secret=secret._replace(version="v2"))
    records = [
        a_record(keyed, rotated, "100"),
        a_record(rotated, replace(FIRST, version=3), "101"),
        a_record(None, TOMBSTONE._replace(integration=keyed), "102"),
        a_record(None, rotated, "103"),
    ]
    assert publish(cloud, *records) == {"batchItemFailures": []}
    assert len(ids(bus)) == 4


@pytest.mark.parametrize("operation", ["secretsmanager:DeleteSecret", "dynamodb:GetItem"])
def test_tells_nothing_before_the_secret_is_tidied(
    cloud: Cloud, bus: Subscriber, secret: SecretVersion, operation: str
) -> None:
    cloud.fail(operation, ("InternalServiceError", 500))
    deleted = a_record(None, TOMBSTONE._replace(integration=replace(FIRST, secret=secret)))
    assert publish(cloud, deleted) == up_to("100")
    assert ids(bus) == []
