"""The operations of contract.md, "Operations": what each takes and what it answers."""

from ai_integrations.http import connection_tests, docs, health, integrations, spaces
from ai_integrations.http.connection_tests import ModelChoice
from ai_integrations.http.health import FINGERPRINT_HEADER, ConnectionHealth
from ai_integrations.http.problem import (
    ACCESS_FORBIDDEN,
    AUTHENTICATION_REQUIRED,
    CONFLICT,
    INTERNAL,
    INVALID_REQUEST,
    NOT_FOUND,
    PRECONDITION_FAILED,
    RATE_LIMITED,
    UNAVAILABLE,
    UNPROCESSABLE,
    UNSUPPORTED_MEDIA_TYPE,
    Kind,
)
from ai_integrations.http.schemas import (
    AiIntegration,
    AiIntegrationList,
    CreateBody,
    KeyRotation,
    PatchBody,
    RotateBody,
    SpaceList,
)
from apidoc.operation import Answer, Operation

# The one problem that is the gateway's alone: it has the type of an invalid request and a status of its own.
TOO_LARGE = Kind(413, INVALID_REQUEST.fragment, INVALID_REQUEST.title)
# A firewall before the gateway may refuse any call.
_ALWAYS = (ACCESS_FORBIDDEN, RATE_LIMITED, INTERNAL, UNAVAILABLE)
_OF_CALLERS = (INVALID_REQUEST, AUTHENTICATION_REQUIRED, *_ALWAYS)
_OF_BODIES = (TOO_LARGE, UNSUPPORTED_MEDIA_TYPE, UNPROCESSABLE)


def _templated(path: str) -> str:
    return path.replace("<", "{").replace(">", "}")


_ONE = _templated(integrations.ONE)
_INTEGRATIONS = "AI integrations"
_KEYS = "Key rotation"
_CONNECTIONS = "Connection tests"
_SPACES = "Spaces"
_DESCRIPTION = "API description"
_ROTATED = Answer(
    description="The versions of the key that can be had.", body=KeyRotation, headers=("ETag",), examples=("rotation",)
)
_TESTED = Answer(
    description="How far the connection carried: each rung with what it proved and what it can not prove.",
    body=ConnectionHealth,
    headers=(FINGERPRINT_HEADER,),
    examples=("health",),
)

