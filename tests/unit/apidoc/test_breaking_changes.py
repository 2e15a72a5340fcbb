"""Which changes of the API document break existing clients."""

from collections.abc import Callable
from copy import deepcopy
from functools import cache
from typing import Any

import pytest
from tools.apidoc.breaking_changes import breaking_changes
from tools.apidoc.document import build

Json = dict[str, Any]
Edit = Callable[[Json], object]
COLLECTION, ONE = "/v2/ai-integrations", "/v2/ai-integrations/{integration_id}"


@cache
def document() -> Json:
    return build()


def changes_after(edit: Edit) -> list[str]:
    """List the breaking changes that an edit of the current document causes."""
    changed = deepcopy(document())
    edit(changed)
    return breaking_changes(document(), changed)


def properties(document: Json, schema: str) -> Json:
    found: Json = document["components"]["schemas"][schema]["properties"]
    return found


def required(document: Json, schema: str) -> list[str]:
    found: list[str] = document["components"]["schemas"][schema].setdefault("required", [])
    return found


def parameter(document: Json, name: str) -> Json:
    found: Json = document["components"]["parameters"][name]
    return found


def operation(document: Json, method: str, path: str) -> Json:
    found: Json = document["paths"][path][method]
    return found


def add_alternative(document: Json, **marks: bool) -> None:
    """Let a response have another body."""
    content = operation(document, "get", ONE)["responses"]["200"]["content"]["application/json"]
    content["schema"] = {"anyOf": [content["schema"], {"type": "object", **marks}]}


def problem_parts(document: Json, response: str) -> list[Json]:
    found: list[Json] = document["components"]["responses"][response]["content"]["application/problem+json"]["schema"][
        "allOf"
    ]
    return found


def test_breaking_changes_of_an_equal_document_are_empty() -> None:
    assert changes_after(lambda _: None) == []


