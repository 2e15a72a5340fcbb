"""The repository's template, and what of it is written differently for the emulator."""

import copy
from pathlib import Path
from typing import Any, cast

from samtranslator.yaml_helper import yaml_parse  # type: ignore[import-untyped]

Template = dict[str, Any]

# Types that the emulator refuses, or that have another stand-in here. Whatever lists them here is absent locally.
LEFT_OUT = {
    "AWS::Serverless::LayerVersion": "the layers' folders are on the functions' search path",
    "AWS::ApplicationAutoScaling::ScalableTarget": "refused",
    "AWS::Budgets::Budget": "refused",
    "AWS::CloudWatch::CompositeAlarm": "refused",
    "AWS::CodeDeploy::Application": "refused",
    "AWS::CodeDeploy::DeploymentGroup": "refused",
    "AWS::Events::ApiDestination": "refused",
    "AWS::Events::Archive": "refused",
    "AWS::Events::Connection": "refused",
    "AWS::Events::EventBusPolicy": "refused",
    "AWS::Logs::QueryDefinition": "refused",
    "AWS::ResourceGroups::Group": "refused",
    "AWS::SecretsManager::ResourcePolicy": "refused",
    "AWS::SecretsManager::RotationSchedule": "refused",
    "AWS::WAFv2::WebACLAssociation": "refused",
}
# What a table can not change and keep its items; any other property is changed in place.
TABLE_IDENTITY = ("TableName", "KeySchema", "LocalSecondaryIndexes")
# Properties of functions with the same fate. SAM makes CodeDeploy resources of DeploymentPreference.
LEFT_OUT_OF_FUNCTIONS = ("Layers", "DeploymentPreference")


def load(path: Path) -> Template:
    """Return the template with its short tags (`!Ref`) spelled out."""
    return cast("Template", yaml_parse(path.read_text()))


def resources(template: Template, kind: str) -> dict[str, dict[str, Any]]:
    """Return the properties of all resources of one type, by logical id."""
    found = template.get("Resources", {}).items()
    return {name: resource.get("Properties", {}) for name, resource in found if resource["Type"] == kind}


def functions(template: Template) -> dict[str, dict[str, Any]]:
    """Return each function's properties, those of `Globals` included where a value replaces and not merges."""
    shared = template.get("Globals", {}).get("Function", {})
    return {name: shared | own for name, own in resources(template, "AWS::Serverless::Function").items()}


def tables_lost(deployed: Template, wanted: Template) -> list[str]:
    """Name the tables that the emulator would drop, or make anew and empty, to come from one to the other."""
    before, after = (_table_identities(template) for template in (deployed, wanted))
    return [name for name, identity in before.items() if after.get(name) != identity]


def for_emulator(template: Template, packages: dict[str, str]) -> Template:
    """Return the template to deploy; `packages` has the address of each function's package, by logical id.

    Functions become custom runtimes, the one kind that the emulator serves by the Runtime API: their packages bring the
    bootstrap that starts Lambda's own client for Python.
    """
    changed = copy.deepcopy(template)
    absent = {name for name, resource in changed["Resources"].items() if resource["Type"] in LEFT_OUT}
    changed["Resources"] = {name: value for name, value in changed["Resources"].items() if name not in absent}
    changed["Outputs"] = {
        name: output for name, output in changed.get("Outputs", {}).items() if not absent & _references(output)
    }
    shared = changed.get("Globals", {}).get("Function", {})
    for name, function in resources(changed, "AWS::Serverless::Function").items():
        _adapt(function, packages[name], function.get("LoggingConfig", shared.get("LoggingConfig", {})))
    for properties in (shared, *resources(changed, "AWS::Serverless::Function").values()):
        for name in LEFT_OUT_OF_FUNCTIONS:
            properties.pop(name, None)
    return changed


def _table_identities(template: Template) -> dict[str, list[Any]]:
    tables = resources(template, "AWS::DynamoDB::Table").items()
    return {name: [table.get(part) for part in TABLE_IDENTITY] for name, table in tables}


def _adapt(function: dict[str, Any], package: str, logging: dict[str, Any]) -> None:
    function.update(CodeUri=package, Runtime="provided.al2023")
    if "LogGroup" in logging:
        # Not added in place: functions share these where the template has an anchor.
        variables = function.get("Environment", {}).get("Variables", {})
        function["Environment"] = {"Variables": {**variables, "AWS_LAMBDA_LOG_GROUP_NAME": logging["LogGroup"]}}


def _references(value: object) -> set[str]:
    """Return every string within: logical ids are among them (`Ref: X`, `Fn::GetAtt: [X, Arn]`)."""
    if isinstance(value, dict):
        return set().union(*(_references(part) for part in value.values()))
    if isinstance(value, list):
        return set().union(*(_references(part) for part in value))
    return {str(value)}
