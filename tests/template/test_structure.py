"""The form of template.yaml itself: YAML anchors, and the names of outputs that other files use."""

import re
from collections import Counter

import yaml  # type: ignore[import-untyped]

from tests import sam_template
from tests.builders import ROOT

TEXT = (ROOT / "template.yaml").read_text()
TOKENS = list(yaml.scan(TEXT))
ANCHORS = {each.value: each.start_mark.line for each in TOKENS if isinstance(each, yaml.AnchorToken)}
USES = Counter(each.value for each in TOKENS if isinstance(each, yaml.AliasToken))


def section(start: str, end: str) -> range:
    """Return the numbers of the lines from one to another."""
    lines = TEXT.splitlines()
    return range(lines.index(start), lines.index(end))


def test_every_anchor_is_defined_in_the_shared_block() -> None:
    shared = section("  Shared:", "Globals:")
    assert [name for name, line in ANCHORS.items() if line not in shared] == []


def test_every_anchor_is_used_more_than_once() -> None:
    assert [name for name in ANCHORS if USES[name] < 2] == []


def test_every_output_has_a_description() -> None:
    assert all(each["Description"].endswith(".") for each in sam_template.template()["Outputs"].values())


def test_outputs_refer_to_the_resources_that_they_name() -> None:
    outputs = {name: each["Value"] for name, each in sam_template.template()["Outputs"].items()}
    own_address = {"Fn::Sub": "https://${Api}.execute-api.${AWS::Region}.${AWS::URLSuffix}/live"}
    assert outputs.pop("ApiUrl") == {"Fn::If": ["HasDomain", {"Fn::Sub": "https://${DomainName}"}, own_address]}
    assert outputs.pop("KeyArn") == {"Fn::GetAtt": ["Key", "Arn"]}
    assert outputs.pop("CustomResourceServiceToken") == {"Fn::GetAtt": ["CustomResourceFunction", "Arn"]}
    assert outputs.pop("FederationSubject") == {"Fn::GetAtt": ["ExchangeTokenFunctionRole", "Arn"]}
    assert outputs.pop("EventBusName") == {"Ref": "Bus"}
    assert outputs == {name: {"Ref": re.sub("(Arn|Id|Name|Url)$", "", name)} for name in outputs}


def test_only_what_other_stacks_need_is_exported() -> None:
    outputs = sam_template.template()["Outputs"].items()
    assert {name: each["Export"]["Name"] for name, each in outputs if "Export" in each} == {
        "CustomResourceServiceToken": {"Fn::Sub": "${AWS::StackName}-custom-resource"},
        "ConsumerPolicyArn": {"Fn::Sub": "${AWS::StackName}-consumer-policy"},
    }


def test_documents_and_scripts_use_only_outputs_that_exist() -> None:
    """In shell commands, an output is `$(output Name)`, `invoke Name` or a variable `$Name`."""
    files = [
        *ROOT.glob("docs/**/*.md"),
        ROOT / "README.md",
        ROOT / "SECURITY.md",
        ROOT / ".github" / "issue-smoke-test-key",
    ]
    pattern = re.compile(r"\b(?:output|invoke) ([A-Z][a-z]\w+)|\$\{?([A-Z][A-Za-z]*[a-z][A-Za-z]*)\b")
    used = {next(filter(None, names)) for file in files for names in pattern.findall(file.read_text())}
    assert used - sam_template.template()["Outputs"].keys() - sam_template.template()["Resources"].keys() == set()
