"""What random data rarely hits and no schema can say, so that enough of the well-formed calls get past the rules."""

import re
from base64 import b64decode, b64encode
from hashlib import sha256
from typing import Any
from uuid import uuid4

import schemathesis
from hypothesis import strategies as st

_HOSTS = st.from_regex(r"\A[a-z][a-z0-9]{0,20}\.example\.(com|org)\Z")
_PATHS = st.from_regex(r"\A(/[A-Za-z0-9._~-]{1,12}){0,3}\Z")
_ID = re.compile(rb"AiIntegration:1:[0-7][0-9A-HJKMNP-TV-Z]{25}")
_METADATA = {
    "awsBedrock": {"role_arn": "arn:aws:iam::123456789012:role/any"},
    "vertexAI": {"project_id": "any", "location": "any", "project_access_label": "any"},
}
_METADATA |= {"AWS_BEDROCK": _METADATA["awsBedrock"], "VERTEX_AI": _METADATA["vertexAI"]}

# base_url is the one field of this format: public hosts alone are taken.
schemathesis.openapi.format("uri", st.builds("https://{}{}".format, _HOSTS, _PATHS))


@schemathesis.hook  # type: ignore[untyped-decorator]
def before_call(_context: Any, case: Any, _kwargs: dict[str, Any]) -> None:
    """Make a well-formed request one that the service may take; leave the malformed ones as they are."""
    if case.meta is None or not case.meta.generation.mode.is_positive:
        return
    if "integration_id" in (case.path_parameters or {}):
        case.path_parameters["integration_id"] = _an_id(case.path_parameters["integration_id"])
    if case.operation.label == "POST /v2/ai-integrations" and case.meta.phase.name.value != "examples":
        case.body = _a_new_integration(case.body)


def _an_id(text: str) -> str:
    """Keep what is an id; of what only looks like one make one, always the same."""
    if _ID.fullmatch(b64decode(text + "==")):
        return text
    ulid = sha256(text.encode()).hexdigest()[:25].upper()
    return b64encode(f"AiIntegration:1:0{ulid}".encode()).decode()


def _a_new_integration(body: dict[str, Any]) -> dict[str, Any]:
    """Give it a name that is free, and the metadata that its provider requires."""
    metadata = _METADATA.get(body["provider"])
    name = f"{body['name'][:200]} {uuid4().hex}"
    return body | {"name": name} | ({"provider_metadata": metadata} if metadata else {})
