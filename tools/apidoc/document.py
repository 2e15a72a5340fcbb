"""The OpenAPI 3.1 document, put together."""

import json
import tomllib
from pathlib import Path
from typing import Any

from tools.apidoc import examples, problems
from tools.apidoc.operation import Answer, Operation
from tools.apidoc.operations import OPERATIONS
from tools.apidoc.parameters import HEADERS, PARAMETERS
from tools.apidoc.schemas import REF_TEMPLATE, schemas

ROOT = Path(__file__).parent.parent.parent
_DESCRIPTION = """\
A team registers its external LLM providers once: which provider, which models, which endpoint, which key, who may see
it. Keys are write-only: no answer ever holds one.

Words come in two spellings, such as `openAI` and `OPEN_AI`. A request may use either; its answer uses the request's
own, else that of the client's release (`sdk-language`, `sdk-version`), else the founding one, `openAI`.

Every error is an RFC 9457 problem document.
"""


def build() -> dict[str, Any]:
    """Return the document."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "AI integrations",
            "version": project["version"],
            "description": _DESCRIPTION,
            "license": {"name": project["license"], "identifier": project["license"]},
        },
        # Relative to where this document is served: the base of all paths, whatever stands before it.
        "servers": [{"url": "..", "description": "The service that serves this document"}],
        "security": [{"AccessKey": []}],
        "tags": [{"name": tag} for tag in dict.fromkeys(operation.tag for operation in OPERATIONS)],
        "paths": _paths(),
        "components": _components(),
    }


def text(document: dict[str, Any]) -> str:
    """Return a document as it is committed."""
    return json.dumps(document, indent=2, ensure_ascii=False) + "\n"


def _paths() -> dict[str, Any]:
    paths: dict[str, Any] = {}
    for operation in OPERATIONS:
        paths.setdefault(operation.path, {})[operation.method] = _operation(operation)
    return paths


def _components() -> dict[str, Any]:
    bodies = [operation.body for operation in OPERATIONS if operation.body]
    answers = [each.answer.body for each in OPERATIONS if each.answer.body and not isinstance(each.answer.body, str)]
    kinds = (problems.KINDS[status] for status in sorted(problems.KINDS))
    return {
        "schemas": {**schemas(dict.fromkeys(bodies), dict.fromkeys(answers)), "Problem": problems.SCHEMA},
        "parameters": {_component(name): parameter for name, parameter in PARAMETERS.items()},
        "responses": {problems.response_name(kind): problems.response(kind) for kind in kinds},
        "securitySchemes": {
            "AccessKey": {
                "type": "http",
                "scheme": "bearer",
                "bearerFormat": "aik_…",
                "description": "An access key, which belongs to one user of one account and has a role.",
            }
        },
    }


def _operation(operation: Operation) -> dict[str, Any]:
    described: dict[str, Any] = {
        "operationId": operation.id,
        "tags": [operation.tag],
        "summary": operation.summary,
        "description": operation.description,
    }
    if operation.public:
        described["security"] = []
    if operation.parameters:
        described["parameters"] = [_ref("parameters", _component(name)) for name in operation.parameters]
    if operation.body:
        shown = {name: examples.BODIES[name] for name in operation.body_examples}
        content = {"application/json": {"schema": _schema(operation.body), "examples": shown}}
        described["requestBody"] = {"required": operation.body_required, "content": content}
    described["responses"] = _responses(operation)
    return described


def _responses(operation: Operation) -> dict[str, Any]:
    errors = sorted(operation.errors, key=lambda kind: kind.status)
    return {
        str(operation.answer.status): _answer(operation.answer),
        **{str(kind.status): _ref("responses", problems.response_name(kind)) for kind in errors},
    }


def _answer(answer: Answer) -> dict[str, Any]:
    described: dict[str, Any] = {"description": answer.description}
    if answer.headers:
        described["headers"] = {name: HEADERS[name] for name in answer.headers}
    if isinstance(answer.body, str):
        kind = "object" if answer.body == "application/json" else "string"
        described["content"] = {answer.body: {"schema": {"type": kind}}}
    elif answer.body:
        shown = {name: each for name, each in examples.answers().items() if name in answer.examples}
        described["content"] = {"application/json": {"schema": _schema(answer.body), "examples": shown}}
    return described


def _schema(model: type) -> dict[str, str]:
    return {"$ref": REF_TEMPLATE.format(model=model.__name__)}


def _ref(part: str, name: str) -> dict[str, str]:
    return {"$ref": f"#/components/{part}/{name}"}


def _component(parameter: str) -> str:
    """Return the name of a parameter's component, such as IfMatch or SpaceId."""
    return parameter.replace("-", "_").title().replace("_", "")
