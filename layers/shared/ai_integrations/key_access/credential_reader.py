"""Read the credentials of an integration: its key, temporary AWS credentials, or an access token."""

from collections.abc import Callable
from datetime import datetime
from typing import TYPE_CHECKING, NamedTuple

from ai_integrations.domain.credentials import ReadKey, TemporaryCredentials
from ai_integrations.domain.errors import KeyUnavailableError, TokenRefusedError, TokenUnavailableError
from ai_integrations.domain.model import Integration, SecretVersion
from ai_integrations.domain.providers import AWS, PROVIDERS
from ai_integrations.key_access.token_cache import IssuedToken, TokenCache
from ai_integrations.observability import logger

if TYPE_CHECKING:
    from ai_integrations.use_cases.ports import KeyReader, RoleAssumer


class Resolved(NamedTuple):
    """An integration and its credentials."""

    integration: Integration
    key: ReadKey | None
    credentials: TemporaryCredentials | None
    token: IssuedToken | None


class CredentialReader:
    """Reads the credentials that suit an integration."""

    def __init__(
        self, *, keys: "KeyReader", roles: "RoleAssumer", tokens: TokenCache, clock: Callable[[], datetime]
    ) -> None:
        self._keys = keys
        self._roles = roles
        self._tokens = tokens
        self._clock = clock

    def read(self, integration: Integration, consumer: str, key_version: str | None) -> Resolved:
        """Read the credentials for a consumer. Raise an error of `CredentialResolver.by_id` if that fails."""
        uses_role = PROVIDERS[integration.provider].metadata is AWS
        return Resolved(
            integration=integration,
            key=self._read_key(integration, key_version),
            credentials=self._roles.assume(integration, consumer) if uses_role else None,
            token=self._get_token(integration) if integration.federation else None,
        )

    def _read_key(self, integration: Integration, key_version: str | None) -> ReadKey | None:
        secret = self._select_secret(integration, key_version)
        key = self._keys.read(integration, secret) if secret else None
        if key_version is not None and (key is None or key.version != key_version):
            raise KeyUnavailableError
        return key

    def _select_secret(self, integration: Integration, key_version: str | None) -> SecretVersion | None:
        """Select the previous key if its version is requested during its grace period, otherwise the current key."""
        previous = integration.previous_key
        if previous and key_version == previous.secret.version and self._clock() < previous.usable_until:
            return previous.secret
        return integration.secret

    def _get_token(self, integration: Integration) -> IssuedToken:
        try:
            return self._tokens.get(integration)
        except (TokenRefusedError, TokenUnavailableError) as error:
            logger.warning(
                "token not exchanged",
                integration_id=integration.id,
                version=integration.version,
                error=type(error).__name__,
                reason=error.reason,
            )
            raise