OPERATIONS = (
    Operation(
        id="createAiIntegration",
        method="post",
        path=integrations.COLLECTION,
        tag=_INTEGRATIONS,
        summary="Create an integration",
        description="Registers an external LLM provider. The key that comes with it is stored and never shown again.",
        body=CreateBody,
        body_examples=("openai", "bedrock", "vertex", "gateway"),
        parameters=("Idempotency-Key",),
        answer=Answer(
            status=201,
            description="The integration as it is now registered.",
            body=AiIntegration,
            headers=("ETag", "Location"),
            examples=("integration",),
        ),
        errors=(*_OF_CALLERS, CONFLICT, *_OF_BODIES),
    ),
    Operation(
        id="listAiIntegrations",
        method="get",
        path=integrations.COLLECTION,
        tag=_INTEGRATIONS,
        summary="List integrations",
        description="The integrations that the caller may see, the newest first.",
        parameters=("limit", "cursor", "name", "space_id", "space_name"),
        answer=Answer(description="A page.", body=AiIntegrationList, examples=("integrations",)),
        errors=(*_OF_CALLERS, NOT_FOUND),
    ),
    Operation(
        id="getAiIntegration",
        method="get",
        path=_ONE,
        tag=_INTEGRATIONS,
        summary="Get an integration",
        description="One integration. What the caller may not see is answered like what does not exist.",
        parameters=("integration_id",),
        answer=Answer(
            description="The integration.", body=AiIntegration, headers=("ETag",), examples=("integration", "newer")
        ),
        errors=(*_OF_CALLERS, NOT_FOUND),
    ),
    Operation(
        id="updateAiIntegration",
        method="patch",
        path=_ONE,
        tag=_INTEGRATIONS,
        summary="Change an integration",
        description=(
            "What is absent stays; null removes, where a field may be null; a list or a map replaces the one before. "
            "A stored key is never sent where nobody has confirmed it: a change of provider or host needs `api_key` "
            "in the same request, the key again or null."
        ),
        body=PatchBody,
        body_examples=("rename", "replace_key", "move"),
        parameters=("integration_id", "If-Match"),
        answer=Answer(
            description="The integration as it is now.",
            body=AiIntegration,
            headers=("ETag",),
            examples=("integration",),
        ),
        errors=(*_OF_CALLERS, NOT_FOUND, CONFLICT, PRECONDITION_FAILED, *_OF_BODIES),
    ),
    Operation(
        id="deleteAiIntegration",
        method="delete",
        path=_ONE,
        tag=_INTEGRATIONS,
        summary="Delete an integration",
        description="Deletes the integration and its key. Until the recovery window ends, a restore brings both back.",
        parameters=("integration_id", "If-Match"),
        answer=Answer(status=204, description="It is deleted; the answer is empty."),
        errors=(*_OF_CALLERS, NOT_FOUND, PRECONDITION_FAILED),
    ),
    Operation(
        id="restoreAiIntegration",
        method="post",
        path=f"{_ONE}/restore",
        tag=_INTEGRATIONS,
        summary="Restore a deleted integration",
        description="Brings a deleted integration back, key included. One that is there stays as it is.",
        parameters=("integration_id",),
        answer=Answer(
            description="The integration as it is again.",
            body=AiIntegration,
            headers=("ETag",),
            examples=("integration",),
        ),
        errors=(*_OF_CALLERS, NOT_FOUND, CONFLICT),
    ),
    Operation(
        id="rotateKey",
        method="post",
        path=f"{_ONE}/key-rotations",
        tag=_KEYS,
        summary="Rotate the key",
        description=(
            "Lets another key take effect. Until its grace ends the key before can still be had, by its version; "
            "409 if the integration has no key of its own."
        ),
        body=RotateBody,
        body_examples=("rotate",),
        parameters=("integration_id", "If-Match"),
        answer=_ROTATED,
        errors=(*_OF_CALLERS, NOT_FOUND, CONFLICT, PRECONDITION_FAILED, *_OF_BODIES),
    ),
    Operation(
        id="rollKeyBack",
        method="post",
        path=f"{_ONE}/key-rotations/rollback",
        tag=_KEYS,
        summary="Go back to the key before",
        description="Takes the last rotation back while the grace lasts; 409 when there is no key to go back to.",
        parameters=("integration_id", "If-Match"),
        answer=_ROTATED,
        errors=(*_OF_CALLERS, NOT_FOUND, CONFLICT, PRECONDITION_FAILED),
    ),
    Operation(
        id="testConnection",
        method="post",
        path=_templated(connection_tests.SAVED),
        tag=_CONNECTIONS,
        summary="Test an integration",
        description="Connects to the provider with the stored key, and records what came of it. For admins.",
        body=ModelChoice,
        body_required=False,
        body_examples=("model",),
        parameters=("integration_id",),
        answer=_TESTED,
        errors=(*_OF_CALLERS, NOT_FOUND, CONFLICT, *_OF_BODIES),
    ),
    Operation(
        id="testConnectionBeforeCreate",
        method="post",
        path=connection_tests.NEW,
        tag=_CONNECTIONS,
        summary="Test what may become an integration",
        description="Connects to the provider with the key in the body. Nothing is stored. For admins.",
        body=CreateBody,
        body_examples=("openai",),
        answer=_TESTED,
        errors=(*_OF_CALLERS, *_OF_BODIES),
    ),
    Operation(
        id="getConnectionHealth",
        method="get",
        path=_templated(health.ROUTE),
        tag=_CONNECTIONS,
        summary="Get the last test's outcome",
        description="What the last test of an integration found; its status is unknown where there was none.",
        parameters=("integration_id",),
        answer=_TESTED,
        errors=(*_OF_CALLERS, NOT_FOUND),
    ),
    Operation(
        id="listSpaces",
        method="get",
        path=spaces.COLLECTION,
        tag=_SPACES,
        summary="List spaces",
        description="The spaces that the caller may know of, in the order of their ids: how a name becomes an id.",
        parameters=("limit", "cursor", "name"),
        answer=Answer(description="A page.", body=SpaceList, examples=("spaces",)),
        errors=_OF_CALLERS,
    ),
    Operation(
        id="getOpenApi",
        method="get",
        path=docs.DOCUMENT,
        tag=_DESCRIPTION,
        summary="Get this document",
        description="This document. It holds nothing secret and needs no access key.",
        answer=Answer(description="The OpenAPI document.", body="application/json"),
        errors=_ALWAYS,
        public=True,
    ),
    Operation(
        id="getDocs",
        method="get",
        path=docs.PAGE,
        tag=_DESCRIPTION,
        summary="Read this document as a page",
        description="A page that shows this document and tries its calls. The stack may have it switched off.",
        answer=Answer(description="The page.", body="text/html"),
        errors=(NOT_FOUND, *_ALWAYS),
        public=True,
    ),
)
