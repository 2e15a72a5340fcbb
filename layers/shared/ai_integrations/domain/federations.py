"""What each provider needs to exchange an identity token of AWS for an access token (workload identity federation)."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import NamedTuple


class FederationField(NamedTuple):
    """One field of `federation`: the pattern of the whole value, its description, and whether it is required."""

    pattern: str
    description: str
    required: bool = True


class FederationKind(NamedTuple):
    """The fields of `federation` that a provider accepts.

    `name` is part of stored keys and must not change. `identity` are the fields that select an identity at the
    provider: only one account of the registry may use it.
    `audience` is the `aud` claim of the identity token, with fields in braces. `headers` are sent together with the
    access token. `accepts_parameters` is true if the token request may have further parameters.
    """

    name: str
    fields: Mapping[str, FederationField]
    identity: tuple[str, ...]
    audience: str
    headers: Mapping[str, str] = MappingProxyType({})
    accepts_parameters: bool = False


_UUID = r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}"
_OPAQUE = r"[A-Za-z0-9_-]{1,128}"

OPEN_AI = FederationKind(
    name="OPEN_AI",
    fields={
        "identity_provider_id": FederationField(_OPAQUE, "the id of an identity provider of your organization"),
        "service_account_id": FederationField(_OPAQUE, "the id of a service account"),
    },
    identity=("identity_provider_id", "service_account_id"),
    audience="https://api.openai.com/v1",
)
ANTHROPIC = FederationKind(
    name="ANTHROPIC",
    fields={
        "federation_rule_id": FederationField(rf"fdrl_{_OPAQUE}", "the id of a federation rule, fdrl_…"),
        "organization_id": FederationField(_UUID, "the id of your organization, a UUID"),
        "service_account_id": FederationField(rf"svac_{_OPAQUE}", "the id of a service account, svac_…"),
        "workspace_id": FederationField(
            rf"wrkspc_{_OPAQUE}|default", "the id of a workspace, wrkspc_…", required=False
        ),
    },
    identity=("organization_id", "service_account_id"),
    audience="https://api.anthropic.com",
    headers={"anthropic-beta": "oauth-2025-04-20"},
)
MICROSOFT_ENTRA = FederationKind(
    name="MICROSOFT_ENTRA",
    fields={
        "tenant_id": FederationField(_UUID, "the id of your tenant, a UUID"),
        "client_id": FederationField(_UUID, "the id of an application or managed identity, a UUID"),
        "cloud": FederationField("public|usgov|china", "public, usgov or china", required=False),
    },
    identity=("tenant_id", "client_id"),
    audience="api://AzureADTokenExchange",
)
GOOGLE_CLOUD = FederationKind(
    name="GOOGLE_CLOUD",
    fields={
        "workload_identity_provider": FederationField(
            r"projects/[0-9]{1,19}/locations/global/workloadIdentityPools/[a-z0-9-]{4,32}/providers/[a-z0-9-]{4,32}",
            "the resource name of a provider in a workload identity pool",
        ),
        "service_account_email": FederationField(
            r"[a-z0-9.-]{1,100}@[a-z0-9.-]{1,100}", "the email address of a service account", required=False
        ),
    },
    # Not the service account: the federated identity, which is that of the pool, may impersonate several.
    identity=("workload_identity_provider",),
    audience="https://iam.googleapis.com/{workload_identity_provider}",
)
CUSTOM = FederationKind(
    name="CUSTOM",
    fields={
        "token_endpoint": FederationField(r"https?://.{1,2000}", "the URL of a token endpoint"),
        "grant": FederationField("token-exchange|jwt-bearer", "token-exchange (RFC 8693) or jwt-bearer (RFC 7523)"),
        "audience": FederationField(r"[\x21-\x7e]{1,1000}", "the audience that the token endpoint expects"),
    },
    identity=("audience",),
    audience="{audience}",
    accepts_parameters=True,
)

FEDERATION_KINDS = (OPEN_AI, ANTHROPIC, MICROSOFT_ENTRA, GOOGLE_CLOUD, CUSTOM)
