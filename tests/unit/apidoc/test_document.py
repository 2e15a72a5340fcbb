"""The OpenAPI document agrees with contract.md and with the code."""

import json
from collections.abc import Iterator
from functools import cache
from typing import Any

import pytest
from jsonschema import Draft202012Validator  # type: ignore[import-untyped]
from openapi_spec_validator import OpenAPIV31SpecValidator
from pydantic_core import to_json
from tools.apidoc import examples
from tools.apidoc.document import build

from ai_integrations.contracts import problems
from ai_integrations.contracts.consumer_bodies import ConsumerChange, NewConsumer
from ai_integrations.contracts.credential_bodies import NamedCredentialRequest
from ai_integrations.contracts.enum_values import WireFormat
from ai_integrations.contracts.integration_bodies import CreateBody, PatchBody, RotateBody
from ai_integrations.contracts.parsing import parse_text
from ai_integrations.contracts.views import AiIntegrationList, integration_view, pagination
from ai_integrations.domain.errors import FieldError
from ai_integrations.domain.model import AuthType, Scoping, SecretVersion
from ai_integrations.domain.providers import PROVIDERS
from ai_integrations.http import problem_responses
from ai_integrations.http.connection_tests import ModelChoice
from tests import sam_template
from tests.builders import an_integration, create_body

# The statuses in contract.md, "Operations". Every operation can also return these: 403 from a firewall, and failures.
COMMON = {403, 429, 500, 503}
COLLECTION, ONE = "/v2/ai-integrations", "/v2/ai-integrations/{integration_id}"
CONSUMERS, CONSUMER = "/v2/consumers", "/v2/consumers/{consumer_id}"
SIGNED = (("post", f"{ONE}/credentials"), ("post", "/v2/credentials"))
STATUSES = {
    ("post", COLLECTION): {201, 400, 401, 409, 413, 415, 422},
    ("get", COLLECTION): {200, 400, 401, 404},
    ("get", ONE): {200, 400, 401, 404},
    ("patch", ONE): {200, 400, 401, 404, 409, 412, 413, 415, 422},
    ("delete", ONE): {200, 204, 400, 401, 404, 412},
    ("post", f"{ONE}/restore"): {200, 400, 401, 404, 409},
    ("get", "/v2/deleted-ai-integrations"): {200, 400, 401},
    ("post", f"{ONE}/key-rotations"): {200, 400, 401, 404, 409, 412, 413, 415, 422},
    ("post", f"{ONE}/key-rotations/rollback"): {200, 400, 401, 404, 409, 412},
    ("post", f"{ONE}/test"): {200, 400, 401, 404, 409, 413, 415, 422},
    ("post", f"{COLLECTION}/test"): {200, 400, 401, 409, 413, 415, 422},
    ("get", f"{ONE}/health"): {200, 400, 401, 404},
    ("get", f"{ONE}/role"): {200, 400, 401, 404},
    ("get", f"{ONE}/federation"): {200, 400, 401, 404},
    ("post", CONSUMERS): {201, 400, 401, 409, 413, 415, 422},
    ("get", CONSUMERS): {200, 400, 401},
    ("get", CONSUMER): {200, 400, 401, 404},
    ("patch", CONSUMER): {200, 400, 401, 404, 412, 413, 415, 422},
    ("delete", CONSUMER): {204, 400, 401, 404, 412},
    ("get", f"{ONE}/consumers"): {200, 400, 401, 404},
    **{key: {200, 400, 404, 409, 413, 415, 422, 424} for key in SIGNED},
    ("get", "/v2/spaces"): {200, 400, 401},
    ("get", "/v2/spaces/{space_id}"): {200, 400, 401, 404},
    ("get", "/v2/organizations"): {200, 400, 401},
    ("get", "/v2/organizations/{org_id}"): {200, 400, 401, 404},
    ("get", "/v2/keys"): {200, 400, 401},
    ("get", "/v2/audit-logs"): {200, 400, 401},
    ("get", f"{ONE}/key"): {200, 400, 401, 404},
    ("get", "/v2/openapi.json"): {200},
    ("get", "/v2/docs"): {200, 404},
    ("get", "/v2/console"): {200, 404},
    ("get", "/v2/console/{file}"): {200, 404},
}
METADATA = {"AWS": {"role_arn": "arn"}, "GCP": {"project_id": "p", "location": "l", "project_access_label": "a"}}


@cache
def document() -> dict[str, Any]:
    return build()


def operations() -> Iterator[tuple[tuple[str, str], dict[str, Any]]]:
    for path, methods in document()["paths"].items():
        for method, operation in methods.items():
            yield (method, path), operation


def violations(schema: dict[str, Any], value: Any) -> list[str]:
    """Validate against a schema whose references point into the document."""
    validator = Draft202012Validator({**document(), **schema}, format_checker=Draft202012Validator.FORMAT_CHECKER)
    return [error.message for error in validator.iter_errors(value)]


def component_violations(name: str, value: Any) -> list[str]:
    return violations({"$ref": f"#/components/schemas/{name}"}, value)


def test_document_is_valid_openapi() -> None:
    OpenAPIV31SpecValidator(document()).validate()