@pytest.mark.parametrize(
    ("edit", "expected"),
    [
        (lambda d: d["paths"].pop("/v2/spaces"), "GET /v2/spaces: the operation was removed"),
        (lambda d: d["paths"][ONE].pop("delete"), f"DELETE {ONE}: the operation was removed"),
        (lambda d: operation(d, "get", "/v2/docs").pop("security"), "an access key is now required"),
        (lambda d: operation(d, "get", COLLECTION)["parameters"].pop(2), "parameter name was removed"),
        (lambda d: parameter(d, "Name").update(required=True), "parameter name is now required"),
        (lambda d: parameter(d, "Limit")["schema"].update(maximum=50), "parameter limit: maximum differs"),
        (lambda d: parameter(d, "SpaceId")["schema"].update(pattern="^x"), "parameter space_id: pattern differs"),
        (
            lambda d: d["paths"]["/v2/spaces"]["get"]["parameters"].append(
                {"name": "team", "in": "query", "required": True, "schema": {"type": "string"}}
            ),
            "parameter team is now required",
        ),
        (lambda d: operation(d, "post", COLLECTION).pop("requestBody"), "the request body was removed"),
        (
            lambda d: operation(d, "post", f"{ONE}/restore").update(requestBody={"required": True, "content": {}}),
            "a request body is now required",
        ),
        (
            lambda d: operation(d, "post", COLLECTION)["requestBody"]["content"].pop("application/json"),
            "request body: application/json was removed",
        ),
        (lambda d: required(d, "CreateBody").append("scopings"), "request body/scopings: now required"),
        (lambda d: required(d, "PatchBody").append("name"), "request body/name: now required"),
        (lambda d: properties(d, "CreateBody").pop("headers"), "request body/headers: the field was removed"),
        (lambda d: properties(d, "CreateBody")["provider"]["enum"].remove("openAI"), "openAI"),
        (lambda d: properties(d, "CreateBody")["name"].update(maxLength=9), "request body/name: maxLength differs"),
        (lambda d: properties(d, "CreateBody")["name"].update(minLength=2), "request body/name: minLength differs"),
        (lambda d: properties(d, "CreateBody")["name"].update(enum=["a"]), "any other value"),
        (lambda d: properties(d, "CreateBody")["name"].update(type="integer"), "request body/name: the type differs"),
        (lambda d: properties(d, "PatchBody")["base_url"]["anyOf"].pop(1), "request body/base_url: the type differs"),
        (
            lambda d: properties(d, "PatchBody")["model_names"]["items"].update(maxLength=1),
            "request body/model_names/*: maxLength differs",
        ),
        (
            lambda d: properties(d, "ScopingBody")["space_id"]["anyOf"][0].update(maxLength=1),
            "request body/scopings/*/space_id: maxLength differs",
        ),
        (lambda d: operation(d, "post", COLLECTION)["responses"].pop("201"), "response 201 was removed"),
        (lambda d: operation(d, "get", ONE)["responses"].pop("404"), "response 404 was removed"),
        (
            lambda d: operation(d, "get", ONE)["responses"]["200"]["headers"].pop("ETag"),
            "response 200: the header ETag was removed",
        ),
        (
            lambda d: operation(d, "get", ONE)["responses"]["200"].update(content={"text/plain": {}}),
            "response 200: application/json was removed",
        ),
        (lambda d: properties(d, "AiIntegration").pop("base_url"), "response 200/base_url: the field was removed"),
        (lambda d: properties(d, "AiIntegration").update(x={"type": "string"}), "/x: the field was added"),
        (lambda d: properties(d, "ConnectionHealth").pop("rungs"), "response 200/rungs: the field was removed"),
        (lambda d: properties(d, "SpaceView").update(x={"type": "string"}), "/x: the field was added"),
        (lambda d: required(d, "AiIntegration").remove("scopings"), "/scopings: no longer always present"),
        (lambda d: properties(d, "AiIntegration")["name"].update(type="integer"), "/name: the type differs"),
        (lambda d: properties(d, "AiIntegration")["created_at"].pop("format"), "/created_at: format differs"),
        (
            lambda d: properties(d, "AiIntegration")["name"].update(anyOf=[{"type": "string"}, {"type": "null"}]),
            "/name: the type differs",
        ),
        (
            lambda d: d["components"]["schemas"]["Pagination"].pop("additionalProperties"),
            "other fields are now possible",
        ),
        (
            lambda d: problem_parts(d, "AuthenticationRequired")[1]["properties"]["title"].update(const="No"),
            "response 401/1/title",
        ),
        (lambda d: problem_parts(d, "ResourceConflict").pop(), "response 409: allOf differs"),
        (add_alternative, "response 200: other fields are now possible"),
        (lambda d: properties(d, "DryRunResult").update(x={"type": "string"}), "/x: the field was added"),
        (lambda d: properties(d, "AiIntegration")["name"].update({"not": {}}), "cannot compare not"),
    ],
)
def test_breaking_changes_reports_an_incompatible_edit(edit: Edit, expected: str) -> None:
    assert [change for change in changes_after(edit) if expected in change]


@pytest.mark.parametrize(
    "edit",
    [
        lambda d: d["paths"].update({"/v2/teams": {"get": {"responses": {}}}}),
        lambda d: operation(d, "get", "/v2/spaces").update(security=[]),
        lambda d: operation(d, "get", "/v2/spaces")["parameters"].append(
            {"name": "team", "in": "query", "schema": {"type": "string"}}
        ),
        lambda d: operation(d, "post", COLLECTION)["requestBody"].update(required=False),
        lambda d: parameter(d, "Limit")["schema"].update(maximum=1000),
        lambda d: properties(d, "CreateBody").update(colour={"type": "string"}),
        lambda d: properties(d, "CreateBody")["provider"]["enum"].append("newAI"),
        lambda d: properties(d, "AiIntegration")["provider"]["enum"].append("newAI"),
        lambda d: properties(d, "SpaceView").update(x={"type": "string", "x-release-dependent": True}),
        lambda d: add_alternative(d, **{"x-on-request": True}),
        lambda d: properties(d, "ConnectionHealth").update(x={"type": "string"}),
        lambda d: properties(d, "RungView").update(x={"type": "string"}),
        lambda d: properties(d, "CreateBody")["name"].update(maxLength=1000),
        lambda d: properties(d, "CreateBody")["name"].update(description="Another description."),
        lambda d: required(d, "CreateBody").remove("name"),
        lambda d: required(d, "AiIntegration").append("base_url"),
        lambda d: operation(d, "get", ONE)["responses"].update({"410": {"description": "Gone"}}),
        lambda d: d["info"].update(version="9"),
    ],
)
def test_breaking_changes_ignores_a_compatible_edit(edit: Edit) -> None:
    assert changes_after(edit) == []
