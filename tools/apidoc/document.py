"""Build the OpenAPI 3.1 document."""

import json
import tomllib
from pathlib import Path
from typing import Any

from ai_integrations.http.dry_run_views import DryRunResult
from tools.apidoc import examples, problems
from tools.apidoc.body_schemas import REF_TEMPLATE, build_body_schemas
from tools.apidoc.operation import Operation, Response, Security
from tools.apidoc.operations import OPERATIONS
from tools.apidoc.parameters import HEADERS, PARAMETERS
from tools.apidoc.schema_containment import ON_REQUEST

ROOT = Path(__file__).parent.parent.parent
_DESCRIPTION = """\
A registry for the external LLM providers of a team. Each integration has a provider, models, an endpoint, an API key
and rules about who can see it. API keys are write-only for callers with an access key. Only consumers can read them:
IAM principals that an account has granted access, with requests that they sign.

Enum values exist in two formats: legacy, such as `openAI`, and current, such as `OPEN_AI`. Requests can use either. The
response uses the format of the request body. Without such a value it depends on the client's release, in the headers
`sdk-language` and `sdk-version`; without these headers it is legacy.

Every error is a problem document (RFC 9457).
"""

_DRY_RUN = Response(
    description="What the request would do.", body=DryRunResult, headers=("ETag",), examples=("dry_run",)
)


def build() -> dict[str, Any]:
    """Build the document from the operations, models and examples."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "AI integrations",
            "version": project["version"],
            "description": _DESCRIPTION,
            "license": {"name": project["license"], "identifier": project["license"]},
        },
        # Relative to the URL of this document, so that it is correct behind every host and stage.
        "servers": [{"url": "..", "description": "The service that serves this document"}],
        "security": [{Security.ACCESS_KEY.value: []}],
        "tags": [{"name": tag} for tag in dict.fromkeys(operation.tag for operation in OPERATIONS)],
        "paths": _paths(),
        "components": _components(),
    }


def to_text(document: dict[str, Any]) -> str:
    """Format a document as it is committed."""
    return json.dumps(document, indent=2, ensure_ascii=False) + "\n"


def _paths() -> dict[str, Any]:
    paths: dict[str, Any] = {}
    for operation in OPERATIONS:
        paths.setdefault(operation.path, {})[operation.method] = _operation(operation)
    return paths


def _components() -> dict[str, Any]:
    bodies = [operation.body for operation in OPERATIONS if operation.body]
    views = [each.response.body for each in OPERATIONS if isinstance(each.response.body, type)] + [DryRunResult]
    kinds = (problems.KINDS[status] for status in sorted(problems.KINDS))
    schemas = build_body_schemas(dict.fromkeys(bodies), dict.fromkeys(views))
    schemas[DryRunResult.__name__][ON_REQUEST] = True
    return {
        "schemas": {**schemas, "Problem": problems.SCHEMA},
        "parameters": {_component(name): parameter for name, parameter in PARAMETERS.items()},
        "responses": {problems.response_name(kind): problems.response(kind) for kind in kinds},
        "securitySchemes": {
            Security.ACCESS_KEY.value: {
                "type": "http",
                "scheme": "bearer",
                "bearerFormat": "aik_…",
                "description": "An access key. It belongs to one user of one account and has a role.",
            },
            # OpenAPI has no type for signatures. This is the form of documents that API Gateway exports.
            Security.AWS_SIGNATURE.value: {
                "type": "apiKey",
                "in": "header",
                "name": "Authorization",
                "description": "AWS Signature Version 4 of the request, for the service `execute-api`.",
                "x-amazon-apigateway-authtype": "awsSigv4",
            },
        },
    }


def _operation(operation: Operation) -> dict[str, Any]:
    described: dict[str, Any] = {
        "operationId": operation.id,
        "tags": [operation.tag],
        "summary": operation.summary,
        "description": operation.description,
    }
    if operation.security != Security.ACCESS_KEY:
        described["security"] = [{operation.security.value: []}] if operation.security.value else []
    if operation.parameters:
        described["parameters"] = [_ref("parameters", _component(name)) for name in operation.parameters]
    if operation.body:
        bodies = {name: examples.BODIES[name] for name in operation.body_examples}
        content = {"application/json": {"schema": _schema(operation.body), "examples": bodies}}
        described["requestBody"] = {"required": operation.body_required, "content": content}
    described["responses"] = _responses(operation)
    return described


def _responses(operation: Operation) -> dict[str, Any]:
    errors = sorted(operation.errors, key=lambda kind: kind.status)
    success = {str(operation.response.status): _response(operation.response)}
    return {
        **(_with_dry_run(success) if "dry_run" in operation.parameters else success),
        **{str(kind.status): _ref("responses", problems.response_name(kind)) for kind in errors},
    }


def _response(response: Response) -> dict[str, Any]:
    described: dict[str, Any] = {"description": response.description}
    if response.headers:
        described["headers"] = {name: HEADERS[name] for name in response.headers}
    if isinstance(response.body, str):
        kind = "object" if response.body == "application/json" else "string"
        described["content"] = {response.body: {"schema": {"type": kind}}}
    elif response.body:
        views = {name: each for name, each in examples.responses().items() if name in response.examples}
        described["content"] = {"application/json": {"schema": _schema(response.body), "examples": views}}
    return described


def _with_dry_run(success: dict[str, Any]) -> dict[str, Any]:
    """Add the response of a dry run to those of an operation that succeeds."""
    if "200" not in success:
        return {"200": _response(_DRY_RUN), **success}
    change = success["200"]
    content = change["content"]["application/json"]
    content["schema"] = {"anyOf": [content["schema"], _schema(DryRunResult)]}
    change["description"] += " With `dry_run`: what the request would do."
    return success


def _schema(model: type) -> dict[str, str]:
    return {"$ref": REF_TEMPLATE.format(model=model.__name__)}


def _ref(part: str, name: str) -> dict[str, str]:
    return {"$ref": f"#/components/{part}/{name}"}


def _component(parameter: str) -> str:
    """Name the component of a parameter, such as `IfMatch` or `SpaceId`."""
    return parameter.replace("-", "_").title().replace("_", "")
