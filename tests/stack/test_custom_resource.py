"""Stacks that declare integrations, deployed beside the service: after each step there is what the stack says."""

import json
from collections.abc import Iterator
from copy import deepcopy
from typing import Any
from uuid import uuid4

import pytest
from tools.local.template import load

from tests.builders import ROOT
from tests.stack.conftest import Stack
from tests.stack.platform import Platform, until

EXAMPLE = load(ROOT / "docs/examples/custom-resource.yaml")


class Declaration:
    """A stack of an application, from the example of the documentation."""

    def __init__(self, platform: Platform) -> None:
        self._cloudformation = platform.cloudformation
        self.name = f"app-{uuid4().hex[:12]}"

    def create(self, template: dict[str, Any] = EXAMPLE, **parameters: str) -> str:
        self._cloudformation.create_stack(StackName=self.name, **_asked(template, parameters))
        return self._status()

    def update(self, template: dict[str, Any] = EXAMPLE, **parameters: str) -> str:
        self._cloudformation.update_stack(StackName=self.name, **_asked(template, parameters))
        return self._status()

    def delete(self) -> None:
        self._cloudformation.delete_stack(StackName=self.name)
        self._cloudformation.get_waiter("stack_delete_complete").wait(
            StackName=self.name, WaiterConfig={"Delay": 0.1, "MaxAttempts": 100}
        )

    def outputs(self) -> dict[str, str]:
        return {each["OutputKey"]: each["OutputValue"] for each in self._described()["Outputs"]}

    def reasons(self) -> list[str]:
        events = self._cloudformation.describe_stack_events(StackName=self.name)["StackEvents"]
        return [each.get("ResourceStatusReason", "") for each in events if each["ResourceStatus"].endswith("FAILED")]

    def _status(self) -> str:
        until(lambda: "IN_PROGRESS" not in self._described()["StackStatus"], within=20)
        return str(self._described()["StackStatus"])

    def _described(self) -> Any:
        return self._cloudformation.describe_stacks(StackName=self.name)["Stacks"][0]


def _asked(template: dict[str, Any], parameters: dict[str, str]) -> dict[str, Any]:
    given = [{"ParameterKey": name, "ParameterValue": value} for name, value in parameters.items()]
    return {"TemplateBody": json.dumps(template), "Parameters": given}


@pytest.fixture
def platform(stack: Stack) -> Platform:
    return Platform(stack, f"account-{uuid4().hex}")


@pytest.fixture
def declaration(platform: Platform) -> Iterator[Declaration]:
    declaration = Declaration(platform)
    yield declaration
    declaration.delete()


def names(platform: Platform) -> list[str]:
    return [item["name"]["S"] for item in platform.items("INTEGRATION#")]


def changed(**integration: Any) -> dict[str, Any]:
    """Return the example with other properties of its integration; `...` takes one out."""
    template = deepcopy(EXAMPLE)
    properties = template["Resources"]["OpenAi"]["Properties"]
    properties["Integration"] |= integration
    properties["Integration"] = {name: value for name, value in properties["Integration"].items() if value is not ...}
    return template


def test_creates_changes_and_deletes_what_a_stack_says(platform: Platform, declaration: Declaration) -> None:
    assert declaration.create(Account=platform.account) == "CREATE_COMPLETE"
    made = declaration.outputs()
    assert (made["Version"], made["HasApiKey"]) == ("1", "true")
    [item] = platform.items("INTEGRATION#")
    assert (item["name"]["S"], item["enable_default_models"]["BOOL"]) == ("Production OpenAI", True)
    renamed = changed(model_names=..., api_key_secret_arn=...)
    assert declaration.update(renamed, Account=platform.account, Name="Renamed") == "UPDATE_COMPLETE"
    assert declaration.outputs() == {**made, "Version": "2", "HasApiKey": "false"}
    [item] = platform.items("INTEGRATION#")
    assert (item["name"]["S"], "model_names" in item) == ("Renamed", False)
    declaration.delete()
    assert names(platform) == []


def test_replaces_an_integration_that_goes_to_another_account(
    stack: Stack, platform: Platform, declaration: Declaration
) -> None:
    other = Platform(stack, f"account-{uuid4().hex}")
    declaration.create(Account=platform.account)
    made = declaration.outputs()["IntegrationId"]
    assert declaration.update(Account=other.account) == "UPDATE_COMPLETE"
    assert declaration.outputs()["IntegrationId"] != made
    assert (names(platform), names(other)) == ([], ["Production OpenAI"])


def test_leaves_nothing_of_a_refused_creation(platform: Platform, declaration: Declaration) -> None:
    assert declaration.create(changed(provider="awsBedrock"), Account=platform.account) == "ROLLBACK_COMPLETE"
    assert "The request breaks a rule. /provider_metadata/role_arn: This provider requires the field." in "".join(
        declaration.reasons()
    )
    assert platform.items() == []


def test_takes_a_creation_back_when_another_part_of_the_stack_fails(
    platform: Platform, declaration: Declaration
) -> None:
    template = deepcopy(EXAMPLE)
    second = deepcopy(template["Resources"]["OpenAi"])
    template["Resources"]["Second"] = second | {"DependsOn": "OpenAi"}  # with a name that is taken by then
    assert declaration.create(template, Account=platform.account) == "ROLLBACK_COMPLETE"
    assert names(platform) == []
    assert len(platform.items("DELETED#")) == 1


def test_takes_a_refused_change_back(platform: Platform, declaration: Declaration) -> None:
    declaration.create(Account=platform.account)
    made = declaration.outputs()
    refused = changed(provider="nobody")
    assert declaration.update(refused, Account=platform.account, Name="Renamed") == "UPDATE_ROLLBACK_COMPLETE"
    assert declaration.outputs() == made
    assert names(platform) == ["Production OpenAI"]
