"""The operation that returns what the provider of a federated integration must trust."""

from ai_integrations.contracts.problems import NOT_FOUND
from ai_integrations.http.trust_views import IntegrationFederation
from tools.apidoc.operation import AUTHENTICATED_ERRORS, INTEGRATION_PATH, Operation, Response

FEDERATION_OPERATIONS = (
    Operation(
        id="getFederation",
        method="get",
        path=f"{INTEGRATION_PATH}/federation",
        tag="Workload identity federation",
        summary="Get the federation and what the provider must trust",
        description=(
            "Returns the settings of the federation, and the issuer, subject, audience and claims to configure at the "
            "provider. For admins only. Returns 404 if the integration has no federation."
        ),
        parameters=("integration_id",),
        response=Response(
            description="The federation and the identity token that the provider must trust.",
            body=IntegrationFederation,
            examples=("federation",),
        ),
        errors=(*AUTHENTICATED_ERRORS, NOT_FOUND),
    ),
)
