"""The operators' documents use outputs, log groups and log messages that exist."""

import json
import re
from pathlib import Path

import pytest

from tests import sam_template
from tests.builders import ROOT

DOCUMENTS = [ROOT / "docs" / f"{name}.md" for name in ("deploy", "events", "operations", "performance", "sam-local")]
OPERATIONS = (ROOT / "docs" / "operations.md").read_text()
CODE = "".join(file.read_text() for folder in ("functions", "layers/shared") for file in (ROOT / folder).rglob("*.py"))


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda each: each.stem)
def test_shell_variables_are_outputs_of_the_stack(document: Path) -> None:
    variables = set(re.findall(r"\$\{?([A-Z][a-z]\w+)", document.read_text()))
    assert variables <= sam_template.template()["Outputs"].keys()


@pytest.mark.parametrize("name", sorted(set(re.findall(r"(?:logs|errors) ([a-z-]+) \d+", OPERATIONS))))
def test_queried_log_groups_exist(name: str) -> None:
    groups = [each["Properties"]["LogGroupName"] for each in sam_template.resources("AWS::Logs::LogGroup").values()]
    assert {"Fn::Sub": f"/${{AWS::StackName}}/{name}"} in groups


@pytest.mark.parametrize("message", sorted(set(re.findall(r'message = "([^"]+)"', OPERATIONS))))
def test_queried_log_messages_are_logged(message: str) -> None:
    assert re.search(rf'logger\.info\(\s*"{message}"', CODE)


def logged_fields(function: str) -> set[str]:
    """List the fields of a log, without those of `stats`."""
    if function == "calls":
        stage = sam_template.resources("AWS::Serverless::Api")["Api"]["Properties"]
        access_log = stage["AccessLogSetting"]["Fn::If"][1]
        return set(json.loads(access_log["Format"]))
    return {"@timestamp", "@message", "message", "level", *re.findall(r"(\w+)=", CODE), *re.findall(r'"(\w+)"', CODE)}


@pytest.mark.parametrize(("function", "query"), re.findall(r"logs ([a-z-]+) \d+ \\?\s*'([^']+)'", OPERATIONS))
def test_queries_name_fields_of_the_log(function: str, query: str) -> None:
    without_values = re.sub(r'"[^"]*"|/[^/]*/|count\(\*\)', "", query)
    words = set(re.findall(r"[@\w]+", without_values))
    keywords = {"filter", "like", "display", "stats", "as", "requests", "by", "sort", "desc", "and"}
    assert words - keywords <= logged_fields(function)


def test_queries_of_the_document_are_found() -> None:
    assert len(re.findall(r"\blogs [a-z-]+ \d+ ", OPERATIONS)) == 8
