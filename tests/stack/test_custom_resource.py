"""CloudFormation stacks that declare integrations, deployed next to the service."""

import json
from collections.abc import Iterator
from copy import deepcopy
from typing import Any
from uuid import uuid4

import pytest
from tools.local.template import load

from tests.builders import ROOT
from tests.stack.conftest import Stack
from tests.stack.platform_client import PlatformClient, wait_until

EXAMPLE = load(ROOT / "docs/examples/custom-resource.yaml")


STACK_NAMES = "app-*"


class ApplicationStack:
    """An application's stack, deployed from the example in the documentation."""

    def __init__(self, platform: PlatformClient) -> None:
        self._cloudformation = platform.cloudformation
        self.name = f"app-{uuid4().hex[:12]}"

    def create(self, template: dict[str, Any] = EXAMPLE, **parameters: str) -> str:
        """Create the stack and return its final status."""
        self._cloudformation.create_stack(StackName=self.name, **_stack_arguments(template, parameters))
        return self._wait_for_status()

    def update(self, template: dict[str, Any] = EXAMPLE, **parameters: str) -> str:
        """Update the stack and return its final status."""
        self._cloudformation.update_stack(StackName=self.name, **_stack_arguments(template, parameters))
        return self._wait_for_status()

    def delete(self) -> None:
        self._cloudformation.delete_stack(StackName=self.name)
        self._cloudformation.get_waiter("stack_delete_complete").wait(
            StackName=self.name, WaiterConfig={"Delay": 0.1, "MaxAttempts": 100}
        )

    def try_to_delete(self) -> str:
        """Delete the stack and return its final status."""
        self._cloudformation.delete_stack(StackName=self.name)
        return self._wait_for_status()

    def outputs(self) -> dict[str, str]:
        return {each["OutputKey"]: each["OutputValue"] for each in self._describe()["Outputs"]}

    def failure_reasons(self) -> list[str]:
        events = self._cloudformation.describe_stack_events(StackName=self.name)["StackEvents"]
        return [each.get("ResourceStatusReason", "") for each in events if each["ResourceStatus"].endswith("FAILED")]

    def _wait_for_status(self) -> str:
        wait_until(lambda: "IN_PROGRESS" not in self._describe()["StackStatus"], within=20)
        return str(self._describe()["StackStatus"])

    def _describe(self) -> Any:
        return self._cloudformation.describe_stacks(StackName=self.name)["Stacks"][0]


def _stack_arguments(template: dict[str, Any], parameters: dict[str, str]) -> dict[str, Any]:
    values = [{"ParameterKey": name, "ParameterValue": value} for name, value in parameters.items()]
    return {"TemplateBody": json.dumps(template), "Parameters": values}


def new_account(stack: Stack) -> PlatformClient:
    """Create an account for which the stacks of these tests may act."""
    account = f"account-{uuid4().hex}"
    stack.register_sender(account=account, stack_names=STACK_NAMES)
    return PlatformClient(stack, account)


@pytest.fixture
def platform(stack: Stack) -> PlatformClient:
    return new_account(stack)


@pytest.fixture
def application(platform: PlatformClient) -> Iterator[ApplicationStack]:
    application = ApplicationStack(platform)
    yield application
    application.delete()


def integration_names(platform: PlatformClient) -> list[str]:
    return [item["name"]["S"] for item in platform.items("INTEGRATION#")]


def example_with(**integration: Any) -> dict[str, Any]:
    """Return the example with changed properties of its integration; `...` removes a property."""
    template = deepcopy(EXAMPLE)
    properties = template["Resources"]["OpenAi"]["Properties"]
    properties["Integration"] |= integration
    properties["Integration"] = {name: value for name, value in properties["Integration"].items() if value is not ...}
    return template


def test_stack_create_update_and_delete_apply_to_the_integration(
    platform: PlatformClient, application: ApplicationStack
) -> None:
    assert application.create(Account=platform.account) == "CREATE_COMPLETE"
    created = application.outputs()
    assert (created["Version"], created["HasApiKey"]) == ("1", "true")
    [item] = platform.items("INTEGRATION#")
    assert (item["name"]["S"], item["enable_default_models"]["BOOL"]) == ("Production OpenAI", True)
    changed = example_with(model_names=..., api_key_secret_arn=...)
    assert application.update(changed, Account=platform.account, Name="Renamed") == "UPDATE_COMPLETE"
    assert application.outputs() == {**created, "Version": "2", "HasApiKey": "false"}
    [item] = platform.items("INTEGRATION#")
    assert (item["name"]["S"], "model_names" in item) == ("Renamed", False)
    application.delete()
    assert integration_names(platform) == []


def test_stack_update_of_the_account_replaces_the_integration(
    stack: Stack, platform: PlatformClient, application: ApplicationStack
) -> None:
    other = new_account(stack)
    application.create(Account=platform.account)
    created = application.outputs()["IntegrationId"]
    assert application.update(Account=other.account) == "UPDATE_COMPLETE"
    assert application.outputs()["IntegrationId"] != created
    assert (integration_names(platform), integration_names(other)) == ([], ["Production OpenAI"])


def test_stack_create_with_an_invalid_integration_rolls_back_and_leaves_no_items(
    platform: PlatformClient, application: ApplicationStack
) -> None:
    assert application.create(example_with(provider="awsBedrock"), Account=platform.account) == "ROLLBACK_COMPLETE"
    assert "The request breaks a rule. /provider_metadata/role_arn: This provider requires the field." in "".join(
        application.failure_reasons()
    )
    assert platform.items() == []


def test_stack_create_that_fails_in_another_resource_deletes_the_integration(
    platform: PlatformClient, application: ApplicationStack
) -> None:
    template = deepcopy(EXAMPLE)
    second = deepcopy(template["Resources"]["OpenAi"])
    template["Resources"]["Second"] = second | {"DependsOn": "OpenAi"}  # fails: the first one has the same name
    assert application.create(template, Account=platform.account) == "ROLLBACK_COMPLETE"
    assert integration_names(platform) == []
    assert len(platform.items("DELETED#")) == 1


def test_stack_update_with_an_invalid_integration_rolls_back_to_the_previous_one(
    platform: PlatformClient, application: ApplicationStack
) -> None:
    application.create(Account=platform.account)
    created = application.outputs()
    invalid = example_with(provider="unknown")
    assert application.update(invalid, Account=platform.account, Name="Renamed") == "UPDATE_ROLLBACK_COMPLETE"
    assert application.outputs() == created
    assert integration_names(platform) == ["Production OpenAI"]


def test_stack_of_an_unregistered_account_rolls_back_and_names_what_to_do(
    stack: Stack, application: ApplicationStack
) -> None:
    other = PlatformClient(stack, f"account-{uuid4().hex}")
    assert application.create(Account=other.account) == "ROLLBACK_COMPLETE"
    assert "Ask an operator to register the source of the event, or the stack" in "".join(application.failure_reasons())
    assert other.items() == []


def test_stack_whose_registration_was_removed_keeps_its_integration_until_it_is_registered_again(
    stack: Stack, platform: PlatformClient, application: ApplicationStack
) -> None:
    application.create(Account=platform.account)
    stack.remove_sender(account=platform.account, stack_names=STACK_NAMES)
    assert application.try_to_delete() == "DELETE_FAILED"
    assert integration_names(platform) == ["Production OpenAI"]
    stack.register_sender(account=platform.account, stack_names=STACK_NAMES)
    application.delete()
    assert integration_names(platform) == []
