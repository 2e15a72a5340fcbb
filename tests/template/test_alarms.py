"""Alarms and the dashboard: what they watch, whom they notify, and that the runbook explains each alarm."""

import json
import re
from typing import Any

import pytest

from tests import sam_template
from tests.builders import ROOT

ALARMS = {name: each["Properties"] for name, each in sam_template.resources("AWS::CloudWatch::Alarm").items()}
SECONDS_BETWEEN_SWEEPS = 3600
# The alarms on findings of the sweep, and their metrics.
SWEEP_FINDINGS = {
    "IntegrationsWithoutSecretAlarm": "IntegrationsWithoutSecret",
    "OrphanedSecretsAlarm": "SecretsWithoutIntegration",
    "SweepStoppedAlarm": "SweepStopped",
}
RUNBOOK = (ROOT / "docs" / "operations.md").read_text()


def watching(namespace: str, metric: str) -> list[dict[str, Any]]:
    return [each for each in ALARMS.values() if (each["Namespace"], each["MetricName"]) == (namespace, metric)]


def watching_resource(metric: str, dimension: str, value: object) -> dict[str, Any]:
    """Return the one alarm on a metric of a function or a queue."""
    dimensions = [{"Name": dimension, "Value": value}]
    found: dict[str, Any]
    [found] = [each for each in ALARMS.values() if (each["MetricName"], each["Dimensions"]) == (metric, dimensions)]
    return found


@pytest.mark.parametrize("name", ALARMS)
def test_alarm_notifies_the_topic_when_it_starts_and_ends(name: str) -> None:
    topic = {"Fn::If": ["HasAlarmTopic", [{"Ref": "AlarmTopicArn"}], {"Ref": "AWS::NoValue"}]}
    assert ALARMS[name]["AlarmActions"] == ALARMS[name]["OKActions"] == topic
    assert ALARMS[name]["TreatMissingData"] == ("breaching" if name == "SweepNotRunningAlarm" else "notBreaching")


@pytest.mark.parametrize("name", ALARMS)
def test_alarm_description_refers_to_its_part_of_the_runbook(name: str) -> None:
    assert ALARMS[name]["AlarmDescription"].endswith(f". See {name} in docs/operations.md.")
    assert re.search(rf"\b{name}\b", RUNBOOK)


# Statistic, threshold, periods, and seconds per period, of the alarms that do not fire at the first event in a minute.
FIRES_LATER = {
    "StreamLagAlarm": ("Maximum", 300_000, 3, 60),
    "WaitingRequestsAlarm": ("Maximum", 3600, 1, 60),
    "ApiLatencyAlarm": ("p99", 5_000, 3, 300),
    "RejectedAccessKeysAlarm": ("Sum", 100, 1, 300),
    "RollbackAlarm": ("Sum", 2, 1, 300),
    "OrphanedSecretsAlarm": ("Maximum", 0, 24, 300),
    "SweepStoppedAlarm": ("Maximum", 0, 24, 300),
    "SweepNotRunningAlarm": ("SampleCount", 1, 3, 3600),
    "IntegrationsWithoutSecretAlarm": ("Maximum", 0, 24, 300),
}


@pytest.mark.parametrize("name", ALARMS)
def test_alarm_fires_above_its_threshold(name: str) -> None:
    alarm = ALARMS[name]
    counts_events = alarm["Namespace"] in {"AWS/Lambda", "AWS/ApiGateway", "AWS/Events"}
    at_first_event = ("Sum" if counts_events else "Maximum", 0, 1, 60)
    statistic = alarm.get("Statistic") or alarm["ExtendedStatistic"]
    found = (statistic, alarm["Threshold"], alarm["EvaluationPeriods"], alarm["Period"])
    assert found == FIRES_LATER.get(name, at_first_event)
    fires_below = name == "SweepNotRunningAlarm"
    assert alarm["ComparisonOperator"] == ("LessThanThreshold" if fires_below else "GreaterThanThreshold")


@pytest.mark.parametrize("queue", ["ProvisioningDeadLetterQueue", "StreamDeadLetterQueue"])
def test_dead_letter_queue_alarm_fires_within_a_minute_of_the_first_message(queue: str) -> None:
    name = {"Fn::GetAtt": [queue, "QueueName"]}
    alarm = watching_resource("ApproximateNumberOfMessagesVisible", "QueueName", name)
    assert (alarm["ComparisonOperator"], alarm["Threshold"]) == ("GreaterThanThreshold", 0)
    assert alarm["EvaluationPeriods"] * alarm["Period"] <= 60


@pytest.mark.parametrize(
    "function",
    [
        "CredentialsFunction",
        "CustomResourceFunction",
        "ProvisionFunction",
        "PublishChangesFunction",
        "SweepFunction",
    ],
)
def test_errors_alarm_fires_at_the_first_error(function: str) -> None:
    alarm = watching_resource("Errors", "FunctionName", {"Ref": function})
    assert (alarm["Statistic"], alarm["ComparisonOperator"], alarm["Threshold"]) == ("Sum", "GreaterThanThreshold", 0)


def test_rejected_access_keys_alarm_ignores_single_rejected_keys() -> None:
    alarm = watching_resource("Errors", "FunctionName", {"Ref": "AuthorizerFunction"})
    assert alarm["Threshold"] > 0


@pytest.mark.parametrize("function", ["ApiFunction", "AuthorizerFunction", "CredentialsFunction"])
def test_throttles_alarm_watches_each_synchronous_function(function: str) -> None:
    assert watching_resource("Throttles", "FunctionName", {"Ref": function})["Statistic"] == "Sum"


