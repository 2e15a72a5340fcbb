"""`functions/publish_changes`: secret cleanup, change events and retries for batches of the table's stream."""

import json
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from botocore.exceptions import EndpointConnectionError, NoCredentialsError, ReadTimeoutError

from ai_integrations.adapters.dynamodb import items
from ai_integrations.adapters.dynamodb.attributes import from_wire, to_wire
from ai_integrations.adapters.dynamodb.audit_log import entry_from_item
from ai_integrations.adapters.dynamodb.refusals import refusal_item
from ai_integrations.domain.audit_log import AuditEntry
from ai_integrations.domain.model import SecretVersion, Tombstone
from ai_integrations.domain.refusals import Refusal
from ai_integrations.domain.uses import UsedBy
from tests.builders import API_KEY, NOON, ULID, an_integration
from tests.cloud import Cloud
from tests.event_subscriber import Subscriber
from tests.handlers.failures import Failure, failure_id
from tests.messaging import DeadLetters
from tests.streams import STREAM, a_record, record_of

PUBLISH, DEAD_LETTER, RECORD = "events:PutEvents", "sqs:SendMessage", "dynamodb:PutItem"
FIRST = an_integration(updated_by="alice")
SECOND = replace(FIRST, version=2, name="Second")
THIRD = replace(SECOND, version=3, name="Third")
TOMBSTONE = Tombstone(integration=THIRD, deleted_at=NOON, deleted_by="bob", expires_at=NOON + timedelta(days=30))
CREATE, UPDATE = a_record(None, FIRST, "100"), a_record(FIRST, SECOND, "101")
SECOND_UPDATE, DELETE = a_record(SECOND, THIRD, "102"), a_record(None, TOMBSTONE, "103")
POISON = a_record(FIRST, SECOND, "101")
del POISON["dynamodb"]["NewImage"]["created_at"]
DONE: dict[str, Any] = {"batchItemFailures": []}


@pytest.fixture
def dead_letters(cloud: Cloud) -> DeadLetters:
    return DeadLetters(cloud, "publish_changes")


def publish(cloud: Cloud, *records: dict[str, Any]) -> Any:
    return cloud.function("publish_changes")({"Records": list(records)})


def received_ids(bus: Subscriber) -> list[str]:
    return [event.detail["event_id"] for event in bus.receive()]


def failed_from(sequence_number: str) -> dict[str, Any]:
    """Return the response that lets Lambda retry from this record."""
    return {"batchItemFailures": [{"itemIdentifier": sequence_number}]}


def test_batch_publishes_an_event_for_each_change_in_order(cloud: Cloud, bus: Subscriber) -> None:
    assert publish(cloud, CREATE, UPDATE, SECOND_UPDATE, DELETE) == DONE
    assert received_ids(bus) == [f"{ULID}.{change}" for change in ("1.created", "2.updated", "3.updated", "3.deleted")]


@pytest.mark.parametrize(
    ("records", "published"),
    [
        pytest.param([CREATE, POISON, SECOND_UPDATE], ["1.created", "3.updated"], id="in the middle"),
        pytest.param([POISON, SECOND_UPDATE], ["3.updated"], id="first"),
        pytest.param([POISON], [], id="alone"),
    ],
)
def test_poison_record_is_dead_lettered_at_once_and_the_other_records_are_published(
    cloud: Cloud, bus: Subscriber, dead_letters: DeadLetters, records: list[dict[str, Any]], published: list[str]
) -> None:
    assert publish(cloud, *records) == DONE
    assert received_ids(bus) == [f"{ULID}.{change}" for change in published]
    [message] = [json.loads(body) for body in dead_letters.receive()]
    assert message["DDBStreamBatchInfo"] == {
        "streamArn": STREAM,
        "startSequenceNumber": "101",
        "endSequenceNumber": "101",
        "batchSize": 1,
    }
    assert message["keys"] == {"pk": f"ACCOUNT#{FIRST.account}", "sk": f"INTEGRATION#{ULID}"}
    [line] = cloud.log()
    assert (line["level"], line["message"], line["sequence_number"]) == ("ERROR", "poison record", "101")


def test_poison_record_is_dead_lettered_without_header_values(cloud: Cloud, dead_letters: DeadLetters) -> None:
    poison = a_record(None, replace(FIRST, headers={"X-Key": API_KEY}))
    del poison["dynamodb"]["NewImage"]["created_at"]
    assert publish(cloud, poison) == DONE
    [message] = dead_letters.receive()
    assert API_KEY not in cloud.written.getvalue() + message


INVALID: list[Any] = [
    pytest.param(("ValidationException", 400), id="invalid request"),
    pytest.param(
        {"FailedEntryCount": 1, "Entries": [{"ErrorCode": "MalformedDetail", "ErrorMessage": "…"}]}, id="invalid event"
    ),
]
OUTAGES: list[Any] = [
    ("ThrottlingException", 400),
    ("InternalException", 500),
    ("AccessDeniedException", 400),
    ReadTimeoutError(endpoint_url="https://x"),
    EndpointConnectionError(endpoint_url="https://x"),
    NoCredentialsError(),
    pytest.param(
        {"FailedEntryCount": 1, "Entries": [{"ErrorCode": "InternalFailure", "ErrorMessage": "…"}]},
        id="entry rejected",
    ),
]


