"""Who may resolve integrations: nobody by default, and then the roles that an operator names."""

import json
from typing import Any

from tests import declared

RESOURCES: dict[str, Any] = declared.template()["Resources"]
POLICY: dict[str, Any] = RESOURCES["ConsumerPolicy"]["Properties"]


def test_lets_nobody_resolve_by_default() -> None:
    assert declared.template()["Parameters"]["ConsumerRoles"]["Default"] == ""
    assert POLICY["Roles"] == {"Fn::If": ["HasConsumerRoles", {"Ref": "ConsumerRoles"}, {"Ref": "AWS::NoValue"}]}
    permissions = declared.resources("AWS::Lambda::Permission").values()
    assert "CredentialsFunction" not in json.dumps([each["Properties"] for each in permissions])
    assert "Events" not in declared.functions()["credentials"]


def test_lets_consumers_invoke_the_one_function() -> None:
    (statement,) = POLICY["PolicyDocument"]["Statement"]
    assert statement["Action"] == "lambda:InvokeFunction"
    assert statement["Resource"] == {"Fn::GetAtt": ["CredentialsFunction", "Arn"]}


def test_gives_other_stacks_the_policy_to_attach() -> None:
    assert declared.template()["Outputs"]["ConsumerPolicyArn"]["Value"] == {"Ref": "ConsumerPolicy"}
