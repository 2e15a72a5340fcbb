"""The key store of dry runs."""

from pydantic import SecretStr

from ai_integrations.adapters.secrets_manager.key_store import SecretsManagerKeyStore
from ai_integrations.domain.model import Integration, SecretVersion


class DryRunKeyStore(SecretsManagerKeyStore):
    """Checks external secrets in earnest, and stores no keys. The versions that it returns do not exist."""

    def create_key(self, integration: Integration, api_key: SecretStr) -> SecretVersion:
        """Name a version for the key of a new integration."""
        return self.add_key_version(integration, api_key)

    def add_key_version(self, integration: Integration, api_key: SecretStr) -> SecretVersion:  # noqa: ARG002 - the port
        """Name a further version."""
        return SecretVersion(arn="", version=self._new_version())

    def discard(self, unused: SecretVersion, kept: SecretVersion | None) -> None:
        """Do nothing: no key was stored."""
