"""Request and response of functions/credentials."""

from typing import Annotated, NotRequired

from pydantic import StringConstraints
from typing_extensions import TypedDict

from ai_integrations.contracts import ids
from ai_integrations.contracts.fields import OpaqueId
from ai_integrations.contracts.operator_commands import Account, User
from ai_integrations.contracts.views import timestamp
from ai_integrations.contracts.wire_model import InputModel
from ai_integrations.domain.credentials import AccessToken, TemporaryCredentials
from ai_integrations.domain.endpoints import endpoints_of
from ai_integrations.domain.mappings import without_none
from ai_integrations.domain.model import Caller, Integration, Membership, Role
from ai_integrations.domain.providers import PROVIDERS
from ai_integrations.key_access.credential_reader import Resolved


class ResolveCommand(InputModel):
    """Resolve an integration to its API key, an access token or temporary AWS credentials.

    `integration` is an id or a name. The program sees integrations of its space and its organization, and account-wide
    ones. `consumer` is its name, for the audit log and role session names. `key_version` is the current version of the
    key, or the previous one during its grace period.
    """

    account: Account
    integration: Annotated[str, StringConstraints(min_length=1, max_length=256)]
    consumer: User
    organization_id: OpaqueId | None = None
    space_id: OpaqueId | None = None
    key_version: Annotated[str, StringConstraints(min_length=1, max_length=64)] | None = None

    def caller(self) -> Caller:
        """Build the caller whose visibility applies: a reader in the program's space and organization."""
        membership = Membership(organization_id=self.organization_id, space_id=self.space_id)
        return Caller(account=self.account, user=self.consumer, role=Role.READER, memberships=(membership,))


class AwsCredentials(TypedDict):
    """Temporary AWS credentials."""

    access_key_id: str
    secret_access_key: str
    session_token: str


class AccessTokenView(TypedDict):
    """A provider's access token, sent as `Authorization: Bearer`. `headers` are sent with it."""

    value: str
    token_type: str
    headers: NotRequired[dict[str, str] | None]


class EndpointsView(TypedDict):
    """Where the provider's APIs start (contract.md, "Base URLs")."""

    root: str
    api: str
    openai: NotRequired[str | None]


class Resolution(TypedDict):
    """What a program needs to call a provider.

    `expires_at` is when `aws_credentials` or `access_token` expires (RFC 3339). `base_url` is as it is stored;
    `endpoints` is what it means.
    """

    id: str
    name: str
    provider: str
    version: int
    base_url: NotRequired[str | None]
    endpoints: NotRequired[EndpointsView | None]
    headers: NotRequired[dict[str, str] | None]
    model_names: NotRequired[list[str] | None]
    enable_default_models: bool
    function_calling_enabled: bool
    auth_type: str
    provider_metadata: NotRequired[dict[str, str] | None]
    api_key: NotRequired[str | None]
    key_version: NotRequired[str | None]
    aws_credentials: NotRequired[AwsCredentials | None]
    access_token: NotRequired[AccessTokenView | None]
    expires_at: NotRequired[str | None]


def resolution_view(resolved: Resolved) -> Resolution:
    """Build the response. It contains the credentials, so it must never be logged."""
    integration, credentials = resolved.integration, resolved.credentials
    token = resolved.token.token if resolved.token else None
    expiring = credentials or token
    resolution: Resolution = {
        "id": ids.encode(integration.id),
        "name": integration.name,
        "provider": integration.provider,
        "version": integration.version,
        "base_url": integration.base_url,
        "endpoints": _endpoints_view(integration),
        "headers": None if integration.headers is None else dict(integration.headers),
        "model_names": None if integration.model_names is None else list(integration.model_names),
        "enable_default_models": integration.enable_default_models,
        "function_calling_enabled": integration.function_calling_enabled,
        "auth_type": integration.auth_type.value,
        "provider_metadata": None if integration.provider_metadata is None else dict(integration.provider_metadata),
        "api_key": resolved.key.value.get_secret_value() if resolved.key else None,
        "key_version": resolved.key.version if resolved.key else None,
        "aws_credentials": _credentials_view(credentials) if credentials else None,
        "access_token": _token_view(integration, token) if token else None,
        "expires_at": timestamp(expiring.expires_at) if expiring else None,
    }
    return without_none(resolution)


def _endpoints_view(integration: Integration) -> EndpointsView | None:
    endpoints = endpoints_of(integration.provider, integration.base_url, integration.provider_metadata)
    if endpoints is None:
        return None
    return without_none(EndpointsView(root=endpoints.root, api=endpoints.api, openai=endpoints.openai))


def _credentials_view(credentials: TemporaryCredentials) -> AwsCredentials:
    return AwsCredentials(
        access_key_id=credentials.access_key_id,
        secret_access_key=credentials.secret_access_key.get_secret_value(),
        session_token=credentials.session_token.get_secret_value(),
    )


def _token_view(integration: Integration, token: AccessToken) -> AccessTokenView:
    federation = PROVIDERS[integration.provider].federation
    headers = dict(federation.headers) if federation else {}
    return without_none(
        AccessTokenView(value=token.value.get_secret_value(), token_type="Bearer", headers=headers or None)  # noqa: S106
    )
