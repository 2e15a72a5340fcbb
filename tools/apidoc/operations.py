"""The operations of contract.md, "Operations": what each takes and what it answers."""

from ai_integrations.contracts.integration_bodies import CreateBody, PatchBody
from ai_integrations.contracts.problems import CONFLICT, NOT_FOUND, PRECONDITION_FAILED
from ai_integrations.contracts.views import AiIntegration, AiIntegrationList, SpaceList
from ai_integrations.http import docs, integrations, spaces
from tools.apidoc.key_operations import KEY_OPERATIONS
from tools.apidoc.operation import ALWAYS, OF_BODIES, OF_CALLERS, ONE, Answer, Operation

_INTEGRATIONS = "AI integrations"
_SPACES = "Spaces"
_DESCRIPTION = "API description"

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
        errors=(*OF_CALLERS, CONFLICT, *OF_BODIES),
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
        errors=(*OF_CALLERS, NOT_FOUND),
    ),
    Operation(
        id="getAiIntegration",
        method="get",
        path=ONE,
        tag=_INTEGRATIONS,
        summary="Get an integration",
        description="One integration. What the caller may not see is answered like what does not exist.",
        parameters=("integration_id",),
        answer=Answer(
            description="The integration.", body=AiIntegration, headers=("ETag",), examples=("integration", "newer")
        ),
        errors=(*OF_CALLERS, NOT_FOUND),
    ),
    Operation(
        id="updateAiIntegration",
        method="patch",
        path=ONE,
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
        errors=(*OF_CALLERS, NOT_FOUND, CONFLICT, PRECONDITION_FAILED, *OF_BODIES),
    ),
    Operation(
        id="deleteAiIntegration",
        method="delete",
        path=ONE,
        tag=_INTEGRATIONS,
        summary="Delete an integration",
        description="Deletes the integration and its key. Until the recovery window ends, a restore brings both back.",
        parameters=("integration_id", "If-Match"),
        answer=Answer(status=204, description="It is deleted; the answer is empty."),
        errors=(*OF_CALLERS, NOT_FOUND, PRECONDITION_FAILED),
    ),
    Operation(
        id="restoreAiIntegration",
        method="post",
        path=f"{ONE}/restore",
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
        errors=(*OF_CALLERS, NOT_FOUND, CONFLICT),
    ),
    *KEY_OPERATIONS,
    Operation(
        id="listSpaces",
        method="get",
        path=spaces.COLLECTION,
        tag=_SPACES,
        summary="List spaces",
        description="The spaces that the caller may know of, in the order of their ids: how a name becomes an id.",
        parameters=("limit", "cursor", "name"),
        answer=Answer(description="A page.", body=SpaceList, examples=("spaces",)),
        errors=OF_CALLERS,
    ),
    Operation(
        id="getOpenApi",
        method="get",
        path=docs.DOCUMENT,
        tag=_DESCRIPTION,
        summary="Get this document",
        description="This document. It holds nothing secret and needs no access key.",
        answer=Answer(description="The OpenAPI document.", body="application/json"),
        errors=ALWAYS,
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
        errors=(NOT_FOUND, *ALWAYS),
        public=True,
    ),
)