def test_stream_lag_alarm_fires_within_fifteen_minutes() -> None:
    alarm = watching_resource("IteratorAge", "FunctionName", {"Ref": "PublishChangesFunction"})
    assert 0 < alarm["Threshold"] <= 15 * 60 * 1000
    assert alarm["Statistic"] == "Maximum"


def test_api_alarms_watch_the_deployed_stage_of_this_stack() -> None:
    for alarm in (*watching("AWS/ApiGateway", "5XXError"), *watching("AWS/ApiGateway", "Latency")):
        dimensions = {each["Name"]: each["Value"] for each in alarm["Dimensions"]}
        assert dimensions == {"ApiName": {"Ref": "AWS::StackName"}, "Stage": "live"}


def test_server_errors_alarm_fires_at_the_first_error() -> None:
    alarm = ALARMS["ServerErrorsAlarm"]
    assert (alarm["MetricName"], alarm["Statistic"], alarm["Threshold"]) == ("5XXError", "Sum", 0)


def test_rollback_alarm_fires_at_the_third_error_within_the_shortest_canary() -> None:
    alarm = ALARMS["RollbackAlarm"]
    assert (alarm["MetricName"], alarm["Statistic"], alarm["Threshold"]) == ("5XXError", "Sum", 2)
    assert alarm["ComparisonOperator"] == "GreaterThanThreshold"
    assert alarm["Period"] * alarm["EvaluationPeriods"] == 5 * 60


def test_waiting_requests_alarm_watches_the_queue_whose_messages_would_expire_unprocessed() -> None:
    queue = {"Fn::GetAtt": ["ProvisioningQueue", "QueueName"]}
    alarm = watching_resource("ApproximateAgeOfOldestMessage", "QueueName", queue)
    settings = sam_template.resources("AWS::SQS::Queue")["ProvisioningQueue"]["Properties"]
    assert alarm["Threshold"] < settings["MessageRetentionPeriod"]


def test_undelivered_requests_alarm_watches_the_rule_without_a_dead_letter_queue() -> None:
    [alarm] = watching("AWS/Events", "FailedInvocations")
    rule_name = {"Fn::Select": [2, {"Fn::Split": ["/", {"Fn::GetAtt": ["RedactedRequestRule", "Arn"]}]}]}
    dimensions = {each["Name"]: each["Value"] for each in alarm["Dimensions"]}
    assert dimensions == {"EventBusName": {"Ref": "Bus"}, "RuleName": rule_name}


@pytest.mark.parametrize("name", [*SWEEP_FINDINGS, "SweepNotRunningAlarm"])
def test_sweep_alarm_has_the_dimensions_of_the_metric(name: str) -> None:
    """tests/handlers/test_sweep.py compares the names of the metrics with what the function emits."""
    assert ALARMS[name]["Namespace"] == "AIIntegrations"
    assert ALARMS[name]["Dimensions"] == [{"Name": "service", "Value": {"Ref": "AWS::StackName"}}]


@pytest.mark.parametrize("name", SWEEP_FINDINGS)
def test_sweep_findings_alarm_fires_at_the_first_finding_and_stays_on_between_hourly_runs(name: str) -> None:
    alarm = ALARMS[name]
    assert alarm["MetricName"] == SWEEP_FINDINGS[name]
    assert (alarm["Statistic"], alarm["ComparisonOperator"], alarm["Threshold"]) == (
        "Maximum",
        "GreaterThanThreshold",
        0,
    )
    assert alarm["Period"] <= 300
    assert alarm["DatapointsToAlarm"] == 1
    assert alarm["EvaluationPeriods"] * alarm["Period"] > SECONDS_BETWEEN_SWEEPS + sweep()["Timeout"]


def test_sweep_not_running_alarm_counts_runs_and_fires_when_three_are_missing() -> None:
    alarm = ALARMS["SweepNotRunningAlarm"]
    assert (alarm["Statistic"], alarm["ComparisonOperator"], alarm["Threshold"]) == (
        "SampleCount",
        "LessThanThreshold",
        1,
    )
    assert alarm["EvaluationPeriods"] * alarm["Period"] == 3 * SECONDS_BETWEEN_SWEEPS
    assert "DatapointsToAlarm" not in alarm


def test_sweep_runs_every_hour() -> None:
    [schedule] = sweep()["Events"].values()
    assert schedule["Properties"]["ScheduleExpression"] == "rate(1 hour)"
    assert schedule["Properties"]["Input"] == "{}"


def sweep() -> dict[str, Any]:
    return sam_template.functions()["sweep"]


def test_dashboard_has_the_name_and_the_metrics_of_this_stack_only() -> None:
    [dashboard] = sam_template.resources("AWS::CloudWatch::Dashboard").values()
    assert dashboard["Properties"]["DashboardName"] == {"Ref": "AWS::StackName"}
    body = dashboard["Properties"]["DashboardBody"]["Fn::Sub"][0]
    assert '"service", "${AWS::StackName}"' in body
    assert "ai-integrations" not in body


@pytest.mark.parametrize("branch", [1, 2], ids=["with federation", "without federation"])
def test_dashboard_shows_the_metric_of_every_alarm(branch: int) -> None:
    [dashboard] = sam_template.resources("AWS::CloudWatch::Dashboard").values()
    body, variables = dashboard["Properties"]["DashboardBody"]["Fn::Sub"]
    condition = variables["ExchangeToken"]["Fn::If"]
    assert condition[0] == "HasFederation"
    text = condition[branch]["Fn::Sub"] if condition[branch] else ""
    widgets = json.loads(body.replace("${ExchangeToken}", text))["widgets"]
    lines = [line for each in widgets for line in each["properties"]["metrics"]]
    missing = [name for name, each in ALARMS.items() if not any(each["MetricName"] in line for line in lines)]
    assert missing == []
