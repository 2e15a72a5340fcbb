"""Writes of an integration together with its key, which is in a different store.

The key is stored first, and the integration that references it is written in one transaction. A rejected write takes
its key back. After a write with an unknown outcome nothing is undone: the sweep removes what no item references.
"""

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING

from pydantic import SecretStr

from ai_integrations.domain.errors import REJECTIONS, IdempotencyKeyReusedError
from ai_integrations.domain.model import (
    CredentialChange,
    ExternalSecretArn,
    Federation,
    IdempotencyKey,
    Integration,
    Removal,
    SecretVersion,
    Tombstone,
    keeps,
)

if TYPE_CHECKING:
    from ai_integrations.use_cases.ports import IntegrationRepository, KeyStore

StoreKey = Callable[[Integration, SecretStr], SecretVersion]


class KeyedWrites:
    """Writes integrations and their keys, so that neither is lost or left behind."""

    def __init__(self, repository: "IntegrationRepository", keys: "KeyStore") -> None:
        self._repository = repository
        self._keys = keys

    def with_credentials(self, integration: Integration, change: CredentialChange, store: StoreKey) -> Integration:
        """Apply a change of the credentials. `store` stores a key that was sent.

        Every change of the key drops the previous key.
        """
        if keeps(Removal.KEY, change):
            secret, previous_key = integration.secret, integration.previous_key
        else:
            secret, previous_key = self._secret(integration, change, store), None
        federation = integration.federation if keeps(Removal.FEDERATION, change) else None
        return replace(
            integration,
            secret=secret,
            previous_key=previous_key,
            federation=change if isinstance(change, Federation) else federation,
        )

    def insert(self, integration: Integration, idempotency_key: IdempotencyKey | None) -> None:
        """Insert an integration. If the write is rejected, discard the key that was stored for it."""
        try:
            self._repository.insert(integration, idempotency_key)
        except REJECTIONS:
            if integration.secret is not None:
                self._discard_unreferenced(integration, integration.secret, None)
            raise

    def update(self, current: Integration, changed: Integration) -> Integration:
        """Update an integration. If the write is rejected, discard the key that was stored for it."""
        previous = current.previous_key and current.previous_key.secret
        try:
            self._repository.update(current, changed)
        except REJECTIONS:
            if changed.secret is not None and changed.secret not in {current.secret, previous}:
                self._discard_unreferenced(changed, changed.secret, current.secret)
            raise
        return changed

    def restore(self, tombstone: Tombstone, restored: Integration) -> Integration:
        """Restore an integration. Its secret is usable again before the integration is."""
        self._repository.precheck(tombstone.integration, None)
        if restored.secret is not None:
            self._keys.cancel_deletion(restored.secret)
        self._repository.restore(tombstone, restored)
        return restored

    def original_result(self, first: Integration, change: CredentialChange) -> Integration:
        """Return the result of a request that is retried, if both sent the same API key.

        The fingerprint of a request leaves the key out, so the key store compares it with the key that `first` stored.
        """
        stored = first.secret if first.secret is not None and first.secret.is_owned else None
        sent = change if isinstance(change, SecretStr) else None
        if stored is not None and sent is not None:
            is_same = self._keys.holds_key(stored, sent)
        else:
            is_same = stored is None and sent is None
        if not is_same:
            raise IdempotencyKeyReusedError
        return first

    def _secret(self, integration: Integration, change: CredentialChange, store: StoreKey) -> SecretVersion | None:
        """Store the key or check the external secret that a change sets."""
        if isinstance(change, SecretStr):
            return store(integration, change)
        return self._keys.reference_secret(integration, change) if isinstance(change, ExternalSecretArn) else None

    def _discard_unreferenced(self, rejected: Integration, secret: SecretVersion, kept: SecretVersion | None) -> None:
        """Discard the key stored for a rejected write, unless the table references it.

        An earlier attempt may have committed although its response was lost.
        """
        stored = self._repository.get(rejected.account, rejected.id)
        if stored is None:
            deleted = self._repository.get_deleted(rejected.account, rejected.id)
            stored = deleted.integration if deleted else None
        if stored is None or not stored.references(secret):
            self._keys.discard(secret, kept)
