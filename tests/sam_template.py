"""Read facts from template.yaml, so that tests do not repeat them."""

from copy import deepcopy
from functools import cache
from typing import Any

from boto3 import Session
from samtranslator.parser.parser import Parser  # type: ignore[import-untyped]
from samtranslator.translator.translator import Translator  # type: ignore[import-untyped]
from samtranslator.yaml_helper import yaml_parse  # type: ignore[import-untyped]

from tests.builders import AWS_ACCOUNT, ROOT

STACK = "ai-integrations-test"
_PSEUDO_PARAMETERS = {
    "AWS::AccountId": AWS_ACCOUNT,
    "AWS::Partition": "aws",
    "AWS::StackName": STACK,
    "AWS::URLSuffix": "amazonaws.com",
}
_TABLE_PROPERTIES = ("BillingMode", "AttributeDefinitions", "KeySchema", "GlobalSecondaryIndexes")


@cache
def template() -> dict[str, Any]:
    """Parse the template, with short forms such as !Ref expanded."""
    loaded: dict[str, Any] = yaml_parse((ROOT / "template.yaml").read_text())
    return loaded


@cache
def processed(shared_code: str = "1", **parameters: str) -> dict[str, Any]:
    """Build the resources that SAM generates for CloudFormation when `sam deploy` has uploaded all packages."""
    copy = deepcopy(template())
    for name, resource in copy["Resources"].items():
        for part in ("CodeUri", "ContentUri"):
            if part in resource.get("Properties", {}):
                resource["Properties"][part] = f"s3://bucket/{shared_code if name == 'SharedLayer' else 'code'}"
    no_managed_policies: dict[str, str] = {}  # names that SAM would look up in AWS; this template has none
    translator = Translator(no_managed_policies, Parser(), boto_session=Session(region_name="eu-central-1"))
    made: dict[str, Any] = translator.translate(copy, parameters)["Resources"]
    return made


@cache
def deployed(resource_type: str) -> dict[str, dict[str, Any]]:
    """Find the resources of one type that a deployment with default parameters has, by logical id."""
    return of_type(processed(), resource_type)


def of_type(resources: dict[str, Any], resource_type: str) -> dict[str, dict[str, Any]]:
    """Find the resources of one type, by logical id."""
    return {name: each for name, each in resources.items() if each["Type"] == resource_type}


def resources(resource_type: str) -> dict[str, dict[str, Any]]:
    """Find the resources of one type, by logical id."""
    return of_type(template()["Resources"], resource_type)


def functions() -> dict[str, dict[str, Any]]:
    """Find the properties of all functions, by folder name."""
    every = resources("AWS::Serverless::Function").values()
    return {each["Properties"]["CodeUri"].removeprefix("functions/"): each["Properties"] for each in every}


def roles() -> dict[str, dict[str, Any]]:
    """Find the properties of the role of each function that SAM generates, by folder name of the function."""
    roles, generated = deployed("AWS::IAM::Role"), deployed("AWS::Lambda::Function")
    return {
        each["Properties"]["CodeUri"].removeprefix("functions/"): roles[
            generated[name]["Properties"]["Role"]["Fn::GetAtt"][0]
        ]["Properties"]
        for name, each in resources("AWS::Serverless::Function").items()
    }


def role_statements(function: str) -> list[dict[str, Any]]:
    """List the policy statements of a function's role, those of optional features included."""
    return [
        switched_on(each) for policy in roles()[function]["Policies"] for each in policy["PolicyDocument"]["Statement"]
    ]


def switched_on(value: Any) -> Any:
    """Resolve `Fn::If` as if each of its conditions held."""
    return value["Fn::If"][1] if isinstance(value, dict) and "Fn::If" in value else value


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
    return {name: str(_resolved(_by_default(value))) for name, value in {**shared, **own}.items()}


def _by_default(value: Any) -> Any:
    """Resolve `Fn::If`: by default, no condition holds."""
    return value["Fn::If"][2] if isinstance(value, dict) and "Fn::If" in value else value


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
