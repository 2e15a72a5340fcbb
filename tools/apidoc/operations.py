"""All operations of the API, in the order of the documentation page. contract.md, "Operations", is the reference."""

from ai_integrations.contracts.audit_views import AuditLogPage
from ai_integrations.contracts.deleted_views import DeletedAiIntegrationList
from ai_integrations.contracts.integration_bodies import CreateBody, PatchBody
from ai_integrations.contracts.problems import CONFLICT, NOT_FOUND, PRECONDITION_FAILED
from ai_integrations.contracts.views import (
    AiIntegration,
    AiIntegrationList,
    OrganizationList,
    OrganizationView,
    SpaceList,
    SpaceView,
)
from ai_integrations.http import audit_log, console, deleted_integrations, docs, integrations, spaces
from tools.apidoc.connection_test_operations import CONNECTION_TEST_OPERATIONS
from tools.apidoc.consumer_operations import CONSUMER_OPERATIONS
from tools.apidoc.federation_operations import FEDERATION_OPERATIONS
from tools.apidoc.key_operations import KEY_OPERATIONS
from tools.apidoc.operation import (
    AUTHENTICATED_ERRORS,
    BODY_ERRORS,
    COMMON_ERRORS,
    INTEGRATION_PATH,
    Operation,
    Response,
    Security,
    path_template,
)
from tools.apidoc.role_operations import ROLE_OPERATIONS
from tools.apidoc.rotation_operations import ROTATION_OPERATIONS

_INTEGRATIONS = "AI integrations"
_DIRECTORY = "Organizations and spaces"
_DESCRIPTION = "API description"
_CONSOLE = "Console"

