"""What each provider needs to exchange an identity token of AWS for an access token (workload identity federation)."""

from collections.abc import Mapping
from enum import Enum
from types import MappingProxyType
from typing import NamedTuple


class TokenRequestFormat(Enum):
    """The wire formats of token requests (`key_access/token_exchange/requests.py`).

    The values are part of stored keys and must not change.
    """

    OPEN_AI = "openai"
    ANTHROPIC = "anthropic"
    MICROSOFT_ENTRA = "microsoft_entra"
    GOOGLE = "google"
    CUSTOM = "custom"


class FederationField(NamedTuple):
    """One field of `federation`: the pattern of the whole value, its description, and whether it is required."""

    pattern: str
    description: str
    required: bool = True


class FederationKind(NamedTuple):
    """The fields of `federation` that a provider accepts.

    `identity` are the fields that select an identity at the provider: only one account of the registry may use it.
    Letters are compared without regard to case, because a UUID has several notations.
    `audience` is the `aud` claim of the identity token. In braces, it may contain fields, `registry_account` and
    `integration`. `lifetime` is that of the identity token in seconds. `headers` are sent together with the access
    token. `accepts_parameters` is true if the token request may have further parameters.
    """

    request_format: TokenRequestFormat
    fields: Mapping[str, FederationField]
    identity: tuple[str, ...]
    audience: str
    lifetime: int = 300
    headers: Mapping[str, str] = MappingProxyType({})
    accepts_parameters: bool = False


# RFC 9562, section 4: lower case on output, any case on input.
_UUID = r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}"
# The providers document prefixes and examples of their ids (svac_015rSKKoTmnBF2WbzqpemYW5), but no length.
_OPAQUE = r"[A-Za-z0-9_-]{1,128}"
_OPAQUE_DESCRIPTION = "which has only letters, digits, hyphens and underscores"

# https://developers.openai.com/api/reference/workload-identity-federation: "Access tokens expire after at most one hour
# and never outlive the external subject token". The audience is that of
# https://developers.openai.com/api/docs/guides/workload-identity-federation/aws. Ids of service accounts are svc_acct_…
# (https://platform.openai.com/docs/api-reference/project-service-accounts) or, in the dashboard, user-….
OPEN_AI = FederationKind(
    request_format=TokenRequestFormat.OPEN_AI,
    fields={
        "identity_provider_id": FederationField(
            _OPAQUE, f"the id of a workload identity provider of your organization, {_OPAQUE_DESCRIPTION}"
        ),
        "service_account_id": FederationField(_OPAQUE, f"the id of a project's service account, {_OPAQUE_DESCRIPTION}"),
    },
    identity=("service_account_id",),
    audience="https://api.openai.com/v1",
    lifetime=3600,
)
# https://platform.claude.com/docs/en/manage-claude/wif-reference for the fields, wif-providers/aws beside it for the
# audience. An access token lives at most twice the rest of the identity token's lifetime (package anthropic,
# types/organization/federation/rule_create_params.py), by default an hour. The header is OAUTH_API_BETA_HEADER of
# anthropic.lib.credentials: the API requires it with each access token, and the token endpoint both beta headers.
ANTHROPIC = FederationKind(
    request_format=TokenRequestFormat.ANTHROPIC,
    fields={
        "federation_rule_id": FederationField(rf"fdrl_{_OPAQUE}", "the id of a federation rule, fdrl_…"),
        "organization_id": FederationField(_UUID, "the id of your organization, a UUID"),
        "service_account_id": FederationField(rf"svac_{_OPAQUE}", "the id of a service account, svac_…"),
        "workspace_id": FederationField(
            rf"wrkspc_{_OPAQUE}|default", "the id of a workspace, wrkspc_…, or default", required=False
        ),
    },
    identity=("service_account_id",),
    audience="https://api.anthropic.com",
    lifetime=1800,
    headers={"anthropic-beta": "oauth-2025-04-20"},
)
# https://learn.microsoft.com/entra/workload-id/workload-identity-federation-considerations: a federated identity
# credential matches issuer, subject and one audience of at most 600 characters, and no claims of AWS. All integrations
# have the same issuer and subject, so the audience names the account and the integration. api://AzureADTokenExchange is
# the recommended audience, and any other is allowed. A tenant's domain names are aliases of its id, so only the id is
# accepted. The clouds are those of azure.identity.AzureAuthorityHosts.
MICROSOFT_ENTRA = FederationKind(
    request_format=TokenRequestFormat.MICROSOFT_ENTRA,
    fields={
        "tenant_id": FederationField(_UUID, "the id of your tenant, a UUID"),
        "client_id": FederationField(_UUID, "the client id of an application or a managed identity, a UUID"),
        "cloud": FederationField("public|usgov|china", "public (the default), usgov or china", required=False),
    },
    identity=("client_id",),
    audience="api://AzureADTokenExchange/{registry_account}/{integration}",
)
# https://cloud.google.com/iam/docs/reference/rest/v1/projects.locations.workloadIdentityPools.providers: ids of 4 to 32
# characters; without allowed audiences, the token's audience is the resource name with or without "https:".
# https://cloud.google.com/iam/docs/service-account-types has the forms of email addresses. Projects of a domain have
# one more label: name@project.example.com.iam.gserviceaccount.com.
GOOGLE_CLOUD = FederationKind(
    request_format=TokenRequestFormat.GOOGLE,
    fields={
        "workload_identity_provider": FederationField(
            r"projects/[1-9][0-9]{0,18}/locations/global/workloadIdentityPools/[a-z0-9-]{4,32}/providers/[a-z0-9-]{4,32}",
            "the resource name of a provider: projects/<number>/locations/global/workloadIdentityPools/…/providers/…",
        ),
        "service_account_email": FederationField(
            r"[a-z0-9-]{1,63}@([a-z0-9-]{1,63}\.){1,8}gserviceaccount\.com",
            "the email address of a service account",
            required=False,
        ),
    },
    # Not the service account: the federated identity, which is that of the pool, may impersonate several.
    identity=("workload_identity_provider",),
    audience="https://iam.googleapis.com/{workload_identity_provider}",
)
# RFC 8693 and RFC 7523 set no limits. AWS limits an audience to 1,000 characters, and an entry of the stack's parameter
# FederationAudiences contains neither a comma nor "$". Token endpoints such as
# https://openrouter.ai/docs/guides/overview/auth/workload-identity-federation issue access tokens of 15 minutes that
# never outlive the identity token.
CUSTOM = FederationKind(
    request_format=TokenRequestFormat.CUSTOM,
    fields={
        "token_endpoint": FederationField(r"https?://.{1,2000}", "the URL of a token endpoint"),
        "grant": FederationField("token-exchange|jwt-bearer", "token-exchange (RFC 8693) or jwt-bearer (RFC 7523)"),
        "audience": FederationField(
            r"[\x21-\x23\x25-\x2b\x2d-\x7e]{1,1000}",
            "the audience that the token endpoint expects: visible ASCII characters without commas and $",
        ),
    },
    identity=("audience",),
    audience="{audience}",
    lifetime=900,
    accepts_parameters=True,
)

FEDERATION_KINDS = (OPEN_AI, ANTHROPIC, MICROSOFT_ENTRA, GOOGLE_CLOUD, CUSTOM)

BY_PROVIDER = {
    "OPEN_AI": OPEN_AI,
    "AZURE_OPEN_AI": MICROSOFT_ENTRA,
    "VERTEX_AI": GOOGLE_CLOUD,
    "ANTHROPIC": ANTHROPIC,
    "CUSTOM": CUSTOM,
    "LITELLM": CUSTOM,
}
