"""Events: no provisioning request or change event is lost without an alarm, and no queue contains a key."""

import json
import re
from typing import Any

import pytest

from ai_integrations.contracts.provisioning_requests import REQUESTS
from tests import sam_template
from tests.builders import ROOT, SENDER_AWS_ACCOUNT
from tests.messaging import a_redacted_request

RESOURCES: dict[str, Any] = sam_template.template()["Resources"]
RULES = {name: each["Properties"] for name, each in sam_template.resources("AWS::Events::Rule").items()}
QUEUES = {name: each["Properties"] for name, each in sam_template.resources("AWS::SQS::Queue").items()}


def timeout(function: str) -> int:
    """Return the timeout of a function in seconds."""
    settings = {**sam_template.template()["Globals"]["Function"], **sam_template.functions()[function]}
    return int(settings["Timeout"])


@pytest.mark.parametrize("rule", ["RequestRule", "RedactedRequestRule"])
def test_rule_matches_every_type_of_request_on_the_bus(rule: str) -> None:
    assert set(RULES[rule]["EventPattern"]["detail-type"]) == set(REQUESTS)
    assert RULES[rule]["EventBusName"] == {"Ref": "Bus"}
    assert RULES[rule]["EventPattern"].keys() == {"detail-type", "detail"}, "any sender and AWS account may request"


def test_bus_has_the_name_of_the_stack() -> None:
    assert RESOURCES["Bus"]["Properties"]["Name"] == {"Ref": "AWS::StackName"}


def test_rules_match_each_request_exactly_once() -> None:
    plain, redacted = (RULES[name]["EventPattern"]["detail"] for name in ("RequestRule", "RedactedRequestRule"))
    absent, present = [{"exists": False}], [{"exists": True}]
    assert plain == {"api_key": absent, "integration": {"api_key": absent}}
    assert redacted == {"$or": [{"api_key": present}, {"integration": {"api_key": present}}]}


def test_redacted_rule_queues_nothing_of_a_request_but_its_address() -> None:
    [target] = RULES["RedactedRequestRule"]["Targets"]
    transformer = target["InputTransformer"]
    assert set(transformer["InputPathsMap"].values()) == {
        "$.id",
        "$.detail-type",
        "$.source",
        "$.account",
        "$.detail.request_id",
        "$.detail.account",
    }
    envelope = a_redacted_request({"request_id": "request-1", "account": "acme"})
    assert envelope.keys() == {"id", "detail-type", "source", "account", "detail"}
    assert (envelope["source"], envelope["account"]) == ("platform", SENDER_AWS_ACCOUNT)
    marker = {"api_key": "left out"}
    assert envelope["detail"] == {"request_id": "request-1", "account": "acme", "integration": marker}


@pytest.mark.parametrize("value", ["", 'a"b', None, 5, {"a": "b"}, ["a"]], ids=repr)
def test_redacted_rule_queues_valid_json_whatever_the_address_contains(value: object) -> None:
    assert a_redacted_request({"request_id": value})["detail"]["request_id"] == value


def test_requests_that_eventbridge_cannot_queue_are_dead_lettered_without_keys() -> None:
    """EventBridge sends the original event, which only the redacted rule's events have a key in."""
    [[plain], [redacted]] = [RULES[name]["Targets"] for name in ("RequestRule", "RedactedRequestRule")]
    assert plain["DeadLetterConfig"]["Arn"] == {"Fn::GetAtt": ["ProvisioningDeadLetterQueue", "Arn"]}
    assert "DeadLetterConfig" not in redacted


@pytest.mark.parametrize(
    ("queue", "sources"),
    [
        ("ProvisioningQueue", [{"Fn::GetAtt": [name, "Arn"]} for name in RULES]),
        ("ProvisioningDeadLetterQueue", {"Fn::GetAtt": ["RequestRule", "Arn"]}),
    ],
)
def test_queue_policy_accepts_messages_from_the_rules_only(queue: str, sources: object) -> None:
    policy = RESOURCES[f"{queue}Policy"]["Properties"]
    assert policy["Queues"] == [{"Ref": queue}]
    [statement] = [each for each in policy["PolicyDocument"]["Statement"] if each["Effect"] == "Allow"]
    assert statement["Condition"] == {"ArnEquals": {"aws:SourceArn": sources}}
    assert statement["Principal"] == {"Service": "events.amazonaws.com"}
    assert statement["Action"] == "sqs:SendMessage"
    assert statement["Resource"] == {"Fn::GetAtt": [queue, "Arn"]}


def test_visibility_timeout_is_six_times_the_function_timeout() -> None:
    """AWS Lambda developer guide, "Creating and configuring an Amazon SQS event source mapping"."""
    assert QUEUES["ProvisioningQueue"]["VisibilityTimeout"] == 6 * timeout("provision")


def test_request_is_delivered_ten_times_in_half_an_hour_before_the_dead_letter_queue() -> None:
    redrive = QUEUES["ProvisioningQueue"]["RedrivePolicy"]
    assert redrive["deadLetterTargetArn"] == {"Fn::GetAtt": ["ProvisioningDeadLetterQueue", "Arn"]}
    assert redrive["maxReceiveCount"] == 10
    waits = [min(5 * 2**number, 900) for number in range(redrive["maxReceiveCount"] - 1)]
    assert sum(waits) > 30 * 60


