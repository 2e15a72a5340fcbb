import copy

import pytest
from tools.local.template import LEFT_OUT, Template, for_emulator, functions, load, resources, tables_lost
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


def a_table(**properties: object) -> Template:
    table = {"KeySchema": [{"AttributeName": "pk", "KeyType": "HASH"}], **properties}
    return {"Resources": {"Table": {"Type": "AWS::DynamoDB::Table", "Properties": table}}}


def test_spells_out_short_tags() -> None:
    template = load(ROOT / "template.yaml")
    assert template["Outputs"]["ApiId"]["Value"] == {"Ref": "Api"}
    assert template["Outputs"]["KeyArn"]["Value"] == {"Fn::GetAtt": ["Key", "Arn"]}


def test_lets_a_functions_own_properties_win_over_the_shared_ones() -> None:
    function = functions(TEMPLATE)["Function"]
    assert (function["Runtime"], function["Layers"]) == ("python3.12", [{"Ref": "Layer"}])


def test_makes_functions_custom_runtimes_with_the_given_packages() -> None:
    function = resources(for_emulator(TEMPLATE, PACKAGES), "AWS::Serverless::Function")["Function"]
    assert (function["Runtime"], function["CodeUri"]) == ("provided.al2023", "s3://bucket/key")


def test_tells_a_function_its_log_group() -> None:
    function = resources(for_emulator(TEMPLATE, PACKAGES), "AWS::Serverless::Function")["Function"]
    assert function["Environment"]["Variables"] == {"COLOUR": "red", "AWS_LAMBDA_LOG_GROUP_NAME": {"Ref": "Group"}}


def test_gives_no_function_the_log_group_of_one_that_shares_its_variables() -> None:
    template = copy.deepcopy(TEMPLATE)
    first = template["Resources"]["Function"]
    second = {**first, "Properties": {**first["Properties"], "LoggingConfig": {"LogGroup": "/other"}}}
    template["Resources"]["Second"] = second
    adapted = resources(for_emulator(template, {**PACKAGES, "Second": "s3://b/k"}), "AWS::Serverless::Function")
    groups = {name: each["Environment"]["Variables"]["AWS_LAMBDA_LOG_GROUP_NAME"] for name, each in adapted.items()}
    assert groups == {"Function": {"Ref": "Group"}, "Second": "/other"}


def test_leaves_out_what_the_emulator_refuses_and_whatever_lists_it() -> None:
    adapted = for_emulator(TEMPLATE, PACKAGES)
    assert adapted["Resources"].keys() == {"Group", "Function"}
    assert adapted["Outputs"].keys() == {"Name"}
    assert "Layers" not in adapted["Globals"]["Function"]
    assert "DeploymentPreference" not in adapted["Resources"]["Function"]["Properties"]


def test_does_not_touch_the_template_it_was_given() -> None:
    before = copy.deepcopy(TEMPLATE)
    for_emulator(TEMPLATE, PACKAGES)
    assert before == TEMPLATE


def test_keeps_everything_else_of_the_repositorys_template() -> None:
    template = load(ROOT / "template.yaml")
    adapted = for_emulator(template, dict.fromkeys(functions(template), "s3://bucket/key"))
    kept = {name for name, resource in template["Resources"].items() if resource["Type"] not in LEFT_OUT}
    assert adapted["Resources"].keys() == kept
    assert adapted["Resources"]["Table"] == template["Resources"]["Table"]


@pytest.mark.parametrize(
    "wanted",
    [
        {"Resources": {}},
        a_table(TableName="other"),
        a_table(KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}]),
        a_table(LocalSecondaryIndexes=[{"IndexName": "by-name"}]),
    ],
    ids=["dropped", "renamed", "other keys", "another local index"],
)
def test_names_a_table_that_would_not_survive(wanted: Template) -> None:
    assert tables_lost(a_table(), wanted) == ["Table"]


@pytest.mark.parametrize(
    ("deployed", "wanted"),
    [({}, a_table()), (a_table(), a_table()), (a_table(), a_table(StreamSpecification={}, Tags=[]))],
    ids=["first start", "no change", "changed in place"],
)
def test_names_no_table_that_survives(deployed: Template, wanted: Template) -> None:
    assert tables_lost(deployed, wanted) == []
