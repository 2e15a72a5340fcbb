"""What the emulator drops of a template without a word, supplied through the ordinary APIs."""

from collections.abc import Callable
from typing import Any

from local.aws import client
from local.template import Template, resources


def supply_what_is_dropped(deployed: Template, endpoint: str, physical_id: Callable[[str], str]) -> None:
    """Complete a stack by its processed template; to do it again changes nothing."""
    for name, table in resources(deployed, "AWS::DynamoDB::Table").items():
        if "TimeToLiveSpecification" in table:
            _expire_items(endpoint, physical_id(name), table["TimeToLiveSpecification"])
    for name, api in resources(deployed, "AWS::ApiGateway::RestApi").items():
        answers = api["Body"].get("x-amazon-apigateway-gateway-responses", {})
        _answer_in_the_gateway(endpoint, physical_id(name), answers)


def _expire_items(endpoint: str, table: str, specification: dict[str, Any]) -> None:
    dynamodb = client("dynamodb", endpoint)
    current = dynamodb.describe_time_to_live(TableName=table)["TimeToLiveDescription"]
    # AWS refuses to set what is set already.
    if current["TimeToLiveStatus"] == "DISABLED":
        dynamodb.update_time_to_live(TableName=table, TimeToLiveSpecification=specification)


def _answer_in_the_gateway(endpoint: str, api: str, answers: dict[str, dict[str, Any]]) -> None:
    gateway = client("apigateway", endpoint)
    for kind, answer in answers.items():
        gateway.put_gateway_response(restApiId=api, responseType=kind, **answer)
    # They count from the next deployment on.
    for stage in gateway.get_stages(restApiId=api)["item"]:
        gateway.create_deployment(restApiId=api, stageName=stage["stageName"])
