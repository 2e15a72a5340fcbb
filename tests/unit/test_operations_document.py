"""The operators' documents use outputs and log groups that exist, and explain what the functions log."""

import ast
import re
from pathlib import Path

import pytest

from ai_integrations.contracts.published_events import SweepRan
from tests import sam_template
from tests.builders import ROOT

NAMES = ("deploy", "events", "federation", "operations", "performance", "sam-local")
DOCUMENTS = [ROOT / "docs" / f"{name}.md" for name in NAMES]
OPERATIONS = (ROOT / "docs" / "operations.md").read_text()
DEPLOY = (ROOT / "docs" / "deploy.md").read_text()
DATA_MODEL = (ROOT / "docs" / "data-model.md").read_text()
CODE = [path for folder in ("functions", "layers/shared") for path in sorted((ROOT / folder).rglob("*.py"))]
BEHIND_THE_GATEWAY = [each.replace("_", "-") for each in sam_template.synchronous_functions()]


def section(heading: str) -> str:
    """Return the part of the runbook below a heading, up to the next one."""
    return OPERATIONS.partition(f"\n### {heading}\n")[2].partition("\n#")[0]


def messages(level: str) -> set[str]:
    """List the messages that the functions log at a level."""
    calls = (node for path in CODE for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.Call))
    return {ast.literal_eval(call.args[0]) for call in calls if ast.unparse(call.func) == f"logger.{level}"}


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda each: each.stem)
def test_shell_variables_are_outputs_of_the_stack(document: Path) -> None:
    variables = set(re.findall(r"\$\{?([A-Z][a-z]\w+)", document.read_text()))
    assert variables <= sam_template.template()["Outputs"].keys()


@pytest.mark.parametrize("name", sorted(set(re.findall(r"(?:logs|errors) ([a-z-]+) \d+", OPERATIONS))))
def test_queried_log_groups_exist(name: str) -> None:
    groups = [each["Properties"]["LogGroupName"] for each in sam_template.resources("AWS::Logs::LogGroup").values()]
    assert {"Fn::Sub": f"/${{AWS::StackName}}/{name}"} in groups


@pytest.mark.parametrize(("level", "end"), [("error", "\nLines of the level `WARNING`"), ("warning", "\nAll of ")])
def test_message_of_each_level_is_explained_and_every_explained_message_is_logged(level: str, end: str) -> None:
    start = f"Lines of the level `{level.upper()}`"
    table = section("Errors and warnings").partition(start)[2].partition(end)[0]
    first_cells = re.findall(r"^\| (`.*?) \|", table, re.MULTILINE)
    assert set(re.findall("`([^`]+)`", " ".join(first_cells))) == messages(level)


def test_common_fields_of_the_lines_of_every_function_are_listed() -> None:
    rows = re.findall(r"^\| (`.*?) \|", section("Log lines"), re.MULTILINE)
    listed = set(re.findall("`([^`]+)`", " ".join(rows)))
    assert {each.replace("_", "-") for each in sam_template.functions()} <= listed


@pytest.mark.parametrize("alarm", ["ServerErrorsAlarm", "ApiLatencyAlarm"])
@pytest.mark.parametrize("function", BEHIND_THE_GATEWAY)
def test_alarm_of_the_api_leads_to_the_log_of_each_function_behind_it(alarm: str, function: str) -> None:
    assert re.search(rf"`{function}`|logs {function} ", section(alarm))


def names(text: str) -> set[str]:
    """List the functions that a text names."""
    return set(re.findall(r"`(\w+)`", text)) & sam_template.functions().keys()


@pytest.mark.parametrize(
    "text",
    [
        OPERATIONS.partition("With the parameter `LogLevel`")[2].partition(" find nothing")[0],
        *re.findall(r"^\| `LogLevel` .*", DEPLOY, re.MULTILINE),
    ],
    ids=["operations", "deploy"],
)
def test_functions_that_log_whatever_the_log_level_are_named(text: str) -> None:
    own_variables = {
        name: each.get("Environment", {}).get("Variables", {}) for name, each in sam_template.functions().items()
    }
    assert names(text) == {name for name, each in own_variables.items() if each.get("POWERTOOLS_LOG_LEVEL") == "INFO"}


def test_every_function_that_callers_reach_through_the_alias_is_named() -> None:
    paragraph = DEPLOY.partition("`Release` decides what callers get.")[2].partition("\n\n")[0]
    published = {name for name, each in sam_template.functions().items() if "AutoPublishAlias" in each}
    assert names(paragraph) == published


def test_every_field_of_the_report_of_the_sweep_is_explained() -> None:
    table = OPERATIONS.partition("\n| in the report |")[2].partition("\n\n")[0]
    explained = set(re.findall(r"`(\w+)`", " ".join(re.findall(r"^\| (`.*?) \|", table, re.MULTILINE))))
    counts = {name for name in SweepRan.model_fields if name.endswith("_count")}
    assert explained == SweepRan.model_fields.keys() - counts - {"event_id", "dry_run"}


def test_restoring_the_table_decides_about_every_partition() -> None:
    kept = re.findall(r'"([A-Z]+#?)"', section("The table").partition("KEPT = (")[2].partition("\n)\n")[0])
    partitions = set(re.findall(r"^\|[^|]+\| `([A-Z]+#?)[^|]*\|[^|]+\|[^|]+\|$", DATA_MODEL, re.MULTILINE))
    assert partitions - set(kept) == {"ACCOUNT#", "ROLE#", "FEDERATION#", "SPACES#"}
    assert set(kept) <= partitions


def test_restoring_the_table_stops_every_function_that_writes_integrations() -> None:
    """`provision` and `custom_resource`, by their names in the outputs and mappings. API Gateway stops the others."""
    asynchronous = sam_template.functions().keys() - set(sam_template.synchronous_functions())
    writing = {
        name
        for name in asynchronous
        if any(each["Sid"] == "ReadAndWriteIntegrations" for each in sam_template.role_statements(name))
    }
    assert writing == {"provision", "custom_resource"}
    stopped = section("The table").partition("2. [Close the API]")[2].partition("\n3. ")[0]
    assert "$STACK-ProvisionFunction" in stopped
    assert "$CustomResourceServiceToken" in stopped


def test_schedule_of_the_sweep_has_only_properties_that_the_runbook_keeps() -> None:
    [schedule] = sam_template.deployed("AWS::Scheduler::Schedule").values()
    query = OPERATIONS.partition("aws scheduler get-schedule")[2].partition("{")[2].partition("}")[0]
    assert schedule["Properties"].keys() <= set(re.findall(r"(\w+): ", query))
