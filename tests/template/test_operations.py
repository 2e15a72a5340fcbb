"""Somebody is told what goes wrong, and finds out what to do."""

import json
import re
from typing import Any

import pytest

from tests import sam_template
from tests.builders import ROOT

ALARMS = {name: each["Properties"] for name, each in sam_template.resources("AWS::CloudWatch::Alarm").items()}
RUNBOOK = (ROOT / "docs" / "operations.md").read_text()
METRICS = re.findall(
    r'add_metric\("(\w+)"', (ROOT / "functions" / "sweep" / "handler.py").read_text()
)  # told by the sweep


def watched(namespace: str, metric: str) -> list[dict[str, Any]]:
    return [each for each in ALARMS.values() if (each["Namespace"], each["MetricName"]) == (namespace, metric)]


@pytest.mark.parametrize("name", ALARMS)
def test_says_in_the_runbook_what_to_do_about_an_alarm(name: str) -> None:
    assert f"`{name}`" in RUNBOOK


@pytest.mark.parametrize("metric", ["5XXError", "Latency"])
def test_watches_what_callers_notice(metric: str) -> None:
    for alarm in watched("AWS/ApiGateway", metric):
        dimensions = {each["Name"]: each["Value"] for each in alarm["Dimensions"]}
        assert dimensions == {"ApiName": {"Ref": "AWS::StackName"}, "Stage": "live"}
    assert watched("AWS/ApiGateway", metric)


@pytest.mark.parametrize("function", ["ApiFunction", "AuthorizerFunction", "CredentialsFunction"])
def test_watches_whether_what_callers_wait_for_is_run(function: str) -> None:
    dimensions = [each["Dimensions"] for each in watched("AWS/Lambda", "Throttles")]
    assert [{"Name": "FunctionName", "Value": {"Ref": function}}] in dimensions


@pytest.mark.parametrize("function", ["AuthorizerFunction", "CredentialsFunction", "SweepFunction"])
def test_watches_denials_and_failures(function: str) -> None:
    dimensions = [each["Dimensions"] for each in watched("AWS/Lambda", "Errors")]
    assert [{"Name": "FunctionName", "Value": {"Ref": function}}] in dimensions


@pytest.mark.parametrize("metric", METRICS)
def test_watches_what_the_sweep_finds(metric: str) -> None:
    [alarm] = watched("AIIntegrations", metric)
    assert alarm["Dimensions"] == [{"Name": "service", "Value": "ai-integrations"}]


def test_hears_of_two_kinds_of_findings() -> None:
    assert len(METRICS) == 2


def test_shows_all_of_it_on_one_dashboard() -> None:
    [dashboard] = sam_template.resources("AWS::CloudWatch::Dashboard").values()
    body = json.loads(dashboard["Properties"]["DashboardBody"]["Fn::Sub"])
    shown = json.dumps(body)
    assert all(alarm["MetricName"] in shown for alarm in ALARMS.values())
    assert len(body["widgets"]) > 4
