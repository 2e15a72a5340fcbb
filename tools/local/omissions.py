"""What the emulator drops of a template without a word, supplied through the ordinary APIs."""

from collections.abc import Callable
from typing import Any

from tools.local.aws import client
from tools.local.template import Template, resources

ANY_METHOD = "x-amazon-apigateway-any-method"


def supply_what_is_dropped(deployed: Template, endpoint: str, physical_id: Callable[[str], str]) -> None:
    """Complete a stack by its processed template; to do it again changes nothing."""
    for name, table in resources(deployed, "AWS::DynamoDB::Table").items():
        if "TimeToLiveSpecification" in table:
            _expire_items(endpoint, physical_id(name), table["TimeToLiveSpecification"])
    for name, api in resources(deployed, "AWS::ApiGateway::RestApi").items():
        answers = api["Body"].get("x-amazon-apigateway-gateway-responses", {})
        _take_other_methods(endpoint, physical_id(name), api["Body"]["paths"])
        _answer_in_the_gateway(endpoint, physical_id(name), answers)


def _expire_items(endpoint: str, table: str, specification: dict[str, Any]) -> None:
    dynamodb = client("dynamodb", endpoint)
    current = dynamodb.describe_time_to_live(TableName=table)["TimeToLiveDescription"]
    # AWS refuses to set what is set already.
    if current["TimeToLiveStatus"] == "DISABLED":
        dynamodb.update_time_to_live(TableName=table, TimeToLiveSpecification=specification)


def _take_other_methods(endpoint: str, api: str, paths: dict[str, dict[str, Any]]) -> None:
    """Let ANY of a path go where the path's first method goes, after the same authorizer: so it is in the template."""
    gateway = client("apigateway", endpoint)
    for resource in gateway.get_resources(restApiId=api, limit=500, embed=["methods"])["items"]:
        methods = resource.get("resourceMethods", {})
        if ANY_METHOD not in paths.get(resource["path"], {}) or "ANY" in methods:
            continue
        first = next(iter(methods.values()))
        of_any = {"restApiId": api, "resourceId": resource["id"], "httpMethod": "ANY"}
        authorizer = {name: first[name] for name in ("authorizationType", "authorizerId") if name in first}
        gateway.put_method(**of_any, **authorizer)
        uri = first["methodIntegration"]["uri"]
        gateway.put_integration(**of_any, type="AWS_PROXY", integrationHttpMethod="POST", uri=uri)


def _answer_in_the_gateway(endpoint: str, api: str, answers: dict[str, dict[str, Any]]) -> None:
    gateway = client("apigateway", endpoint)
    for kind, answer in answers.items():
        gateway.put_gateway_response(restApiId=api, responseType=kind, **answer)
    # They count from the next deployment on.
    for stage in gateway.get_stages(restApiId=api)["item"]:
        gateway.create_deployment(restApiId=api, stageName=stage["stageName"])
