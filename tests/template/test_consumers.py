"""Consumers: which programs may resolve integrations, and what the stack provides for them."""

import json
import tomllib
from typing import Any

from tests import sam_template
from tests.builders import ROOT

RESOURCES: dict[str, Any] = sam_template.template()["Resources"]
POLICY: dict[str, Any] = RESOURCES["ConsumerPolicy"]["Properties"]


def test_consumer_policy_with_default_parameters_has_no_roles() -> None:
    assert sam_template.template()["Parameters"]["ConsumerRoles"]["Default"] == ""
    assert POLICY["Roles"] == {"Fn::If": ["HasConsumerRoles", {"Ref": "ConsumerRoles"}, {"Ref": "AWS::NoValue"}]}


def test_credentials_function_has_no_trigger_and_no_resource_policy() -> None:
    permissions = sam_template.resources("AWS::Lambda::Permission").values()
    assert "CredentialsFunction" not in json.dumps([each["Properties"] for each in permissions])
    assert "Events" not in sam_template.functions()["credentials"]


def test_consumer_policy_allows_only_invoking_the_credentials_function() -> None:
    (statement,) = POLICY["PolicyDocument"]["Statement"]
    assert statement["Action"] == "lambda:InvokeFunction"
    assert statement["Resource"] == {"Fn::GetAtt": ["CredentialsFunction", "Arn"]}


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
