"""The baseline: the same routes, as the documentation of Powertools, boto3 and pydantic shows them, without tuning."""

import os
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Annotated, Any, Literal
from uuid import uuid4

import boto3
from aws_lambda_powertools import Logger
from aws_lambda_powertools.event_handler import APIGatewayRestResolver, Response, content_types
from aws_lambda_powertools.event_handler.exceptions import NotFoundError
from aws_lambda_powertools.event_handler.openapi.params import Query
from aws_lambda_powertools.utilities.typing import LambdaContext
from boto3.dynamodb.types import TypeDeserializer, TypeSerializer
from pydantic import BaseModel, Field, SecretStr

logger = Logger()
app = APIGatewayRestResolver(enable_validation=True)
dynamodb = boto3.client("dynamodb")
secrets_manager = boto3.client("secretsmanager")
serializer = TypeSerializer()
deserializer = TypeDeserializer()


class AwsMetadata(BaseModel):
    kind: Literal["aws"]
    role_arn: str
    external_id: str | None = None


class GcpMetadata(BaseModel):
    kind: Literal["gcp"]
    project_id: str
    location: str
    project_access_label: str


class Scoping(BaseModel):
    organization_id: str | None = None
    space_id: str | None = None


class NewIntegration(BaseModel):
    name: str = Field(min_length=1, max_length=256)
    provider: Literal["openAI", "azureOpenAI", "awsBedrock", "vertexAI", "anthropic", "custom", "nvidiaNim", "gemini"]
    api_key: SecretStr | None = None
    base_url: str | None = None
    model_names: list[str] | None = None
    headers: dict[str, str] | None = None
    enable_default_models: bool = False
    function_calling_enabled: bool = True
    auth_type: Literal["default", "proxy_with_headers", "bearer_token"] = "default"
    provider_metadata: Annotated[AwsMetadata | GcpMetadata, Field(discriminator="kind")] | None = None
    scopings: list[Scoping] = Field(default_factory=lambda: [Scoping()])


class Integration(BaseModel):
    id: str
    name: str
    provider: str
    has_api_key: bool
    base_url: str | None = None
    model_names: list[str] | None = None
    headers: dict[str, str] | None = None
    enable_default_models: bool
    function_calling_enabled: bool
    auth_type: str
    scopings: list[Scoping]
    created_at: datetime
    updated_at: datetime


class Integrations(BaseModel):
    ai_integrations: list[Integration]
    has_more: bool


def to_wire(item: Mapping[str, object]) -> dict[str, Any]:
    return {name: serializer.serialize(value) for name, value in item.items()}


def from_wire(item: Mapping[str, Any]) -> dict[str, Any]:
    return {name: deserializer.deserialize(value) for name, value in item.items()}


def account() -> str:
    return str((app.current_event.raw_event["requestContext"].get("authorizer") or {}).get("account"))


@app.post("/v2/ai-integrations")
def create(body: NewIntegration) -> Response[Integration]:
    number, now = str(uuid4()), datetime.now(UTC).isoformat()
    table = os.environ["TABLE_NAME"]
    name_key = {"pk": f"ACCOUNT#{account()}", "sk": f"NAME#{body.name.casefold()}"}
    dynamodb.get_item(TableName=table, Key=to_wire(name_key), ConsistentRead=True)
    if body.api_key:
        secrets_manager.create_secret(Name=f"plain/{number}", SecretString=body.api_key.get_secret_value())
    item = body.model_dump(exclude={"api_key"}) | {"id": number, "created_at": now, "updated_at": now}
    item |= {"has_api_key": body.api_key is not None}
    stored = {**item, "pk": f"ACCOUNT#{account()}", "sk": f"INTEGRATION#{number}"}
    dynamodb.transact_write_items(
        TransactItems=[
            {"Put": {"TableName": table, "Item": to_wire(each), "ConditionExpression": "attribute_not_exists(pk)"}}
            for each in (stored, {**name_key, "id": number})
        ]
    )
    logger.info("integration created", extra={"integration_id": number})
    return Response(status_code=201, content_type=content_types.APPLICATION_JSON, body=Integration(**item))


@app.get("/v2/ai-integrations/<integration_id>")
def get(integration_id: str) -> Integration:
    key = {"pk": f"ACCOUNT#{account()}", "sk": f"INTEGRATION#{integration_id}"}
    answer = dynamodb.get_item(TableName=os.environ["TABLE_NAME"], Key=to_wire(key), ConsistentRead=True)
    if "Item" not in answer:
        raise NotFoundError("no such integration")
    return Integration(**{"has_api_key": True, **from_wire(answer["Item"])})


@app.get("/v2/ai-integrations")
def list_page(limit: Annotated[int, Query(ge=1, le=100)] = 50) -> Integrations:
    answer = dynamodb.query(
        TableName=os.environ["TABLE_NAME"],
        KeyConditionExpression="pk = :pk AND begins_with(sk, :prefix)",
        ExpressionAttributeValues=to_wire({":pk": f"ACCOUNT#{account()}", ":prefix": "INTEGRATION#"}),
        ScanIndexForward=False,
        Limit=limit,
    )
    found = [Integration(**{"has_api_key": True, **from_wire(item)}) for item in answer["Items"]]
    return Integrations(ai_integrations=found, has_more="LastEvaluatedKey" in answer)


@logger.inject_lambda_context
def lambda_handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    return app.resolve(event, context)