@pytest.mark.parametrize("queue", QUEUES)
def test_queue_is_encrypted_and_keeps_messages_for_two_weeks(queue: str) -> None:
    assert QUEUES[queue]["SqsManagedSseEnabled"] is True
    assert QUEUES[queue]["MessageRetentionPeriod"] == 14 * 24 * 3600


@pytest.mark.parametrize("queue", QUEUES)
def test_queue_denies_connections_without_tls(queue: str) -> None:
    """A queue has one policy: a second one would replace the first."""
    policies = [each["Properties"] for each in sam_template.resources("AWS::SQS::QueuePolicy").values()]
    [policy] = [each for each in policies if {"Ref": queue} in each["Queues"]]
    [statement] = [each for each in policy["PolicyDocument"]["Statement"] if each["Effect"] == "Deny"]
    assert (statement["Principal"], statement["Action"], statement["Resource"]) == ("*", "sqs:*", "*")
    assert statement["Condition"] == {"Bool": {"aws:SecureTransport": "false"}}


def test_event_sources_accept_partial_batch_failures() -> None:
    for function in ("provision", "publish_changes"):
        [event] = sam_template.functions()[function]["Events"].values()
        assert event["Properties"]["FunctionResponseTypes"] == ["ReportBatchItemFailures"]


def test_stream_records_are_retried_for_six_hours_before_the_dead_letter_queue() -> None:
    [changes] = sam_template.functions()["publish_changes"]["Events"].values()
    assert changes["Properties"]["BisectBatchOnFunctionError"] is True
    assert changes["Properties"]["MaximumRetryAttempts"] == -1, "the age limits the retries"
    assert changes["Properties"]["MaximumRecordAgeInSeconds"] == 6 * 3600
    destination = changes["Properties"]["DestinationConfig"]["OnFailure"]["Destination"]
    assert destination == {"Fn::GetAtt": ["StreamDeadLetterQueue", "Arn"]}


@pytest.mark.parametrize(
    ("function", "queue"),
    [("provision", "ProvisioningDeadLetterQueue"), ("publish_changes", "StreamDeadLetterQueue")],
)
def test_function_sends_what_it_cannot_process_to_the_dead_letter_queue_of_its_source(
    function: str, queue: str
) -> None:
    variables = sam_template.functions()[function]["Environment"]["Variables"]
    assert variables["DEAD_LETTER_QUEUE_URL"] == {"Ref": queue}
    [statement] = [each for each in sam_template.role_statements(function) if each["Sid"] == "SendToDeadLetterQueue"]
    assert statement["Resource"] == {"Fn::GetAtt": [queue, "Arn"]}


def test_custom_resource_is_not_retried_after_the_stack_may_have_rolled_back() -> None:
    """docs/examples/custom-resource.yaml sets a slightly longer ServiceTimeout."""
    retries = sam_template.functions()["custom_resource"]["EventInvokeConfig"]
    assert retries == {"MaximumRetryAttempts": 2, "MaximumEventAgeInSeconds": 600}


def test_failed_sweep_is_not_retried_because_the_next_hourly_run_continues() -> None:
    [schedule] = sam_template.functions()["sweep"]["Events"].values()
    assert schedule["Properties"]["RetryPolicy"] == {"MaximumRetryAttempts": 0}


def test_requests_use_at_most_ten_concurrent_executions() -> None:
    """docs/operations.md, "Stop a runaway client"."""
    [requests] = sam_template.functions()["provision"]["Events"].values()
    assert requests["Properties"]["Queue"] == {"Fn::GetAtt": ["ProvisioningQueue", "Arn"]}
    assert requests["Properties"]["BatchSize"] == 5
    assert requests["Properties"]["ScalingConfig"] == {"MaximumConcurrency": 10}


def test_stream_is_read_from_its_oldest_record() -> None:
    """Records that the table wrote before Lambda began to read would otherwise publish no event."""
    [changes] = sam_template.functions()["publish_changes"]["Events"].values()
    assert changes["Properties"]["Stream"] == {"Fn::GetAtt": ["Table", "StreamArn"]}
    assert changes["Properties"]["StartingPosition"] == "TRIM_HORIZON"
    assert changes["Properties"]["BatchSize"] == 25


def test_stream_filter_passes_the_documented_items() -> None:
    document = (ROOT / "docs" / "data-model.md").read_text()
    [changes] = sam_template.functions()["publish_changes"]["Events"].values()
    patterns = [json.loads(each["Pattern"]) for each in changes["Properties"]["FilterCriteria"]["Filters"]]
    rows = {
        f"| `{condition['prefix']}` | {', '.join(pattern['eventName'])} |"
        for pattern in patterns
        for condition in pattern["dynamodb"]["Keys"]["sk"]["S"]
    }
    assert set(re.findall(r"^\| `\w+#` \| (?:INSERT|REMOVE)[^|]* \|", document, re.MULTILINE)) == rows
    for pattern in patterns:  # and no other conditions
        assert pattern.keys() == {"eventName", "dynamodb"}
        assert (pattern["dynamodb"].keys(), pattern["dynamodb"]["Keys"].keys()) == ({"Keys"}, {"sk"})


@pytest.mark.parametrize("rule", RULES)
def test_rule_sends_requests_to_the_queue_only(rule: str) -> None:
    assert [each["Arn"] for each in RULES[rule]["Targets"]] == [{"Fn::GetAtt": ["ProvisioningQueue", "Arn"]}]
