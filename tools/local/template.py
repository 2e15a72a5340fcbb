"""Read template.yaml, and adapt it to the emulator."""

import copy
from pathlib import Path
from typing import Any, cast

from samtranslator.yaml_helper import yaml_parse  # type: ignore[import-untyped]

Template = dict[str, Any]

# Resource types that are not deployed to the emulator, with the reason.
OMITTED_TYPES = {
    "AWS::Serverless::LayerVersion": "the folders of the layers are on the search path of the functions",
    "AWS::ApplicationAutoScaling::ScalableTarget": "not supported",
    "AWS::Budgets::Budget": "not supported",
    "AWS::CloudWatch::CompositeAlarm": "not supported",
    "AWS::CodeDeploy::Application": "not supported",
    "AWS::CodeDeploy::DeploymentGroup": "not supported",
    "AWS::Events::ApiDestination": "not supported",
    "AWS::Events::Archive": "not supported",
    "AWS::Events::Connection": "not supported",
    "AWS::Events::EventBusPolicy": "not supported",
    "AWS::Logs::QueryDefinition": "not supported",
    "AWS::ResourceGroups::Group": "not supported",
    "AWS::SecretsManager::ResourcePolicy": "not supported",
    "AWS::SecretsManager::RotationSchedule": "not supported",
    "AWS::WAFv2::WebACLAssociation": "not supported",
}
# A change of one of these properties replaces the table and loses its items. All others are updated in place.
TABLE_IDENTITY = ("TableName", "KeySchema", "LocalSecondaryIndexes")
# Properties of functions that are omitted too. SAM turns DeploymentPreference into CodeDeploy resources.
OMITTED_FUNCTION_PROPERTIES = ("Layers", "DeploymentPreference")


def load(path: Path) -> Template:
    """Parse the template, with short forms such as `!Ref` expanded."""
    return cast("Template", yaml_parse(path.read_text()))


def resources(template: Template, kind: str) -> dict[str, dict[str, Any]]:
    """Find the properties of all resources of one type, by logical id."""
    found = template.get("Resources", {}).items()
    return {name: resource.get("Properties", {}) for name, resource in found if resource["Type"] == kind}


def functions(template: Template) -> dict[str, dict[str, Any]]:
    """Find the properties of all functions, by logical id.

    Properties of `Globals` are added where a function lacks them; nested values are not merged.
    """
    shared = template.get("Globals", {}).get("Function", {})
    return {name: shared | own for name, own in resources(template, "AWS::Serverless::Function").items()}


def tables_lost(deployed: Template, wanted: Template) -> list[str]:
    """List the tables that an update from `deployed` to `wanted` would delete or replace by an empty one."""
    before, after = (_table_identities(template) for template in (deployed, wanted))
    return [name for name, identity in before.items() if after.get(name) != identity]


def for_emulator(template: Template, packages: dict[str, str], endpoint: str) -> Template:
    """Adapt the template. `packages` has the S3 URI of the zip file of each function, by logical id.

    Functions become custom runtimes, because the emulator offers the Runtime API only to these. Their zip files contain
    a bootstrap that starts Lambda's own runtime client for Python.
    """
    changed = copy.deepcopy(template)
    absent = {name for name, resource in changed["Resources"].items() if resource["Type"] in OMITTED_TYPES}
    changed["Resources"] = {name: value for name, value in changed["Resources"].items() if name not in absent}
    changed["Outputs"] = {
        name: output for name, output in changed.get("Outputs", {}).items() if not absent & _references(output)
    }
    for api in resources(changed, "AWS::Serverless::Api").values():
        # The host name of a deployed API does not exist here. `omitted_features.py` maps this path to the stage.
        changed["Outputs"]["ApiUrl"]["Value"] = f"{endpoint}/{api['StageName']}"
    shared = changed.get("Globals", {}).get("Function", {})
    for name, function in resources(changed, "AWS::Serverless::Function").items():
        _adapt(function, packages[name], function.get("LoggingConfig", shared.get("LoggingConfig", {})))
    for properties in (shared, *resources(changed, "AWS::Serverless::Function").values()):
        for name in OMITTED_FUNCTION_PROPERTIES:
            properties.pop(name, None)
    return changed


def _table_identities(template: Template) -> dict[str, list[Any]]:
    tables = resources(template, "AWS::DynamoDB::Table").items()
    return {name: [table.get(part) for part in TABLE_IDENTITY] for name, table in tables}


def _adapt(function: dict[str, Any], package: str, logging: dict[str, Any]) -> None:
    function.update(CodeUri=package, Runtime="provided.al2023")
    if "LogGroup" in logging:
        # Copied before the change, because a YAML anchor can share this mapping between functions.
        variables = function.get("Environment", {}).get("Variables", {})
        function["Environment"] = {"Variables": {**variables, "AWS_LAMBDA_LOG_GROUP_NAME": logging["LogGroup"]}}


def _references(value: object) -> set[str]:
    """Collect all strings in a value. Referenced logical ids are among them (`Ref: X`, `Fn::GetAtt: [X, Arn]`)."""
    if isinstance(value, dict):
        return set().union(*(_references(part) for part in value.values()))
    if isinstance(value, list):
        return set().union(*(_references(part) for part in value))
    return {str(value)}
