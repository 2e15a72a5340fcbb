"""Principals: the role of each function, and who is allowed to invoke functions and to use the event bus."""

from typing import Any

from tests import sam_template
from tests.sam_template import of_type, processed
from tests.template.test_permissions import POLICIES, actions

BUS_USERS = {"ProvisionFunctionRole", "PublishChangesFunctionRole", "SweepFunctionRole"}


def test_bus_has_no_resource_policy() -> None:
    [bus] = sam_template.resources("AWS::Events::EventBus").values()
    assert "Policy" not in bus["Properties"]
    assert sam_template.resources("AWS::Events::EventBusPolicy") == {}


def test_only_functions_of_the_stack_are_allowed_to_use_the_bus() -> None:
    allowed = {
        path.split("/")[1]
        for path, statements in POLICIES.items()
        for statement in statements
        if any(action.startswith("events:") for action in actions(statement))
    }
    assert allowed == BUS_USERS


def test_only_api_gateway_is_allowed_to_invoke_a_function_by_resource_policy() -> None:
    resources: dict[str, Any] = processed()
    permissions = [each["Properties"] for each in of_type(resources, "AWS::Lambda::Permission").values()]
    assert {each["Principal"] for each in permissions} == {"apigateway.amazonaws.com"}
    assert all("${__ApiId__}" in each["SourceArn"]["Fn::Sub"][0] for each in permissions)
    assert of_type(resources, "AWS::Lambda::Url") == {}


def test_only_the_consumer_policy_allows_principals_outside_the_stack_to_invoke_a_function() -> None:
    resources: dict[str, Any] = processed()
    assert of_type(resources, "AWS::IAM::ManagedPolicy").keys() == {"ConsumerPolicy"}
    assert not {each["Type"] for each in resources.values()} & {"AWS::IAM::User", "AWS::IAM::Group", "AWS::IAM::Policy"}


def test_each_function_has_a_role_of_its_own() -> None:
    functions = of_type(processed(), "AWS::Lambda::Function")
    roles = {name: each["Properties"]["Role"]["Fn::GetAtt"][0] for name, each in functions.items()}
    assert roles == {name: f"{name}Role" for name in functions}
