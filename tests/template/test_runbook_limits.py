"""docs/operations.md, "Stop a runaway client": its shell commands, run with a stand-in for the AWS CLI."""

import json
import re
import subprocess
import textwrap

import pytest

from tests import sam_template
from tests.builders import ROOT
from tests.sam_template import of_type, processed

SECTION = (ROOT / "docs" / "operations.md").read_text().partition("## Stop a runaway client")[2].partition("\n## ")[0]
BLOCKS = [textwrap.dedent(each) for each in re.findall(r"```sh\n(.*?)```", SECTION, re.DOTALL)]
# Prints the patch of a stage on one line, and the default value of a parameter.
AWS = """
set -eu
aws() {
  case "$1 $2" in
    'apigateway update-stage') printf '%%s\\n' "${!#}" | tr -d '\\n'; echo ;;
    'cloudformation describe-stacks') case "${!#}" in %s esac ;;
  esac
}
"""
Limits = dict[str, tuple[str, str]]


def limits(*blocks: str) -> Limits:
    """Run blocks of shell commands, and return the rate and burst limits that they set, by path."""
    parameters = sam_template.template()["Parameters"]
    cases = " ".join(f"*\"'{name}'\"*) echo {each['Default']!r} ;;" for name, each in parameters.items())
    script = "\n".join([AWS % cases, "ApiId=api STACK=stack", *blocks])
    run = subprocess.run(["bash", "-c", script], capture_output=True, text=True, check=True)  # noqa: S603, S607
    patches = [json.loads(line) for line in run.stdout.splitlines()]
    return {
        rate["path"].removeprefix("/").removesuffix("/throttling/rateLimit"): (rate["value"], burst["value"])
        for rate, burst in patches
    }


def declared() -> Limits:
    """Read the limits of the stage that SAM generates, by path."""
    [stage] = of_type(processed(), "AWS::ApiGateway::Stage").values()
    parameters = sam_template.template()["Parameters"]
    found = {}
    for each in stage["Properties"]["MethodSettings"]:
        path = "*" if each["ResourcePath"] == "/*" else each["ResourcePath"].removeprefix("/")
        values = [each["ThrottlingRateLimit"], each["ThrottlingBurstLimit"]]
        rate, burst = (
            str(parameters[value["Ref"]]["Default"] if isinstance(value, dict) else value) for value in values
        )
        found[f"{path}/{each['HttpMethod']}"] = (rate, burst)
    return found


@pytest.fixture
def blocks() -> list[str]:
    found = [each for each in BLOCKS if re.search(r"\blimit\b", each)]
    assert len(found) == 4
    return found


def closed(*blocks: str) -> set[str]:
    return {path for path, each in limits(*blocks).items() if each == ("0", "0")}


def test_closing_the_api_sets_every_limit_but_those_of_consumers_to_zero(blocks: list[str]) -> None:
    define, close, _, _ = blocks
    assert closed(define, close) == {path for path in declared() if "credentials" not in path}


def test_closing_the_routes_of_consumers_sets_only_their_limits_to_zero(blocks: list[str]) -> None:
    define, _, close, _ = blocks
    assert closed(define, close) == {path for path in declared() if "credentials" in path}


def test_undoing_it_sets_every_limit_to_the_value_in_the_template(blocks: list[str]) -> None:
    define, _, _, restore = blocks
    assert limits(define, restore) == declared()


def test_troubleshooting_names_every_route_whose_limits_no_parameter_sets() -> None:
    [stage] = of_type(processed(), "AWS::ApiGateway::Stage").values()
    fixed = {
        f"{each['HttpMethod']} {each['ResourcePath'].replace('~1', '/')[1:]}"
        for each in stage["Properties"]["MethodSettings"]
        if not isinstance(each["ThrottlingRateLimit"], dict)
    }
    names = {
        "POST /v2/ai-integrations": "Creates",
        "POST /v2/ai-integrations/{integration_id}/restore": "restores",
        "PATCH /v2/ai-integrations/{integration_id}": "`PATCH`",
        "POST /v2/ai-integrations/{integration_id}/key-rotations": "rotations",
        "POST /v2/ai-integrations/test": "both connection tests",
        "POST /v2/ai-integrations/{integration_id}/test": "both connection tests",
    }
    assert fixed == names.keys()
    troubleshooting = (ROOT / "docs" / "troubleshooting.md").read_text()
    [sentence] = re.findall(r"[^.|]* have \[fixed limits\]", troubleshooting)
    assert all(name in sentence for name in names.values())
