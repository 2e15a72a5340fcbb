"""The operators' documents use outputs and log groups that exist, and explain what the functions log."""

import ast
import re
from pathlib import Path

import pytest

from tests import sam_template
from tests.builders import ROOT

NAMES = ("deploy", "events", "federation", "operations", "performance", "sam-local")
DOCUMENTS = [ROOT / "docs" / f"{name}.md" for name in NAMES]
OPERATIONS = (ROOT / "docs" / "operations.md").read_text()
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
