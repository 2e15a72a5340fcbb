"""The key store of dry runs."""

from pydantic import SecretStr

from ai_integrations.adapters.secrets_manager.key_store import SecretsManagerKeyStore
from ai_integrations.domain.model import Integration, SecretVersion


class DryRunKeyStore(SecretsManagerKeyStore):
    """Checks external secrets in earnest, and stores no keys. The versions that it returns do not exist."""

    def create_key(self, integration: Integration, api_key: SecretStr) -> SecretVersion:  # noqa: ARG002 - the port
        """Name a version for a key."""
        return SecretVersion(arn="", version=self._new_version())

    add_key_version = create_key

    def discard(self, unused: SecretVersion, kept: SecretVersion | None) -> None:
        """Do nothing: no key was stored."""
