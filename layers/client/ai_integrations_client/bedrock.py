"""Bedrock sessions for programs that run longer than their credentials are valid."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from botocore.credentials import CredentialProvider, CredentialResolver, RefreshableCredentials
from botocore.session import get_session

from ai_integrations_client.adapters import bedrock_arguments, bedrock_region
from ai_integrations_client.resolved import ResolvedIntegration

if TYPE_CHECKING:
    import boto3


def bedrock_session(resolve: Callable[[], ResolvedIntegration], region: str | None = None) -> "boto3.Session":
    """Create a session whose clients renew their credentials: `bedrock_session(lambda: resolve("Bedrock"))`.

    The session sets no endpoint. If the integration has a base URL, pass it:
    `session.client("bedrock-runtime", endpoint_url=…)`.
    """
    import boto3  # noqa: PLC0415 - imported only if it is used

    session = get_session()
    session.register_component("credential_provider", CredentialResolver([_IntegrationCredentialProvider(resolve)]))
    return boto3.Session(botocore_session=session, region_name=region or bedrock_region(resolve()))


class _IntegrationCredentialProvider(CredentialProvider):
    METHOD = CANONICAL_NAME = "ai-integrations"

    def __init__(self, resolve: Callable[[], ResolvedIntegration]) -> None:
        super().__init__()
        self._resolve = resolve

    def load(self) -> Any:  # noqa: ANN401 - botocore has no types
        return RefreshableCredentials.create_from_metadata(self._metadata(), self._metadata, self.METHOD)

    def _metadata(self) -> dict[str, str]:
        resolved = self._resolve()
        arguments = bedrock_arguments(resolved)
        names = {"access_key": "aws_access_key_id", "secret_key": "aws_secret_access_key", "token": "aws_session_token"}
        expiry = resolved.expires_at.isoformat() if resolved.expires_at else ""
        return {**{name: arguments[argument] for name, argument in names.items()}, "expiry_time": expiry}