def test_document_has_the_statuses_of_the_contract() -> None:
    documented = {key: set(map(int, operation["responses"])) - COMMON for key, operation in operations()}
    assert documented == STATUSES
    assert all(set(map(int, operation["responses"])) >= COMMON for _, operation in operations())


def test_document_has_a_response_for_every_kind_of_problem() -> None:
    responses = {(each["description"], json.dumps(each)) for each in document()["components"]["responses"].values()}
    kinds = [each for each in vars(problems).values() if isinstance(each, problems.Kind)]
    for kind in kinds:
        found = [text for title, text in responses if title == kind.title]
        assert found or kind == problems.METHOD_NOT_ALLOWED
        assert all(problems.CONTENT_TYPE in text and all(name in text for name in kind.headers) for text in found)


@pytest.mark.parametrize("error", problems.BY_ERROR)
def test_document_response_matches_the_problem_of_each_domain_error(error: Any) -> None:
    raised = error(FieldError("/name", "Too long.")) if hasattr(error("x"), "errors") else error()
    problem = problem_responses.for_error(raised, "request-id")
    [response] = [
        each
        for each in document()["components"]["responses"].values()
        if each["content"][problems.CONTENT_TYPE]["example"]["status"] == problem.status_code
    ]
    assert not violations(response["content"][problems.CONTENT_TYPE]["schema"], json.loads(problem.body or ""))
    assert response.get("headers", {}).keys() == problem.headers.keys() - {"Content-Type"}


@pytest.mark.parametrize("status", [401, 413, 429, 500])
def test_example_of_a_gateway_problem_equals_the_response_in_the_template(status: int) -> None:
    gateway_responses = sam_template.template()["Resources"]["Api"]["Properties"]["GatewayResponses"].values()
    bodies = [json.loads(each["ResponseTemplates"]["application/json"]) for each in gateway_responses]
    documented = [
        each["content"][problems.CONTENT_TYPE]["example"] for each in document()["components"]["responses"].values()
    ]
    details = {body["detail"] for body in bodies if body["status"] == status}
    assert {example["detail"] for example in documented if example["status"] == status} == details


def test_only_the_api_description_and_the_console_are_public() -> None:
    assert document()["security"] == [{"AccessKey": []}]
    public = [path for (_, path), operation in operations() if operation.get("security") == []]
    assert public == ["/v2/openapi.json", "/v2/docs", "/v2/console", "/v2/console/{file}"]


def test_requests_for_credentials_are_signed_and_accept_no_access_key() -> None:
    signed = [key for key, operation in operations() if operation.get("security") == [{"AwsSignature": []}]]
    assert signed == list(SIGNED)
    scheme = document()["components"]["securitySchemes"]["AwsSignature"]
    assert scheme["x-amazon-apigateway-authtype"] == "awsSigv4"
    assert "WWW-Authenticate" not in json.dumps([dict(operations())[key] for key in SIGNED])


def test_only_responses_to_signed_requests_can_contain_credentials() -> None:
    views = {
        key: json.dumps(operation["responses"])
        for key, operation in operations()
        if "#/components/schemas/Resolution" in json.dumps(operation["responses"])
    }
    assert views.keys() == set(SIGNED)


def test_document_has_the_headers_and_parameters_of_the_contract() -> None:
    by_key = dict(operations())
    for key in (("post", COLLECTION), ("post", CONSUMERS)):
        assert by_key[key]["responses"]["201"]["headers"].keys() == {"ETag", "Location"}
    for key in (("get", ONE), ("patch", ONE), ("post", f"{ONE}/restore"), ("get", CONSUMER), ("patch", CONSUMER)):
        assert by_key[key]["responses"]["200"]["headers"].keys() == {"ETag"}
    sent = {key: [each["$ref"].rpartition("/")[2] for each in by_key[key].get("parameters", ())] for key in by_key}
    assert "IdempotencyKey" in sent["post", COLLECTION]
    for key in (("patch", ONE), ("delete", ONE), ("patch", CONSUMER), ("delete", CONSUMER)):
        assert "IfMatch" in sent[key]
    assert sent["get", COLLECTION] == ["Limit", "Cursor", "Name", "SpaceId", "SpaceName"]
    assert sent["get", "/v2/spaces"] == ["Limit", "Cursor", "Name", "OrgId"]
    assert sent["get", "/v2/organizations"] == ["Limit", "Cursor", "Name"]


def every_example() -> Iterator[tuple[dict[str, Any], Any]]:
    """Yield every example with its schema."""
    contents = [
        content
        for _, operation in operations()
        for part in (operation.get("requestBody", {}), *operation["responses"].values())
        for content in part.get("content", {}).values()
    ]
    contents += [
        content for each in document()["components"]["responses"].values() for content in each["content"].values()
    ]
    for content in contents:
        values = [each["value"] for each in content.get("examples", {}).values()]
        for value in values + ([content["example"]] if "example" in content else []):
            yield content["schema"], value


def test_examples_conform_to_their_schemas() -> None:
    pairs = list(every_example())
    assert len(pairs) > 20
    assert [violations(schema, value) for schema, value in pairs if violations(schema, value)] == []


