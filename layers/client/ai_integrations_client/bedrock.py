"""Bedrock sessions for programs that run longer than their credentials are valid."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from botocore.credentials import CredentialProvider, CredentialResolver, RefreshableCredentials
from botocore.session import Session

from ai_integrations_client.adapters.bedrock import (
    bedrock_config,
    bedrock_endpoint,
    bedrock_region,
    credential_arguments,
)
from ai_integrations_client.adapters.environment import refuse_proxy
from ai_integrations_client.resolved import ResolvedIntegration

if TYPE_CHECKING:
    import boto3


def bedrock_session(resolve: Callable[[], ResolvedIntegration], region: str | None = None) -> "boto3.Session":
    """Create a session whose clients renew their credentials: `bedrock_session(lambda: resolve("Bedrock"))`.

    Its clients for "bedrock-runtime" use the integration's base URL, if it has one.
    """
    import boto3  # noqa: PLC0415 - imported only if it is used

    session = _IntegrationSession(resolve)
    return boto3.Session(botocore_session=session, region_name=region or bedrock_region(resolve()))


class _IntegrationSession(Session):
    def __init__(self, resolve: Callable[[], ResolvedIntegration]) -> None:
        super().__init__()
        self._resolve_integration = resolve
        self.register_component("credential_provider", CredentialResolver([_IntegrationCredentialProvider(resolve)]))
        self.set_default_client_config(bedrock_config())
        # Client-side monitoring sends session tokens to AWS_CSM_HOST (botocore/monitoring.py).
        self.set_config_variable("csm_enabled", False)  # noqa: FBT003 - botocore's signature

    def create_client(self, service_name: str, *args: Any, **options: Any) -> Any:  # noqa: ANN401 - as in botocore
        if service_name == "bedrock-runtime":
            resolved = self._resolve_integration()
            options["endpoint_url"] = options.get("endpoint_url") or bedrock_endpoint(resolved)
            refuse_proxy(resolved, "boto3", options["endpoint_url"])
        return super().create_client(service_name, *args, **options)


class _IntegrationCredentialProvider(CredentialProvider):
    METHOD = CANONICAL_NAME = "ai-integrations"

    def __init__(self, resolve: Callable[[], ResolvedIntegration]) -> None:
        super().__init__()
        self._resolve = resolve

    def load(self) -> Any:  # noqa: ANN401 - botocore has no types
        return RefreshableCredentials.create_from_metadata(self._metadata(), self._metadata, self.METHOD)

    def _metadata(self) -> dict[str, str]:
        resolved = self._resolve()
        arguments = credential_arguments(resolved)
        names = {"access_key": "aws_access_key_id", "secret_key": "aws_secret_access_key", "token": "aws_session_token"}
        expiry = resolved.expires_at.isoformat() if resolved.expires_at else ""
        return {**{name: arguments[argument] for name, argument in names.items()}, "expiry_time": expiry}