OPERATIONS = (
    Operation(
        id="createAiIntegration",
        method="post",
        path=integrations.COLLECTION,
        tag=_INTEGRATIONS,
        summary="Create an integration",
        description="Registers an external LLM provider. The API key is stored. Only its consumers can read it.",
        body=CreateBody,
        body_examples=("openai", "bedrock", "vertex", "gateway", "federation"),
        parameters=("Idempotency-Key",),
        response=Response(
            status=201,
            description="The new integration.",
            body=AiIntegration,
            headers=("ETag", "Location"),
            examples=("integration",),
        ),
        errors=(*AUTHENTICATED_ERRORS, CONFLICT, *BODY_ERRORS),
    ),
    Operation(
        id="listAiIntegrations",
        method="get",
        path=integrations.COLLECTION,
        tag=_INTEGRATIONS,
        summary="List integrations",
        description="Returns the integrations that the caller can see, newest first.",
        parameters=("limit", "cursor", "name", "space_id", "space_name"),
        response=Response(description="A page of integrations.", body=AiIntegrationList, examples=("integrations",)),
        errors=(*AUTHENTICATED_ERRORS, NOT_FOUND),
    ),
    Operation(
        id="getAiIntegration",
        method="get",
        path=INTEGRATION_PATH,
        tag=_INTEGRATIONS,
        summary="Get an integration",
        description=(
            "Returns one integration. An integration that the caller cannot see gets the same 404 response as one "
            "that does not exist."
        ),
        parameters=("integration_id",),
        response=Response(
            description="The integration.",
            body=AiIntegration,
            headers=("ETag",),
            examples=("integration", "current_format"),
        ),
        errors=(*AUTHENTICATED_ERRORS, NOT_FOUND),
    ),
    Operation(
        id="updateAiIntegration",
        method="patch",
        path=INTEGRATION_PATH,
        tag=_INTEGRATIONS,
        summary="Update an integration",
        description=(
            "Changes only the fields in the request. Where a field may be null, null removes it. A list or map "
            "replaces the previous one. A stored key is never sent to a destination that you did not confirm. "
            'Therefore, a request must also contain the API key, `"api_key": null` or `api_key_secret_arn` if it '
            "changes `provider`, the address or path in `base_url`, `project_id` or `location`. The same applies if it "
            "adds a header, or changes one that names a destination. A stored `federation` must be sent again, or "
            "null, in the same cases. Without a key or federation, or with `proxy_with_headers`, a request that "
            "changes the destination must contain `headers`. An integration has one of `api_key`, "
            "`api_key_secret_arn` and `federation`: a new one replaces the others. Only admins can change a "
            "federation, an IAM role or its external ID. Beside a role, the same changes of destination and headers "
            "are for admins."
        ),
        body=PatchBody,
        body_examples=("rename", "replace_key", "move"),
        parameters=("integration_id", "dry_run", "If-Match"),
        response=Response(
            description="The updated integration.",
            body=AiIntegration,
            headers=("ETag",),
            examples=("integration",),
        ),
        errors=(*AUTHENTICATED_ERRORS, NOT_FOUND, CONFLICT, PRECONDITION_FAILED, *BODY_ERRORS),
    ),
    Operation(
        id="deleteAiIntegration",
        method="delete",
        path=INTEGRATION_PATH,
        tag=_INTEGRATIONS,
        summary="Delete an integration",
        description=("Deletes the integration and its API key. Until the recovery window ends, both can be restored."),
        parameters=("integration_id", "dry_run", "If-Match"),
        response=Response(status=204, description="The integration was deleted."),
        errors=(*AUTHENTICATED_ERRORS, NOT_FOUND, PRECONDITION_FAILED),
    ),
    Operation(
        id="restoreAiIntegration",
        method="post",
        path=f"{INTEGRATION_PATH}/restore",
        tag=_INTEGRATIONS,
        summary="Restore a deleted integration",
        description=(
            "Restores a deleted integration, including its API key. An integration that is not deleted is returned "
            "unchanged."
        ),
        parameters=("integration_id",),
        response=Response(
            description="The restored integration.",
            body=AiIntegration,
            headers=("ETag",),
            examples=("integration",),
        ),
        errors=(*AUTHENTICATED_ERRORS, NOT_FOUND, CONFLICT),
    ),
    Operation(
        id="listDeletedAiIntegrations",
        method="get",
        path=deleted_integrations.COLLECTION,
        tag=_INTEGRATIONS,
        summary="List deleted integrations",
        description=(
            "Returns the deleted integrations that can be restored and that the caller saw, the newest integration "
            "first."
        ),
        parameters=("limit", "cursor"),
        response=Response(
            description="A page of deleted integrations.",
            body=DeletedAiIntegrationList,
            examples=("deleted_integrations",),
        ),
        errors=AUTHENTICATED_ERRORS,
    ),
    *ROTATION_OPERATIONS,
    *ROLE_OPERATIONS,
    *FEDERATION_OPERATIONS,
    *CONNECTION_TEST_OPERATIONS,
    *KEY_OPERATIONS,
    *CONSUMER_OPERATIONS,
    Operation(
        id="listAuditLogs",
        method="get",
        path=audit_log.COLLECTION,
        tag="Audit log",
        summary="List audit log entries",
        description=(
            "Returns the committed changes of integrations and consumers, and refused resolves, newest first. An entry "
            "appears some seconds after the change. For admins only. 403 also while the audit log is off."
        ),
        parameters=(
            "start_time",
            "end_time",
            "user_id",
            "operation_type",
            "operation_name",
            "resource_id",
            "limit",
            "cursor",
        ),
        response=Response(description="A page of the audit log.", body=AuditLogPage, examples=("audit_logs",)),
        errors=AUTHENTICATED_ERRORS,
    ),
    Operation(
        id="listSpaces",
        method="get",
        path=spaces.SPACES,
        tag=_DIRECTORY,
        summary="List spaces",
        description=(
            "Returns the spaces that the caller can see, ordered by id. Use it to find the id of a space by its name."
        ),
        parameters=("limit", "cursor", "name", "org_id"),
        response=Response(description="A page of spaces.", body=SpaceList, examples=("spaces",)),
        errors=AUTHENTICATED_ERRORS,
    ),
    Operation(
        id="getSpace",
        method="get",
        path=path_template(spaces.SPACE),
        tag=_DIRECTORY,
        summary="Get a space",
        description=(
            "Returns one space. A space that the caller cannot see gets the same 404 response as one that does not "
            "exist."
        ),
        parameters=("space_in_path",),
        response=Response(description="The space.", body=SpaceView, examples=("space",)),
        errors=(*AUTHENTICATED_ERRORS, NOT_FOUND),
    ),
    Operation(
        id="listOrganizations",
        method="get",
        path=spaces.ORGANIZATIONS,
        tag=_DIRECTORY,
        summary="List organizations",
        description=(
            "Returns the organizations that the caller, or a space of the caller, belongs to, ordered by id. An admin "
            "gets all."
        ),
        parameters=("limit", "cursor", "name"),
        response=Response(description="A page of organizations.", body=OrganizationList, examples=("organizations",)),
        errors=AUTHENTICATED_ERRORS,
    ),
    Operation(
        id="getOrganization",
        method="get",
        path=path_template(spaces.ORGANIZATION),
        tag=_DIRECTORY,
        summary="Get an organization",
        description=(
            "Returns one organization. An organization that the caller cannot see gets the same 404 response as one "
            "that does not exist."
        ),
        parameters=("organization_in_path",),
        response=Response(description="The organization.", body=OrganizationView, examples=("organization",)),
        errors=(*AUTHENTICATED_ERRORS, NOT_FOUND),
    ),
    Operation(
        id="getOpenApi",
        method="get",
        path=docs.DOCUMENT,
        tag=_DESCRIPTION,
        summary="Get the OpenAPI document",
        description="Returns this document. It contains no secrets, so no access key is required.",
        response=Response(description="The OpenAPI document.", body="application/json"),
        errors=COMMON_ERRORS,
        security=Security.NOTHING,
    ),
    Operation(
        id="getDocs",
        method="get",
        path=docs.PAGE,
        tag=_DESCRIPTION,
        summary="Get the documentation page",
        description="Returns an HTML page that shows this document and can send requests. Operators can disable it.",
        response=Response(description="The documentation page.", body="text/html"),
        errors=(NOT_FOUND, *COMMON_ERRORS),
        security=Security.NOTHING,
    ),
    Operation(
        id="getConsole",
        method="get",
        path=console.PAGE,
        tag=_CONSOLE,
        summary="Get the console",
        description="Returns an HTML page on which people manage integrations. Operators can disable it.",
        response=Response(description="The page.", body="text/html"),
        errors=(NOT_FOUND, *COMMON_ERRORS),
        security=Security.NOTHING,
    ),
    Operation(
        id="getConsoleFile",
        method="get",
        path=path_template(console.FILE),
        tag=_CONSOLE,
        summary="Get a file of the console",
        description="Returns a script or a style sheet of the console.",
        parameters=("file",),
        response=Response(description="The file.", body="text/*"),
        errors=(NOT_FOUND, *COMMON_ERRORS),
        security=Security.NOTHING,
    ),
)
