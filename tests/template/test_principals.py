"""Principals: the role of each function, and who is allowed to invoke functions and to use the event bus."""

from typing import Any

import pytest

from ai_integrations.contracts.published_events import SOURCE
from tests import sam_template
from tests.sam_template import of_type, processed
from tests.template.test_permissions import POLICIES, actions

# The services that assume the other roles. Every function's role is assumed by Lambda.
SERVICES = {"LoggingRole": "apigateway", "SweepFunctionHourlyRole": "scheduler", "CodeDeployServiceRole": "codedeploy"}
ACTS_FOR_ONE_ACCOUNT = {"scheduler", "codedeploy"}
BUS_USERS = {"ProvisionFunctionRole", "PublishChangesFunctionRole", "SweepFunctionRole"}
ROLES = of_type(processed(GradualDeployment="Canary10Percent5Minutes"), "AWS::IAM::Role")


def role_policy(name: str) -> list[dict[str, Any]]:
    """Return the policy statements of a role."""
    return [each for policy in ROLES[name]["Properties"]["Policies"] for each in policy["PolicyDocument"]["Statement"]]


def test_bus_policy_allows_nothing_and_denies_the_source_of_the_service_to_all_but_its_publishers() -> None:
    [bus] = sam_template.resources("AWS::Events::EventBus").values()
    assert "Policy" not in bus["Properties"]
    [policy] = sam_template.resources("AWS::Events::EventBusPolicy").values()
    assert policy["Properties"]["EventBusName"] == {"Ref": "Bus"}
    statement = policy["Properties"]["Statement"]
    assert policy["Properties"]["StatementId"] == statement["Sid"]
    assert (statement["Effect"], statement["Principal"], statement["Action"]) == ("Deny", "*", "events:PutEvents")
    assert statement["Resource"] == {"Fn::GetAtt": ["Bus", "Arn"]}
    assert statement["Condition"] == {
        "ForAnyValue:StringEquals": {"events:source": SOURCE},
        "ArnNotEquals": {
            "aws:PrincipalArn": [{"Fn::GetAtt": [name, "Arn"]} for name in sorted(BUS_USERS)],
        },
    }


def test_only_functions_of_the_stack_are_allowed_to_use_the_bus() -> None:
    allowed = {
        path.split("/")[1]
        for path, statements in POLICIES.items()
        for statement in statements
        if statement["Effect"] == "Allow" and any(action.startswith("events:") for action in actions(statement))
    }
    assert allowed == BUS_USERS


def test_only_api_gateway_is_allowed_to_invoke_a_function_by_resource_policy() -> None:
    resources: dict[str, Any] = processed()
    permissions = [each["Properties"] for each in of_type(resources, "AWS::Lambda::Permission").values()]
    assert {each["Principal"] for each in permissions} == {"apigateway.amazonaws.com"}
    assert all("${__ApiId__}" in each["SourceArn"]["Fn::Sub"][0] for each in permissions)
    assert of_type(resources, "AWS::Lambda::Url") == {}


def test_only_two_managed_policies_allow_principals_outside_the_stack_anything() -> None:
    """tests/template/test_consumers.py has what they allow."""
    resources: dict[str, Any] = processed()
    assert of_type(resources, "AWS::IAM::ManagedPolicy").keys() == {"ConsumerPolicy", "ResolveForEveryAccountPolicy"}
    assert not {each["Type"] for each in resources.values()} & {"AWS::IAM::User", "AWS::IAM::Group", "AWS::IAM::Policy"}


FROM_THIS_ACCOUNT = {"StringEquals": {"aws:SourceAccount": {"Ref": "AWS::AccountId"}}}


