"""The token requests of providers: one function for each wire format."""

import json
from collections.abc import Callable, Mapping
from typing import NamedTuple
from urllib.parse import urlencode

from pydantic import SecretStr

from ai_integrations.domain.federations import TokenRequestFormat
from ai_integrations.domain.model import Federation
from ai_integrations.key_access.outbound.http_messages import OutboundRequest

_TOKEN_EXCHANGE = "urn:ietf:params:oauth:grant-type:token-exchange"  # noqa: S105 - RFC 8693, section 2.1
_JWT_BEARER = "urn:ietf:params:oauth:grant-type:jwt-bearer"  # RFC 7523, section 2.1
_CLIENT_ASSERTION = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"  # RFC 7523, section 2.2
_JWT = "urn:ietf:params:oauth:token-type:jwt"  # RFC 8693, section 3
_ACCESS_TOKEN = "urn:ietf:params:oauth:token-type:access_token"  # noqa: S105
_GOOGLE_SCOPES = "https://www.googleapis.com/auth/"


class _EntraCloud(NamedTuple):
    login_host: str
    scope: str


# The hosts are those of azure.identity.AzureAuthorityHosts, the scopes those of Azure OpenAI in each cloud:
# https://learn.microsoft.com/azure/azure-government/compare-azure-government-global-azure
_ENTRA_CLOUDS = {
    "public": _EntraCloud("login.microsoftonline.com", "https://cognitiveservices.azure.com/.default"),
    "usgov": _EntraCloud("login.microsoftonline.us", "https://cognitiveservices.azure.us/.default"),
    "china": _EntraCloud("login.chinacloudapi.cn", "https://cognitiveservices.azure.cn/.default"),
}


def token_request(
    request_format: TokenRequestFormat, federation: Federation, identity_token: SecretStr
) -> OutboundRequest:
    """Build the request that exchanges an identity token for an access token."""
    return _TOKEN_REQUESTS[request_format](federation, identity_token.get_secret_value())


def impersonation_request(
    request_format: TokenRequestFormat, federation: Federation, access_token: SecretStr
) -> OutboundRequest | None:
    """Build the request that exchanges a federated token of Google for one of a service account, if there is one.

    https://docs.cloud.google.com/iam/docs/reference/credentials/rest/v1/projects.serviceAccounts/generateAccessToken
    """
    email = federation.fields.get("service_account_email")
    if request_format is not TokenRequestFormat.GOOGLE or email is None:
        return None
    return _json(
        f"https://iamcredentials.googleapis.com/v1/projects/-/serviceAccounts/{email}:generateAccessToken",
        {"scope": [f"{_GOOGLE_SCOPES}cloud-platform"], "lifetime": "3600s"},
        {"Authorization": f"Bearer {access_token.get_secret_value()}"},
    )


def _open_ai(federation: Federation, identity_token: str) -> OutboundRequest:
    """https://developers.openai.com/api/reference/workload-identity-federation."""
    fields = federation.fields
    return _json(
        "https://auth.openai.com/oauth/token",
        {
            "grant_type": _TOKEN_EXCHANGE,
            "subject_token": identity_token,
            "subject_token_type": _JWT,
            "identity_provider_id": fields["identity_provider_id"],
            "service_account_id": fields["service_account_id"],
        },
    )


def _anthropic(federation: Federation, identity_token: str) -> OutboundRequest:
    """https://platform.claude.com/docs/en/manage-claude/wif-reference; the header is from the package `anthropic`."""
    return _json(
        "https://api.anthropic.com/v1/oauth/token",
        {"grant_type": _JWT_BEARER, "assertion": identity_token, **federation.fields},
        {"anthropic-beta": "oauth-2025-04-20,oidc-federation-2026-04-01"},
    )


def _microsoft_entra(federation: Federation, identity_token: str) -> OutboundRequest:
    """https://learn.microsoft.com/entra/identity-platform/v2-oauth2-client-creds-grant-flow, third case."""
    fields = federation.fields
    cloud = _ENTRA_CLOUDS[fields.get("cloud", "public")]
    return _form(
        f"https://{cloud.login_host}/{fields['tenant_id']}/oauth2/v2.0/token",
        {
            "grant_type": "client_credentials",
            "client_id": fields["client_id"],
            "client_assertion_type": _CLIENT_ASSERTION,
            "client_assertion": identity_token,
            "scope": cloud.scope,
        },
    )


def _google(federation: Federation, identity_token: str) -> OutboundRequest:
    """https://docs.cloud.google.com/iam/docs/reference/sts/rest/v1/TopLevel/token."""
    fields = federation.fields
    scope = "iam" if "service_account_email" in fields else "cloud-platform"
    return _form(
        "https://sts.googleapis.com/v1/token",
        {
            "grant_type": _TOKEN_EXCHANGE,
            "audience": f"//iam.googleapis.com/{fields['workload_identity_provider']}",
            "scope": f"{_GOOGLE_SCOPES}{scope}",
            "requested_token_type": _ACCESS_TOKEN,
            "subject_token": identity_token,
            "subject_token_type": _JWT,
        },
    )


def _custom(federation: Federation, identity_token: str) -> OutboundRequest:
    """RFC 8693, section 2.1, or RFC 7523, section 2.1. The further parameters replace none of these."""
    grants = {
        "token-exchange": {
            "grant_type": _TOKEN_EXCHANGE,
            "subject_token": identity_token,
            "subject_token_type": _JWT,
        },
        "jwt-bearer": {"grant_type": _JWT_BEARER, "assertion": identity_token},
    }
    return _form(federation.fields["token_endpoint"], {**federation.parameters, **grants[federation.fields["grant"]]})


_TOKEN_REQUESTS: Mapping[TokenRequestFormat, Callable[[Federation, str], OutboundRequest]] = {
    TokenRequestFormat.OPEN_AI: _open_ai,
    TokenRequestFormat.ANTHROPIC: _anthropic,
    TokenRequestFormat.MICROSOFT_ENTRA: _microsoft_entra,
    TokenRequestFormat.GOOGLE: _google,
    TokenRequestFormat.CUSTOM: _custom,
}


def _json(url: str, fields: Mapping[str, object], headers: Mapping[str, str] | None = None) -> OutboundRequest:
    return _post(url, json.dumps(fields), "application/json", headers or {})


def _form(url: str, fields: Mapping[str, str]) -> OutboundRequest:
    return _post(url, urlencode(fields), "application/x-www-form-urlencoded", {})


def _post(url: str, body: str, content_type: str, headers: Mapping[str, str]) -> OutboundRequest:
    return OutboundRequest(
        method="POST",
        url=url,
        headers={"Accept": "application/json", **headers},
        body=body.encode(),
        content_type=content_type,
    )