def test_create_has_the_published_example_and_its_response() -> None:
    create = document()["paths"][COLLECTION]["post"]
    request = create["requestBody"]["content"]["application/json"]["examples"]["openai"]["value"]
    response = create["responses"]["201"]["content"]["application/json"]["examples"]["integration"]["value"]
    assert request["api_key"] == "sk-abc123..."
    assert response["name"] == request["name"] == "Production OpenAI"
    assert response["has_api_key"] is True
    assert "api_key" not in response


@pytest.mark.parametrize(
    "model", [CreateBody, PatchBody, RotateBody, ModelChoice, NewConsumer, ConsumerChange, NamedCredentialRequest]
)
def test_request_examples_are_accepted_by_their_model(model: Any) -> None:
    bodies = [operation["requestBody"] for _, operation in operations() if "requestBody" in operation]
    contents = [body["content"]["application/json"] for body in bodies]
    matching = [each for each in contents if each["schema"]["$ref"].endswith(f"/{model.__name__}")]
    bodies = [example["value"] for each in matching for example in each["examples"].values()]
    assert bodies
    for example in bodies:
        parse_text(json.dumps(example), model)


@pytest.mark.parametrize("wire_format", WireFormat)
@pytest.mark.parametrize("provider", PROVIDERS)
@pytest.mark.parametrize("full", [True, False])
def test_integration_schema_accepts_every_view_and_no_extra_field(
    wire_format: WireFormat, provider: str, full: bool
) -> None:
    kind = PROVIDERS[provider].metadata
    settings = {
        "base_url": "https://example.com",
        "model_names": ("gpt-4",),
        "headers": {"X-Team": "a"},
        "auth_type": AuthType.BEARER_TOKEN,
        "scopings": (Scoping(organization_id="o"), Scoping(space_id="s")),
        "secret": SecretVersion(arn="arn", version="1"),
    }
    metadata = {"provider_metadata": METADATA[kind.name]} if kind else {}
    integration = an_integration(provider=provider, **metadata, **(settings if full else {}))
    view = integration_view(integration, wire_format)
    response = json.loads(to_json(view))
    assert component_violations("AiIntegration", response) == []
    assert component_violations("AiIntegration", response | {"unknown": 1}) != []
    page = AiIntegrationList(ai_integrations=[view], pagination=pagination("cursor" if full else None))
    assert component_violations("AiIntegrationList", json.loads(to_json(page))) == []


@pytest.mark.parametrize(
    "body",
    [
        create_body(name=...),
        create_body(provider=...),
        create_body(name=None),
        create_body(name=5),
        create_body(name=""),
        create_body(provider="OpenAI"),
        create_body(unknown=1),
        create_body(model_names=["a", "a"]),
        create_body(model_names=[""]),
        create_body(headers={"a b": "x"}),
        create_body(headers={"X-Team": "a\nb"}),
        create_body(scopings=[{"team_id": "x"}]),
        create_body(enable_default_models="true"),
    ],
)
def test_create_schema_rejects_what_the_service_rejects(body: dict[str, Any]) -> None:
    assert component_violations("CreateBody", body)


def test_patch_schema_makes_every_field_optional_and_requires_one() -> None:
    assert component_violations("PatchBody", {"headers": None, "api_key": None}) == []
    assert component_violations("PatchBody", {"name": None}) != []
    assert component_violations("PatchBody", {}) != []
    assert '"default":' not in json.dumps(document()["components"]["schemas"]["PatchBody"])


def test_create_schema_has_the_defaults_of_the_service() -> None:
    properties = document()["components"]["schemas"]["CreateBody"]["properties"]
    defaults = {name: each["default"] for name, each in properties.items() if "default" in each}
    assert defaults == {"enable_default_models": False, "function_calling_enabled": True, "auth_type": "default"}


def test_metadata_schema_describes_the_fields_of_each_provider() -> None:
    description = document()["components"]["schemas"]["ProviderMetadata"]["description"]
    assert "awsBedrock: role_arn required, external_id optional." in description
    assert "vertexAI: project_id, location, project_access_label required." in description


@pytest.mark.parametrize("body", ["CreateBody", "PatchBody"])
def test_federation_schema_describes_the_fields_of_each_provider(body: str) -> None:
    description = document()["components"]["schemas"][body]["properties"]["federation"]["description"]
    assert "openAI: identity_provider_id, service_account_id required." in description
    assert "vertexAI: workload_identity_provider required, service_account_email optional." in description
    assert "custom: token_endpoint, grant, audience required, parameters optional." in description


def test_response_schemas_have_no_null() -> None:
    schemas = document()["components"]["schemas"]
    assert '"null"' not in json.dumps([schemas["AiIntegrationList"], schemas["AiIntegration"], schemas["SpaceView"]])


def test_invalid_request_example_is_the_published_one() -> None:
    example = document()["components"]["responses"]["InvalidRequest"]["content"][problems.CONTENT_TYPE]["example"]
    assert json.loads(examples.INVALID_BODY) == {"name": "My Integration"}
    assert [each["pointer"] for each in example["errors"]] == ["/provider"]
