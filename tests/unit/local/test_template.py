import copy

import pytest
from tools.local.template import OMITTED_TYPES, Template, for_emulator, functions, load, resources, tables_lost
from tools.local.workspace import ROOT

TEMPLATE: Template = {
    "Globals": {"Function": {"Runtime": "python3.13", "Layers": [{"Ref": "Layer"}]}},
    "Resources": {
        "Layer": {"Type": "AWS::Serverless::LayerVersion", "Properties": {"ContentUri": "layers/x"}},
        "Group": {"Type": "AWS::Logs::LogGroup"},
        "Function": {
            "Type": "AWS::Serverless::Function",
            "Properties": {
                "CodeUri": "functions/x",
                "Runtime": "python3.12",
                "LoggingConfig": {"LogGroup": {"Ref": "Group"}},
                "DeploymentPreference": {"Type": "AllAtOnce"},
                "Environment": {"Variables": {"COLOUR": "red"}},
            },
        },
    },
    "Outputs": {"LayerArn": {"Value": {"Ref": "Layer"}}, "Name": {"Value": {"Ref": "Function"}}},
}
PACKAGES = {"Function": "s3://bucket/key"}
ENDPOINT = "http://127.0.0.1:4570"


def a_table(**properties: object) -> Template:
    table = {"KeySchema": [{"AttributeName": "pk", "KeyType": "HASH"}], **properties}
    return {"Resources": {"Table": {"Type": "AWS::DynamoDB::Table", "Properties": table}}}


def test_load_expands_short_forms() -> None:
    template = load(ROOT / "template.yaml")
    assert template["Outputs"]["ApiId"]["Value"] == {"Ref": "Api"}
    assert template["Outputs"]["KeyArn"]["Value"] == {"Fn::GetAtt": ["Key", "Arn"]}


def test_functions_prefers_own_properties_over_globals() -> None:
    function = functions(TEMPLATE)["Function"]
    assert (function["Runtime"], function["Layers"]) == ("python3.12", [{"Ref": "Layer"}])


def test_for_emulator_makes_functions_custom_runtimes_with_their_packages() -> None:
    function = resources(for_emulator(TEMPLATE, PACKAGES, ENDPOINT), "AWS::Serverless::Function")["Function"]
    assert (function["Runtime"], function["CodeUri"]) == ("provided.al2023", "s3://bucket/key")


def test_for_emulator_sets_the_log_group_variable_of_a_function() -> None:
    function = resources(for_emulator(TEMPLATE, PACKAGES, ENDPOINT), "AWS::Serverless::Function")["Function"]
    assert function["Environment"]["Variables"] == {"COLOUR": "red", "AWS_LAMBDA_LOG_GROUP_NAME": {"Ref": "Group"}}


def test_for_emulator_keeps_log_groups_apart_if_functions_share_variables() -> None:
    template = copy.deepcopy(TEMPLATE)
    first = template["Resources"]["Function"]
    second = {**first, "Properties": {**first["Properties"], "LoggingConfig": {"LogGroup": "/other"}}}
    template["Resources"]["Second"] = second
    adapted = resources(
        for_emulator(template, {**PACKAGES, "Second": "s3://b/k"}, ENDPOINT), "AWS::Serverless::Function"
    )
    groups = {name: each["Environment"]["Variables"]["AWS_LAMBDA_LOG_GROUP_NAME"] for name, each in adapted.items()}
    assert groups == {"Function": {"Ref": "Group"}, "Second": "/other"}


def test_for_emulator_omits_unsupported_resources_and_their_references() -> None:
    adapted = for_emulator(TEMPLATE, PACKAGES, ENDPOINT)
    assert adapted["Resources"].keys() == {"Group", "Function"}
    assert adapted["Outputs"].keys() == {"Name"}
    assert "Layers" not in adapted["Globals"]["Function"]
    assert "DeploymentPreference" not in adapted["Resources"]["Function"]["Properties"]


def test_for_emulator_does_not_modify_its_argument() -> None:
    before = copy.deepcopy(TEMPLATE)
    for_emulator(TEMPLATE, PACKAGES, ENDPOINT)
    assert before == TEMPLATE


def test_for_emulator_keeps_all_other_resources_of_the_real_template() -> None:
    template = load(ROOT / "template.yaml")
    adapted = for_emulator(template, dict.fromkeys(functions(template), "s3://bucket/key"), ENDPOINT)
    kept = {name for name, resource in template["Resources"].items() if resource["Type"] not in OMITTED_TYPES}
    assert adapted["Resources"].keys() == kept
    assert adapted["Resources"]["Table"] == template["Resources"]["Table"]
    assert adapted["Outputs"]["ApiUrl"]["Value"] == f"{ENDPOINT}/live"


@pytest.mark.parametrize(
    "wanted",
    [
        {"Resources": {}},
        a_table(TableName="other"),
        a_table(KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}]),
        a_table(LocalSecondaryIndexes=[{"IndexName": "by-name"}]),
    ],
    ids=["dropped", "renamed", "different keys", "added local index"],
)
def test_tables_lost_lists_a_table_that_would_lose_its_items(wanted: Template) -> None:
    assert tables_lost(a_table(), wanted) == ["Table"]


@pytest.mark.parametrize(
    ("deployed", "wanted"),
    [({}, a_table()), (a_table(), a_table()), (a_table(), a_table(StreamSpecification={}, Tags=[]))],
    ids=["first start", "no change", "changed in place"],
)
def test_tables_lost_is_empty_if_every_table_is_kept(deployed: Template, wanted: Template) -> None:
    assert tables_lost(deployed, wanted) == []
