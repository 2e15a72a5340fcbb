"""Who may resolve integrations: nobody by default, and then the roles that an operator names."""

import json
import tomllib
from typing import Any

from tests import sam_template
from tests.builders import ROOT

RESOURCES: dict[str, Any] = sam_template.template()["Resources"]
POLICY: dict[str, Any] = RESOURCES["ConsumerPolicy"]["Properties"]


def test_lets_nobody_resolve_by_default() -> None:
    assert sam_template.template()["Parameters"]["ConsumerRoles"]["Default"] == ""
    assert POLICY["Roles"] == {"Fn::If": ["HasConsumerRoles", {"Ref": "ConsumerRoles"}, {"Ref": "AWS::NoValue"}]}
    permissions = sam_template.resources("AWS::Lambda::Permission").values()
    assert "CredentialsFunction" not in json.dumps([each["Properties"] for each in permissions])
    assert "Events" not in sam_template.functions()["credentials"]


def test_lets_consumers_invoke_the_one_function() -> None:
    (statement,) = POLICY["PolicyDocument"]["Statement"]
    assert statement["Action"] == "lambda:InvokeFunction"
    assert statement["Resource"] == {"Fn::GetAtt": ["CredentialsFunction", "Arn"]}


def test_gives_other_stacks_the_policy_to_attach() -> None:
    assert sam_template.template()["Outputs"]["ConsumerPolicyArn"]["Value"] == {"Ref": "ConsumerPolicy"}


def test_gives_other_stacks_the_client_to_attach() -> None:
    layer = RESOURCES["ClientLayer"]
    assert layer["Metadata"]["BuildMethod"] == "python3.13"
    assert layer["Properties"]["ContentUri"] == "layers/client"
    assert layer["Properties"]["RetentionPolicy"] == "Retain"
    assert sam_template.template()["Outputs"]["ClientLayerArn"]["Value"] == {"Ref": "ClientLayer"}


def test_packages_the_client_for_pip_with_one_dependency() -> None:
    project = tomllib.loads((ROOT / "layers/client/pyproject.toml").read_text())["project"]
    assert [each.partition(">")[0] for each in project["dependencies"]] == ["boto3"]
    assert (ROOT / "layers/client/ai_integrations_client/py.typed").exists()