def test_only_the_service_that_needs_a_role_can_assume_it() -> None:
    trusts = {name: each["Properties"]["AssumeRolePolicyDocument"]["Statement"] for name, each in ROLES.items()}
    services = {name: each["Principal"]["Service"] for name, [each] in trusts.items()}
    assert services.pop("LoggingRole") == "apigateway.amazonaws.com"
    assert services.pop("SweepFunctionHourlyRole") == "scheduler.amazonaws.com"
    assert services.pop("CodeDeployServiceRole") == "codedeploy.amazonaws.com"
    assert set(services.values()) == {"lambda.amazonaws.com"}
    assert all(each["Principal"].keys() == {"Service"} for [each] in trusts.values())
    for name in ("SweepFunctionHourlyRole", "CodeDeployServiceRole"):
        assert trusts[name][0]["Condition"] == FROM_THIS_ACCOUNT


def test_schedule_may_only_invoke_the_sweep() -> None:
    [statement] = role_policy("SweepFunctionHourlyRole")
    assert (statement["Action"], statement["Resource"]) == (
        "lambda:InvokeFunction",
        {"Fn::GetAtt": ["SweepFunction", "Arn"]},
    )


def test_codedeploy_may_only_move_traffic_between_versions_of_published_functions() -> None:
    shift, describe = role_policy("CodeDeployServiceRole")
    assert shift["Action"] == ["lambda:GetAlias", "lambda:GetProvisionedConcurrencyConfig", "lambda:UpdateAlias"]
    aliases = of_type(processed(), "AWS::Lambda::Alias").values()
    published = [each["Properties"]["FunctionName"]["Ref"] for each in aliases]
    named = [sam_template.switched_on(each) for each in shift["Resource"]]
    assert len(named) == 2 * len(published)
    for name in published:
        assert {"Fn::GetAtt": [name, "Arn"]} in named
        assert {"Fn::Sub": f"${{{name}.Arn}}:live"} in named
    groups = of_type(processed(GradualDeployment="Canary10Percent5Minutes"), "AWS::CodeDeploy::DeploymentGroup")
    [watched] = {
        alarm["Name"]["Ref"]
        for group in groups.values()
        for alarm in group["Properties"]["AlarmConfiguration"]["Alarms"]
    }
    # CodeDeploy stops a deployment whose alarm it cannot describe.
    assert describe["Action"] == "cloudwatch:DescribeAlarms"
    assert describe["Resource"] == {"Fn::GetAtt": [watched, "Arn"]}


def test_role_keeps_the_policy_name_that_sam_generated() -> None:
    """An update then replaces the policy in one step. With another name, it may delete the old one first."""
    functions = of_type(processed(), "AWS::Lambda::Function")
    names = {
        name: [each["PolicyName"] for each in ROLES[f"{name}Role"]["Properties"]["Policies"]] for name in functions
    }
    assert names == {name: [f"{name}RolePolicy0"] for name in functions}


def test_each_function_has_a_role_of_its_own() -> None:
    functions = of_type(processed(), "AWS::Lambda::Function")
    roles = {name: each["Properties"]["Role"]["Fn::GetAtt"][0] for name, each in functions.items()}
    assert roles == {name: f"{name}Role" for name in functions}


@pytest.mark.parametrize("name", ROLES)
def test_role_is_assumed_by_one_service_of_aws_only(name: str) -> None:
    [statement] = ROLES[name]["Properties"]["AssumeRolePolicyDocument"]["Statement"]
    service = SERVICES.get(name, "lambda")
    this_account = {"StringEquals": {"aws:SourceAccount": {"Ref": "AWS::AccountId"}}}
    assert (statement["Effect"], statement["Action"]) == ("Allow", "sts:AssumeRole")
    assert statement["Principal"] == {"Service": f"{service}.amazonaws.com"}
    assert statement.get("Condition") == (this_account if service in ACTS_FOR_ONE_ACCOUNT else None)


def test_function_roles_are_assumed_by_lambda() -> None:
    assert ROLES.keys() - SERVICES.keys() == {
        f"{name}Role" for name in sam_template.resources("AWS::Serverless::Function")
    }
