"""The route of an integration's federation: its settings, and the identity token that the provider must trust."""

from typing import Annotated, Any, NotRequired

from aws_lambda_powertools.event_handler import APIGatewayRestResolver, Response
from pydantic import Field
from typing_extensions import TypedDict

from ai_integrations.contracts import ids
from ai_integrations.contracts.caller import caller_from_context
from ai_integrations.domain.mappings import without_none
from ai_integrations.http.responses import json_response
from ai_integrations.use_cases.federation_trust import FederationTrust, FederationTrusts

ROUTE = "/v2/ai-integrations/<integration_id>/federation"

# https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_providers_outbound_token_claims.html
_AWS_CLAIMS = "https://sts.amazonaws.com/"


class IntegrationFederation(TypedDict):
    """The federation of an integration, and the identity token that its provider must trust."""

    federation: Annotated[dict[str, Any], Field(description="The settings, as they were sent.")]
    issuer: NotRequired[
        Annotated[str | None, Field(description="The claim iss. Absent while federation is off in this installation.")]
    ]
    subject: NotRequired[
        Annotated[
            str | None,
            Field(description="The claim sub: the role that obtains the tokens of all accounts. Absent like issuer."),
        ]
    ]
    audience: Annotated[str, Field(description="The claim aud.")]
    required_claims: Annotated[
        dict[str, Any],
        Field(
            description="The claims to require besides. They bind a token to your account and this integration. "
            "Without them, the provider would accept the tokens of every account of this service."
        ),
    ]


def federation_view(trust: FederationTrust) -> IntegrationFederation:
    """Render what the provider must trust."""
    fields, parameters = trust.federation
    claims = {"aws_account": trust.aws_account, "request_tags": dict(trust.request_tags)}
    view: IntegrationFederation = {
        "federation": {**fields, **({"parameters": dict(parameters)} if parameters else {})},
        "issuer": trust.issuer or None,
        "subject": trust.subject or None,
        "audience": trust.audience,
        "required_claims": {_AWS_CLAIMS: claims},
    }
    return without_none(view)


class FederationRoutes:
    """The route of an integration's federation."""

    def __init__(self, app: APIGatewayRestResolver, federation_trusts: FederationTrusts) -> None:
        self._app = app
        self._federation_trusts = federation_trusts
        app.get(ROUTE)(self.get)

    def get(self, integration_id: str) -> Response[str]:
        """Return the federation of an integration, and what its provider must trust."""
        caller = caller_from_context(self._app.current_event.request_context.authorizer)
        return json_response(federation_view(self._federation_trusts.get(caller, ids.decode(integration_id))))
