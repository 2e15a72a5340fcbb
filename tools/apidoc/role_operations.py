"""The operation that returns the trust policy of an integration's IAM role."""

from ai_integrations.contracts.problems import NOT_FOUND
from ai_integrations.http.trust_views import IntegrationRole
from tools.apidoc.operation import AUTHENTICATED_ERRORS, INTEGRATION_PATH, Operation, Response

ROLE_OPERATIONS = (
    Operation(
        id="getRole",
        method="get",
        path=f"{INTEGRATION_PATH}/role",
        tag="IAM roles",
        summary="Get the trust policy of the IAM role",
        description=(
            "Returns what the integration's IAM role must trust, with the trust policy to paste. Without an "
            "`external_id` of the integration, the service sends one of its own, which belongs to your account. For "
            "admins only. Returns 404 if the integration has no role."
        ),
        parameters=("integration_id",),
        response=Response(description="The role and its trust policy.", body=IntegrationRole, examples=("role",)),
        errors=(*AUTHENTICATED_ERRORS, NOT_FOUND),
    ),
)
