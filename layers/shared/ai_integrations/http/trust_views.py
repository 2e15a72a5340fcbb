"""Response bodies that show what others must trust: the role of an integration, or its provider.

Only their routes import this module, on first use: each cold start would pay for it.
"""

from typing import Annotated, Any, NotRequired

from pydantic import Field
from typing_extensions import TypedDict

from ai_integrations.domain.mappings import without_none
from ai_integrations.use_cases.federation_trust import FederationTrust
from ai_integrations.use_cases.role_trust import RoleTrust

# https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_providers_outbound_token_claims.html
_AWS_CLAIMS = "https://sts.amazonaws.com/"


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
