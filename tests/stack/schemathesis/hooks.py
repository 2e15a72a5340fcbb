"""Make more generated requests pass the rules that no schema can express, such as existing ids and free names."""

import re
from base64 import b64decode, b64encode
from hashlib import sha256
from typing import Any
from uuid import uuid4

import schemathesis
from hypothesis import strategies as st

_HOSTS = st.from_regex(r"\A[a-z][a-z0-9]{0,20}\.example\.(com|org)\Z")
_PATHS = st.from_regex(r"\A(/[A-Za-z0-9_~-]{1,12}){0,3}\Z")
_ID = re.compile(rb"AiIntegration:1:[0-7][0-9A-HJKMNP-TV-Z]{25}")
_METADATA = {
    "awsBedrock": {"role_arn": "arn:aws:iam::123456789012:role/any"},
    "vertexAI": {"project_id": "any", "location": "any", "project_access_label": "any"},
}
_METADATA |= {"AWS_BEDROCK": _METADATA["awsBedrock"], "VERTEX_AI": _METADATA["vertexAI"]}

# `base_url` is the only field with this format. The API accepts only public hosts.
schemathesis.openapi.format("uri", st.builds("https://{}{}".format, _HOSTS, _PATHS))


@schemathesis.hook  # type: ignore[untyped-decorator]
def before_call(_context: Any, case: Any, _kwargs: dict[str, Any]) -> None:
    """Adjust a valid request so that the API may accept it; leave invalid requests unchanged."""
    if case.meta is None or not case.meta.generation.mode.is_positive:
        return
    if "integration_id" in (case.path_parameters or {}):
        case.path_parameters["integration_id"] = _valid_id(case.path_parameters["integration_id"])
    if isinstance(case.body, dict) and "integration_ids" in case.body:
        case.body["integration_ids"] = [_valid_id(each) for each in case.body["integration_ids"]]
    if case.operation.label == "POST /v2/ai-integrations" and case.meta.phase.name.value != "examples":
        case.body = _creatable(case.body)


def _valid_id(text: str) -> str:
    """Return a valid id unchanged; derive one from any other text, always the same."""
    if _ID.fullmatch(b64decode(text + "==")):
        return text
    ulid = sha256(text.encode()).hexdigest()[:25].upper()
    return b64encode(f"AiIntegration:1:0{ulid}".encode()).decode()


def _creatable(body: dict[str, Any]) -> dict[str, Any]:
    """Set a unique name and the metadata that the provider requires, and make other values acceptable to a provider."""
    metadata = _METADATA.get(body["provider"])
    creatable = body | {"name": f"{_visible(body['name'])[:200]} {uuid4().hex}"}
    if body.get("api_key"):
        creatable["api_key"] = f"sk-fake-{uuid4().hex}"
    if body.get("model_names"):
        creatable["model_names"] = [f"m{_visible(each)[:200]}m" for each in body["model_names"]]
    return creatable | ({"provider_metadata": metadata} if metadata else {})


def _visible(text: str) -> str:
    return "".join(filter(str.isprintable, text))
