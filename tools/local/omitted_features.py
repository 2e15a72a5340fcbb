"""Configure, through the AWS APIs, what the emulator's CloudFormation ignores, and a short address of the API."""

from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

from tools.local.aws import client
from tools.local.template import Template, resources

ANY_METHOD = "x-amazon-apigateway-any-method"


def configure_omitted_features(deployed: Template, endpoint: str, physical_id: Callable[[str], str]) -> None:
    """Apply the omitted features of a processed template. Idempotent."""
    for name, table in resources(deployed, "AWS::DynamoDB::Table").items():
        if "TimeToLiveSpecification" in table:
            _enable_time_to_live(endpoint, physical_id(name), table["TimeToLiveSpecification"])
    for name, api in resources(deployed, "AWS::ApiGateway::RestApi").items():
        responses = api["Body"].get("x-amazon-apigateway-gateway-responses", {})
        _add_any_methods(endpoint, physical_id(name), api["Body"]["paths"])
        _set_gateway_responses(endpoint, physical_id(name), responses)
        _map_stages(endpoint, physical_id(name))


def _enable_time_to_live(endpoint: str, table: str, specification: dict[str, Any]) -> None:
    dynamodb = client("dynamodb", endpoint)
    current = dynamodb.describe_time_to_live(TableName=table)["TimeToLiveDescription"]
    # AWS rejects the call if time to live is already enabled.
    if current["TimeToLiveStatus"] == "DISABLED":
        dynamodb.update_time_to_live(TableName=table, TimeToLiveSpecification=specification)


def _add_any_methods(endpoint: str, api: str, paths: dict[str, dict[str, Any]]) -> None:
    """Add ANY to each path that has it in the template, with the integration and authorizer of its first method."""
    gateway = client("apigateway", endpoint)
    for resource in gateway.get_resources(restApiId=api, limit=500, embed=["methods"])["items"]:
        methods = resource.get("resourceMethods", {})
        if ANY_METHOD not in paths.get(resource["path"], {}) or "ANY" in methods:
            continue
        first = next(iter(methods.values()))
        any_method = {"restApiId": api, "resourceId": resource["id"], "httpMethod": "ANY"}
        authorizer = {name: first[name] for name in ("authorizationType", "authorizerId") if name in first}
        gateway.put_method(**any_method, **authorizer)
        uri = first["methodIntegration"]["uri"]
        gateway.put_integration(**any_method, type="AWS_PROXY", integrationHttpMethod="POST", uri=uri)


def _set_gateway_responses(endpoint: str, api: str, responses: dict[str, dict[str, Any]]) -> None:
    gateway = client("apigateway", endpoint)
    for response_type, response in responses.items():
        gateway.put_gateway_response(restApiId=api, responseType=response_type, **response)
    # Changes take effect with the next deployment of the API.
    for stage in gateway.get_stages(restApiId=api)["item"]:
        gateway.create_deployment(restApiId=api, stageName=stage["stageName"])


def _map_stages(endpoint: str, api: str) -> None:
    """Serve each stage at its name, as the API's own host does: a path such as `Location` is then valid here.

    A custom domain is the emulator's only form of address in which the path begins with the stage and no name has to be
    resolved. Creating it again removes the mappings to an earlier API.
    """
    gateway = client("apigateway", endpoint)
    host = str(urlsplit(endpoint).hostname)
    gateway.create_domain_name(domainName=host)
    for stage in gateway.get_stages(restApiId=api)["item"]:
        name = stage["stageName"]
        gateway.create_base_path_mapping(domainName=host, basePath=name, restApiId=api, stage=name)