def audit_log(cloud: Cloud) -> list[AuditEntry]:
    found = [from_wire(item) for item in cloud.items()]
    return [entry_from_item(item) for item in found if item["pk"].startswith("AUDIT#")]


@pytest.mark.usefixtures("bus")
def test_batch_records_each_change_once_and_in_order_however_often_it_is_replayed(cloud: Cloud) -> None:
    for _ in range(2):
        assert publish(cloud, CREATE, UPDATE, SECOND_UPDATE, DELETE) == DONE
    assert [(each.operation, each.version) for each in sorted(audit_log(cloud))] == [
        ("createAiIntegration", 1),
        ("updateAiIntegration", 2),
        ("updateAiIntegration", 3),
        ("deleteAiIntegration", 3),
    ]


def test_refusal_is_recorded_without_an_event(cloud: Cloud, bus: Subscriber) -> None:
    refusal = Refusal("acme", UsedBy.broker_states("nightly-job"), "not_found", NOON, ULID)
    assert publish(cloud, record_of(None, refusal_item(refusal))) == DONE
    [recorded] = audit_log(cloud)
    assert (recorded.actor, recorded.outcome, recorded.reason) == ("broker/nightly-job", "denied", "not_found")
    assert received_ids(bus) == []


def test_change_is_recorded_and_published_once_its_entry_is_no_longer_throttled(cloud: Cloud, bus: Subscriber) -> None:
    cloud.fail(RECORD, ("ProvisionedThroughputExceededException", 400))
    assert publish(cloud, CREATE) == failed_from("100")
    assert received_ids(bus) == []
    cloud.recover()
    assert publish(cloud, CREATE) == DONE
    assert len(audit_log(cloud)) == len(received_ids(bus)) == 1


def test_change_whose_entry_dynamodb_rejects_as_invalid_is_dead_lettered(
    cloud: Cloud, bus: Subscriber, dead_letters: DeadLetters
) -> None:
    cloud.fail(RECORD, ("ValidationException", 400))
    assert publish(cloud, CREATE) == DONE
    assert (len(dead_letters.receive()), received_ids(bus)) == (1, [])


@pytest.mark.usefixtures("bus", "dead_letters")
def test_poison_record_is_missing_from_the_audit_log_until_it_is_replayed(cloud: Cloud) -> None:
    assert publish(cloud, CREATE, POISON, SECOND_UPDATE) == DONE
    assert [each.version for each in sorted(audit_log(cloud))] == [1, 3]
    assert publish(cloud, UPDATE) == DONE
    assert [each.version for each in sorted(audit_log(cloud))] == [1, 2, 3]


def test_nothing_is_recorded_while_the_audit_log_is_off(cloud: Cloud, bus: Subscriber) -> None:
    cloud.variables["AUDIT_LOG_DAYS"] = "0"
    assert publish(cloud, CREATE, UPDATE) == DONE
    assert (audit_log(cloud), len(received_ids(bus))) == ([], 2)


def fail_to_publish(cloud: Cloud, failure: Failure | dict[str, Any]) -> None:
    if isinstance(failure, dict):
        cloud.respond(PUBLISH, failure)
    else:
        cloud.fail(PUBLISH, failure)


@pytest.mark.parametrize("failure", INVALID)
def test_record_whose_event_aws_rejects_as_invalid_is_dead_lettered(
    cloud: Cloud, dead_letters: DeadLetters, failure: Failure | dict[str, Any]
) -> None:
    fail_to_publish(cloud, failure)
    assert publish(cloud, CREATE) == DONE
    assert len(dead_letters.receive()) == 1


@pytest.mark.parametrize("failure", OUTAGES, ids=failure_id)
def test_record_is_retried_while_aws_fails_and_published_with_the_same_event_id(
    cloud: Cloud, bus: Subscriber, dead_letters: DeadLetters, failure: Failure | dict[str, Any]
) -> None:
    fail_to_publish(cloud, failure)
    assert publish(cloud, CREATE) == failed_from("100")
    cloud.recover()
    assert publish(cloud, CREATE) == publish(cloud, CREATE) == DONE
    assert received_ids(bus) == [f"{ULID}.1.created"] * 2
    assert dead_letters.receive() == []


def test_batch_is_retried_from_the_record_for_which_aws_fails(
    cloud: Cloud, bus: Subscriber, secret: SecretVersion
) -> None:
    cloud.fail("secretsmanager:DeleteSecret", ("ServiceUnavailable", 503))
    without_key = a_record(replace(FIRST, secret=secret), replace(FIRST, version=2), "101")
    assert publish(cloud, CREATE, without_key, SECOND_UPDATE) == failed_from("101")
    assert received_ids(bus) == [f"{ULID}.1.created"]
    [line] = cloud.log()
    assert (line["message"], line["sequence_number"]) == ("change not published", "101")


