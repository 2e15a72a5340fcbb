"""What template.yaml declares, read from it: nothing of it is written a second time in a test."""

from functools import cache
from typing import Any

from samtranslator.yaml_helper import yaml_parse  # type: ignore[import-untyped]

from tests.builders import ROOT

STACK = "ai-integrations-test"
_TABLE_PROPERTIES = ("BillingMode", "AttributeDefinitions", "KeySchema", "GlobalSecondaryIndexes")


@cache
def template() -> dict[str, Any]:
    """Return the template, short forms such as !Ref written out."""
    loaded: dict[str, Any] = yaml_parse((ROOT / "template.yaml").read_text())
    return loaded


def resources(resource_type: str) -> dict[str, dict[str, Any]]:
    """Return the resources of one type by their logical names."""
    return {name: each for name, each in template()["Resources"].items() if each["Type"] == resource_type}


def functions() -> dict[str, dict[str, Any]]:
    """Return the properties of every function by the name of its folder."""
    every = resources("AWS::Serverless::Function").values()
    return {each["Properties"]["CodeUri"].removeprefix("functions/"): each["Properties"] for each in every}


def table(name: str) -> dict[str, Any]:
    """Return what CreateTable needs to make the stack's table under a name."""
    declared = template()["Resources"]["Table"]["Properties"]
    return {"TableName": name} | {each: declared[each] for each in _TABLE_PROPERTIES if each in declared}


def variables(function: str) -> set[str]:
    """Return the names of the environment variables that a function gets."""
    of_all = template()["Globals"]["Function"]["Environment"]["Variables"]
    return {*of_all, *functions()[function].get("Environment", {}).get("Variables", {})}
