"""The operators' documents use outputs and log groups that exist."""

import re
from pathlib import Path

import pytest

from tests import sam_template
from tests.builders import ROOT

NAMES = ("deploy", "events", "federation", "operations", "performance", "sam-local")
DOCUMENTS = [ROOT / "docs" / f"{name}.md" for name in NAMES]
OPERATIONS = (ROOT / "docs" / "operations.md").read_text()


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda each: each.stem)
def test_shell_variables_are_outputs_of_the_stack(document: Path) -> None:
    variables = set(re.findall(r"\$\{?([A-Z][a-z]\w+)", document.read_text()))
    assert variables <= sam_template.template()["Outputs"].keys()


@pytest.mark.parametrize("name", sorted(set(re.findall(r"(?:logs|errors) ([a-z-]+) \d+", OPERATIONS))))
def test_queried_log_groups_exist(name: str) -> None:
    groups = [each["Properties"]["LogGroupName"] for each in sam_template.resources("AWS::Logs::LogGroup").values()]
    assert {"Fn::Sub": f"/${{AWS::StackName}}/{name}"} in groups