def test_batch_for_whose_first_record_aws_fails_fails_so_that_lambda_bisects_it(cloud: Cloud) -> None:
    cloud.fail(PUBLISH, ("ThrottlingException", 400))
    with pytest.raises(Exception, match=r"^$"):
        publish(cloud, CREATE, UPDATE)


def test_poison_record_that_cannot_be_dead_lettered_is_retried(cloud: Cloud, dead_letters: DeadLetters) -> None:
    cloud.fail(DEAD_LETTER, ("ServiceUnavailable", 503))
    assert publish(cloud, POISON) == failed_from("101")
    assert dead_letters.receive() == []


@pytest.fixture
def secret(cloud: Cloud) -> SecretVersion:
    """Store a secret of the service and return its first version."""
    created = cloud.secrets_manager.create_secret(Name="ai-integrations-test/acme/1", SecretString=API_KEY)
    return SecretVersion(arn=created["ARN"], version=created["VersionId"])


def add_version(cloud: Cloud, secret: SecretVersion) -> SecretVersion:
    """Store a second version with a label of its own, and without AWSCURRENT."""
    version = "11111111-1111-4111-8111-111111111111"
    cloud.secrets_manager.put_secret_value(
        SecretId=secret.arn,
        ClientRequestToken=version,
        SecretString="sk-fake-another",
        VersionStages=[f"ai-integrations-{version}"],
    )
    return secret._replace(version=version)


def stage_labels(cloud: Cloud, secret: SecretVersion) -> list[str]:
    versions = cloud.secrets_manager.describe_secret(SecretId=secret.arn)["VersionIdsToStages"]
    return versions.get(secret.version or "", [])


@pytest.mark.parametrize("deliveries", [1, 2])
def test_key_rotation_moves_awscurrent_to_the_new_version(
    cloud: Cloud, bus: Subscriber, secret: SecretVersion, deliveries: int
) -> None:
    new = add_version(cloud, secret)
    rotated = replace(FIRST, version=2, secret=new)
    cloud.dynamodb.put_item(TableName=cloud.table, Item=to_wire(items.integration_item(rotated)))
    rotation = a_record(replace(FIRST, secret=secret), rotated)
    for _ in range(deliveries):
        assert publish(cloud, rotation) == DONE
    assert "AWSCURRENT" in stage_labels(cloud, new)
    assert "AWSCURRENT" not in stage_labels(cloud, secret)
    assert received_ids(bus) == [f"{ULID}.2.key-rotated"] * deliveries


@pytest.mark.parametrize("deliveries", [1, 2])
def test_delete_schedules_the_deletion_of_the_secret_and_restore_cancels_it(
    cloud: Cloud, bus: Subscriber, secret: SecretVersion, deliveries: int
) -> None:
    with_key = replace(FIRST, secret=secret)
    for _ in range(deliveries):
        assert publish(cloud, a_record(None, TOMBSTONE._replace(integration=with_key))) == DONE
    [scheduled] = cloud.secrets_manager.list_secrets(IncludePlannedDeletion=True)["SecretList"]
    assert "DeletedDate" in scheduled
    for _ in range(deliveries):
        assert publish(cloud, a_record(None, replace(with_key, version=2))) == DONE
    assert "DeletedDate" not in cloud.secrets_manager.describe_secret(SecretId=secret.arn)
    assert received_ids(bus) == [f"{ULID}.1.deleted"] * deliveries + [f"{ULID}.2.restored"] * deliveries


def test_changes_of_a_key_whose_secret_is_gone_are_published(
    cloud: Cloud, bus: Subscriber, secret: SecretVersion
) -> None:
    cloud.secrets_manager.delete_secret(SecretId=secret.arn, ForceDeleteWithoutRecovery=True)
    with_key = replace(FIRST, secret=secret)
    rotated = replace(FIRST, version=2, secret=secret._replace(version="v2"))
    records = [
        a_record(with_key, rotated, "100"),
        a_record(rotated, replace(FIRST, version=3), "101"),
        a_record(None, TOMBSTONE._replace(integration=with_key), "102"),
        a_record(None, rotated, "103"),
    ]
    assert publish(cloud, *records) == DONE
    assert len(received_ids(bus)) == 4


@pytest.mark.parametrize("operation", ["secretsmanager:DeleteSecret", "dynamodb:GetItem"])
def test_delete_when_the_secret_cleanup_fails_publishes_nothing(
    cloud: Cloud, bus: Subscriber, secret: SecretVersion, operation: str
) -> None:
    cloud.fail(operation, ("InternalServiceError", 500))
    deleted = a_record(None, TOMBSTONE._replace(integration=replace(FIRST, secret=secret)))
    assert publish(cloud, deleted) == failed_from("100")
    assert received_ids(bus) == []
