"""Read facts from template.yaml, so that tests do not repeat them."""

from functools import cache
from typing import Any

from samtranslator.yaml_helper import yaml_parse  # type: ignore[import-untyped]

from tests.builders import AWS_ACCOUNT, ROOT

STACK = "ai-integrations-test"
_PSEUDO_PARAMETERS = {"AWS::StackName": STACK, "AWS::AccountId": AWS_ACCOUNT, "AWS::URLSuffix": "amazonaws.com"}
_TABLE_PROPERTIES = ("BillingMode", "AttributeDefinitions", "KeySchema", "GlobalSecondaryIndexes")


@cache
def template() -> dict[str, Any]:
    """Parse the template, with short forms such as !Ref expanded."""
    loaded: dict[str, Any] = yaml_parse((ROOT / "template.yaml").read_text())
    return loaded


def resources(resource_type: str) -> dict[str, dict[str, Any]]:
    """Find the resources of one type, by logical id."""
    return {name: each for name, each in template()["Resources"].items() if each["Type"] == resource_type}


def functions() -> dict[str, dict[str, Any]]:
    """Find the properties of all functions, by folder name."""
    every = resources("AWS::Serverless::Function").values()
    return {each["Properties"]["CodeUri"].removeprefix("functions/"): each["Properties"] for each in every}


def synchronous_functions() -> list[str]:
    """List the functions that API Gateway invokes."""
    serving = [
        name
        for name, each in functions().items()
        if any(event["Type"] == "Api" for event in each.get("Events", {}).values())
    ]
    return ["authorizer", *serving]


def table(name: str) -> dict[str, Any]:
    """Build the CreateTable parameters for a copy of the table with this name."""
    declared = template()["Resources"]["Table"]["Properties"]
    return {"TableName": name} | {each: declared[each] for each in _TABLE_PROPERTIES if each in declared}


def environment(function: str) -> dict[str, str]:
    """Build the environment of a function for a deployment with default parameters."""
    shared = template()["Globals"]["Function"]["Environment"]["Variables"]
    own = functions()[function].get("Environment", {}).get("Variables", {})
    return {name: str(_resolved(value)) for name, value in {**shared, **own}.items()}


def _resolved(value: Any) -> Any:
    match value:
        case {"Ref": name} if name in _PSEUDO_PARAMETERS:
            return _PSEUDO_PARAMETERS[name]
        case {"Ref": name} if name in template()["Parameters"]:
            declared = template()["Parameters"][name]
            return declared["Default"].split(",") if declared["Type"] == "CommaDelimitedList" else declared["Default"]
        case {"Ref": name}:
            return f"{STACK}-{name}"
        case {"Fn::GetAtt": [name, "Arn"]}:
            return f"arn:aws:fake:eu-central-1:123456789012:{name}"
        case {"Fn::Join": [separator, parts]}:
            values = _resolved(parts)
            return separator.join(_resolved(each) for each in values)
    return value
