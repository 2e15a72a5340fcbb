"""Consumers: which programs may resolve integrations, and what the stack provides for them."""

import tomllib
from typing import Any

from tests import sam_template
from tests.builders import ROOT

RESOURCES: dict[str, Any] = sam_template.template()["Resources"]
POLICY: dict[str, Any] = RESOURCES["ConsumerPolicy"]["Properties"]
BROKER_POLICY: dict[str, Any] = RESOURCES["ResolveForEveryAccountPolicy"]["Properties"]
ROUTES = {("POST", "/v2/credentials"), ("POST", "/v2/ai-integrations/{integration_id}/credentials")}
STAGE = "arn:${AWS::Partition}:execute-api:${AWS::Region}:${AWS::AccountId}:${Api}/live"


def test_consumer_policy_with_default_parameters_has_no_roles() -> None:
    assert sam_template.template()["Parameters"]["ConsumerRoles"]["Default"] == ""
    assert POLICY["Roles"] == {"Fn::If": ["HasConsumerRoles", {"Ref": "ConsumerRoles"}, {"Ref": "AWS::NoValue"}]}


def test_credentials_function_has_no_trigger_but_the_routes_of_the_api() -> None:
    events = sam_template.functions()["credentials"]["Events"].values()
    assert {each["Type"] for each in events} == {"Api"}
    paths = {path for _, path in ROUTES}
    assert {(each["Properties"]["Method"], each["Properties"]["Path"]) for each in events} == ROUTES | {
        ("ANY", path) for path in paths
    }


def test_consumer_policy_allows_only_signed_requests_for_credentials() -> None:
    (statement,) = POLICY["PolicyDocument"]["Statement"]
    assert (statement["Effect"], statement["Action"]) == ("Allow", "execute-api:Invoke")
    allowed = {each["Fn::Sub"] for each in statement["Resource"]}
    assert allowed == {f"{STAGE}/{method}{path.replace('{integration_id}', '*')}" for method, path in ROUTES}


def test_policy_for_brokers_allows_only_invoking_the_credentials_function() -> None:
    (statement,) = BROKER_POLICY["PolicyDocument"]["Statement"]
    assert (statement["Effect"], statement["Action"]) == ("Allow", "lambda:InvokeFunction")
    assert statement["Resource"] == {"Fn::GetAtt": ["CredentialsFunction", "Arn"]}


def test_policy_for_brokers_is_attached_to_nothing_and_its_description_names_every_account() -> None:
    assert BROKER_POLICY.keys() == {"Description", "PolicyDocument"}
    assert "every account" in BROKER_POLICY["Description"]
    output = sam_template.template()["Outputs"]["ResolveForEveryAccountPolicyArn"]
    assert output["Value"] == {"Ref": "ResolveForEveryAccountPolicy"}
    assert "every account" in output["Description"]


def test_client_layer_is_an_output_and_keeps_its_old_versions() -> None:
    layer = RESOURCES["ClientLayer"]
    assert layer["Metadata"]["BuildMethod"] == "python3.13"
    assert layer["Properties"]["ContentUri"] == "layers/client"
    assert layer["Properties"]["RetentionPolicy"] == "Retain"
    assert layer["Properties"]["CompatibleRuntimes"] == ["python3.11", "python3.12", "python3.13"]
    assert sam_template.template()["Outputs"]["ClientLayerArn"]["Value"] == {"Ref": "ClientLayer"}


def test_client_package_is_typed_and_requires_only_boto3() -> None:
    project = tomllib.loads((ROOT / "layers/client/pyproject.toml").read_text())["project"]
    assert [each.partition(">")[0] for each in project["dependencies"]] == ["boto3"]
    assert (ROOT / "layers/client/ai_integrations_client/py.typed").exists()
