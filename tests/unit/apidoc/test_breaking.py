"""What breaks callers of the last release, and what does not."""

from collections.abc import Callable
from copy import deepcopy
from functools import cache
from typing import Any

import pytest
from tools.apidoc.breaking import breaking_changes
from tools.apidoc.document import build

Json = dict[str, Any]
Edit = Callable[[Json], object]
COLLECTION, ONE = "/v2/ai-integrations", "/v2/ai-integrations/{integration_id}"


@cache
def document() -> Json:
    return build()


def after(edit: Edit) -> list[str]:
    """Return what an edit of our own document breaks."""
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


def problem_parts(document: Json, response: str) -> list[Json]:
    found: list[Json] = document["components"]["responses"][response]["content"]["application/problem+json"]["schema"][
        "allOf"
    ]
    return found


def test_finds_nothing_where_nothing_changed() -> None:
    assert after(lambda _: None) == []


@pytest.mark.parametrize(
    ("edit", "said"),
    [
        (lambda d: d["paths"].pop("/v2/spaces"), "GET /v2/spaces: the operation is gone"),
        (lambda d: d["paths"][ONE].pop("delete"), f"DELETE {ONE}: the operation is gone"),
        (lambda d: operation(d, "get", "/v2/docs").pop("security"), "an access key is needed now"),
        (lambda d: operation(d, "get", COLLECTION)["parameters"].pop(2), "the parameter name is gone"),
        (lambda d: parameter(d, "Name").update(required=True), "the parameter name is required now"),
        (lambda d: parameter(d, "Limit")["schema"].update(maximum=50), "the parameter limit: maximum differs"),
        (lambda d: parameter(d, "SpaceId")["schema"].update(pattern="^x"), "the parameter space_id: pattern differs"),
        (
            lambda d: d["paths"]["/v2/spaces"]["get"]["parameters"].append(
                {"name": "team", "in": "query", "required": True, "schema": {"type": "string"}}
            ),
            "the parameter team is required now",
        ),
        (lambda d: operation(d, "post", COLLECTION).pop("requestBody"), "the body is not taken any more"),
        (
            lambda d: operation(d, "post", f"{ONE}/restore").update(requestBody={"required": True, "content": {}}),
            "a body is required now",
        ),
        (
            lambda d: operation(d, "post", COLLECTION)["requestBody"]["content"].pop("application/json"),
            "the body: application/json is gone",
        ),
        (lambda d: required(d, "CreateBody").append("scopings"), "the body/scopings: required now"),
        (lambda d: required(d, "PatchBody").append("name"), "the body/name: required now"),
        (lambda d: properties(d, "CreateBody").pop("headers"), "the body/headers: the field is gone"),
        (lambda d: properties(d, "CreateBody")["provider"]["enum"].remove("openAI"), "openAI"),
        (lambda d: properties(d, "CreateBody")["name"].update(maxLength=9), "the body/name: maxLength differs"),
        (lambda d: properties(d, "CreateBody")["name"].update(minLength=2), "the body/name: minLength differs"),
        (lambda d: properties(d, "CreateBody")["name"].update(enum=["a"]), "any other word"),
        (lambda d: properties(d, "CreateBody")["name"].update(type="integer"), "the body/name: the type is another"),
        (lambda d: properties(d, "PatchBody")["base_url"]["anyOf"].pop(1), "the body/base_url: the type is another"),
        (
            lambda d: properties(d, "PatchBody")["model_names"]["items"].update(maxLength=1),
            "the body/model_names/*: maxLength differs",
        ),
        (
            lambda d: properties(d, "ScopingBody")["space_id"]["anyOf"][0].update(maxLength=1),
            "the body/scopings/*/space_id: maxLength differs",
        ),
        (lambda d: operation(d, "post", COLLECTION)["responses"].pop("201"), "the answer 201 is gone"),
        (lambda d: operation(d, "get", ONE)["responses"].pop("404"), "the answer 404 is gone"),
        (
            lambda d: operation(d, "get", ONE)["responses"]["200"]["headers"].pop("ETag"),
            "the answer 200: the header ETag is gone",
        ),
        (
            lambda d: operation(d, "get", ONE)["responses"]["200"].update(content={"text/plain": {}}),
            "the answer 200: application/json is gone",
        ),
        (lambda d: properties(d, "AiIntegration").pop("base_url"), "the answer 200/base_url: the field is gone"),
        (lambda d: properties(d, "AiIntegration").update(x={"type": "string"}), "/x: the field is new"),
        (lambda d: required(d, "AiIntegration").remove("scopings"), "/scopings: not always there any more"),
        (lambda d: properties(d, "AiIntegration")["name"].update(type="integer"), "/name: the type is another"),
        (lambda d: properties(d, "AiIntegration")["created_at"].pop("format"), "/created_at: format differs"),
        (
            lambda d: properties(d, "AiIntegration")["name"].update(anyOf=[{"type": "string"}, {"type": "null"}]),
            "/name: the type is another",
        ),
        (lambda d: d["components"]["schemas"]["Pagination"].pop("additionalProperties"), "other fields are possible"),
        (
            lambda d: problem_parts(d, "AuthenticationRequired")[1]["properties"]["title"].update(const="No"),
            "the answer 401/1/title",
        ),
        (lambda d: problem_parts(d, "ResourceConflict").pop(), "the answer 409: allOf differs"),
        (lambda d: properties(d, "AiIntegration")["name"].update({"not": {}}), "no comparison of not is known"),
    ],
)
def test_refuses_what_breaks_a_caller(edit: Edit, said: str) -> None:
    assert [change for change in after(edit) if said in change]


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
        lambda d: properties(d, "CreateBody")["name"].update(maxLength=1000),
        lambda d: properties(d, "CreateBody")["name"].update(description="Another one."),
        lambda d: required(d, "CreateBody").remove("name"),
        lambda d: required(d, "AiIntegration").append("base_url"),
        lambda d: operation(d, "get", ONE)["responses"].update({"410": {"description": "Gone"}}),
        lambda d: d["info"].update(version="9"),
    ],
)
def test_lets_through_what_breaks_nobody(edit: Edit) -> None:
    assert after(edit) == []
