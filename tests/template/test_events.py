"""What the template promises of events: nothing is lost without a word, and somebody is told."""

import json
from typing import Any

import pytest

from ai_integrations.contracts.provisioning_requests import REQUESTS
from tests import declared

RESOURCES: dict[str, Any] = declared.template()["Resources"]
RULES = {name: each["Properties"] for name, each in declared.resources("AWS::Events::Rule").items()}
ALARMS = {name: each["Properties"] for name, each in declared.resources("AWS::CloudWatch::Alarm").items()}
QUEUES = {name: each["Properties"] for name, each in declared.resources("AWS::SQS::Queue").items()}
LOGICAL_IDS = {
    each["Properties"]["CodeUri"].removeprefix("functions/"): name
    for name, each in declared.resources("AWS::Serverless::Function").items()
}
IN_THE_BACKGROUND = ["provision", "publish_changes", "custom_resource"]


def seconds(function: str) -> int:
    settings = {**declared.template()["Globals"]["Function"], **declared.functions()[function]}
    return int(settings["Timeout"])


def watched(metric: str) -> dict[str, dict[str, Any]]:
    """Return the alarms on a metric by the logical id of what they watch."""
    of_metric = [each for each in ALARMS.values() if each.get("MetricName") == metric]
    return {_watched(each["Dimensions"][0]["Value"]): each for each in of_metric}


def _watched(value: dict[str, Any]) -> str:
    return str(value["Ref"] if "Ref" in value else value["Fn::GetAtt"][0])


@pytest.mark.parametrize("rule", ["RequestRule", "KeyedRequestRule"])
def test_takes_every_kind_of_request_from_the_bus(rule: str) -> None:
    assert set(RULES[rule]["EventPattern"]["detail-type"]) == set(REQUESTS)
    assert RULES[rule]["EventBusName"] == {"Ref": "Bus"}


def test_lets_each_request_match_one_rule() -> None:
    plain, keyed = (RULES[name]["EventPattern"]["detail"] for name in ("RequestRule", "KeyedRequestRule"))
    absent, present = [{"exists": False}], [{"exists": True}]
    assert plain == {"api_key": absent, "integration": {"api_key": absent}}
    assert keyed == {"$or": [{"api_key": present}, {"integration": {"api_key": present}}]}


def test_leaves_a_key_out_before_a_request_is_queued() -> None:
    [target] = RULES["KeyedRequestRule"]["Targets"]
    transformer = target["InputTransformer"]
    assert set(transformer["InputPathsMap"].values()) == {
        "$.id",
        "$.detail-type",
        "$.detail.request_id",
        "$.detail.account",
    }
    template = transformer["InputTemplate"]
    for name in transformer["InputPathsMap"]:
        template = template.replace(f"<{name}>", '"x"')
    assert json.loads(template)["detail"]["integration"] == {"api_key": "left out"}


def test_lets_nobody_but_the_rules_fill_the_queue() -> None:
    [statement] = RESOURCES["RequestsPolicy"]["Properties"]["PolicyDocument"]["Statement"]
    sources = statement["Condition"]["ArnEquals"]["aws:SourceArn"]
    assert sources == [{"Fn::GetAtt": [name, "Arn"]} for name in RULES]


def test_hides_a_message_while_its_function_may_still_run() -> None:
    assert QUEUES["Requests"]["VisibilityTimeout"] >= 6 * seconds("provision")


def test_gives_a_request_half_an_hour_before_it_is_dead() -> None:
    redrive = QUEUES["Requests"]["RedrivePolicy"]
    assert redrive["deadLetterTargetArn"] == {"Fn::GetAtt": ["DeadRequests", "Arn"]}
    waits = [min(5 * 2**number, 900) for number in range(redrive["maxReceiveCount"] - 1)]
    assert sum(waits) > 30 * 60


@pytest.mark.parametrize("queue", QUEUES)
def test_encrypts_queues_and_keeps_messages_for_two_weeks(queue: str) -> None:
    assert QUEUES[queue]["SqsManagedSseEnabled"] is True
    assert QUEUES[queue]["MessageRetentionPeriod"] == 14 * 24 * 3600


def test_reports_parts_of_a_batch_that_failed() -> None:
    for function in ("provision", "publish_changes"):
        [event] = declared.functions()[function]["Events"].values()
        assert event["Properties"]["FunctionResponseTypes"] == ["ReportBatchItemFailures"]


def test_puts_aside_a_change_that_can_not_be_published() -> None:
    [changes] = declared.functions()["publish_changes"]["Events"].values()
    assert changes["Properties"]["BisectBatchOnFunctionError"] is True
    assert changes["Properties"]["MaximumRetryAttempts"] > 0
    aside = changes["Properties"]["DestinationConfig"]["OnFailure"]["Destination"]
    assert aside == {"Fn::GetAtt": ["UnpublishedChanges", "Arn"]}


def test_makes_nothing_for_a_stack_that_may_have_given_up() -> None:
    """docs/examples/custom-resource.yaml waits for a little longer."""
    retries = declared.functions()["custom_resource"]["EventInvokeConfig"]
    assert retries["MaximumEventAgeInSeconds"] <= 600


@pytest.mark.parametrize("queue", ["DeadRequests", "UnpublishedChanges"])
def test_alarms_when_something_is_put_aside(queue: str) -> None:
    alarm = watched("ApproximateNumberOfMessagesVisible")[queue]
    assert (alarm["ComparisonOperator"], alarm["Threshold"]) == ("GreaterThanThreshold", 0)
    assert alarm["EvaluationPeriods"] * alarm["Period"] <= 60


@pytest.mark.parametrize("function", IN_THE_BACKGROUND)
def test_alarms_when_a_function_fails_that_nobody_waits_for(function: str) -> None:
    alarm = watched("Errors")[LOGICAL_IDS[function]]
    assert (alarm["Statistic"], alarm["ComparisonOperator"], alarm["Threshold"]) == ("Sum", "GreaterThanThreshold", 0)


def test_alarms_when_the_stream_is_not_followed() -> None:
    alarm = watched("IteratorAge")[LOGICAL_IDS["publish_changes"]]
    assert 0 < alarm["Threshold"] <= 15 * 60 * 1000
    assert alarm["Statistic"] == "Maximum"


@pytest.mark.parametrize("name", ALARMS)
def test_tells_whoever_the_stack_says_when_an_alarm_begins_and_ends(name: str) -> None:
    told = {"Fn::If": ["HasAlarmTopic", [{"Ref": "AlarmTopicArn"}], {"Ref": "AWS::NoValue"}]}
    assert ALARMS[name]["AlarmActions"] == ALARMS[name]["OKActions"] == told
    assert ALARMS[name]["TreatMissingData"] == "notBreaching"
    assert ALARMS[name]["AlarmDescription"].endswith(".")
