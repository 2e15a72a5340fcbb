"""The route of an integration's IAM role: the trust policy that the role needs."""

from typing import Annotated, Any

from aws_lambda_powertools.event_handler import APIGatewayRestResolver, Response
from pydantic import Field
from typing_extensions import TypedDict

from ai_integrations.contracts import ids
from ai_integrations.contracts.caller import caller_from_context
from ai_integrations.http.responses import json_response
from ai_integrations.use_cases.role_trust import RoleTrust, RoleTrusts

ROUTE = "/v2/ai-integrations/<integration_id>/role"


class IntegrationRole(TypedDict):
    """The IAM role of an integration, and what its trust policy must contain."""

    role_arn: str
    principals: Annotated[list[str], Field(description="ARNs of this service's roles that assume the role.")]
    external_id: Annotated[str, Field(description="The integration's external ID, otherwise that of your account.")]
    trust_policy: Annotated[
        dict[str, Any], Field(description="The trust policy to paste, as JSON. It requires the external ID.")
    ]


def role_view(trust: RoleTrust) -> IntegrationRole:
    """Render the trust that a role needs."""
    return {
        "role_arn": trust.role_arn,
        "principals": list(trust.principals),
        "external_id": trust.external_id,
        "trust_policy": {
            "Version": "2012-10-17",
            "Statement": [
                {
                    "Sid": "AssumeByAiIntegrations",
                    "Effect": "Allow",
                    "Principal": {"AWS": list(trust.principals)},
                    "Action": "sts:AssumeRole",
                    "Condition": {"StringEquals": {"sts:ExternalId": trust.external_id}},
                }
            ],
        },
    }


class RoleRoutes:
    """The route of an integration's role."""

    def __init__(self, app: APIGatewayRestResolver, role_trusts: RoleTrusts) -> None:
        self._app = app
        self._role_trusts = role_trusts
        app.get(ROUTE)(self.get)

    def get(self, integration_id: str) -> Response[str]:
        """Return the trust policy that the role of an integration needs."""
        caller = caller_from_context(self._app.current_event.request_context.authorizer)
        return json_response(role_view(self._role_trusts.get(caller, ids.decode(integration_id))))
