"""What the use cases need of the world."""

from typing import Protocol

from pydantic import SecretStr

from ai_integrations.errors import (
    ContentionError,
    IdempotencyKeyReusedError,
    NameTakenError,
    RepeatedRequestError,
    VersionConflictError,
)
from ai_integrations.model import IdempotencyKey, Integration, KeepKey, Secret, SecretReference, Slice, Space, Tombstone

# What a repository raises when it has said no: nothing was written.
REFUSALS = (NameTakenError, RepeatedRequestError, IdempotencyKeyReusedError, VersionConflictError, ContentionError)


KeyChange = SecretStr | SecretReference | KeepKey | None
"""What a request says of an integration's key: the key, or where it lies; that it stays; that there is none."""


class Repository(Protocol):
    """Where integrations are kept.

    Each write happens as a whole or not at all. It raises one of REFUSALS when the store has said no; whatever else it
    raises leaves open whether the write has happened.
    """

    def look(self, integration: Integration, idempotency_key: IdempotencyKey | None) -> None:
        """Raise what `add` would raise now, in one read and without writing."""
        ...

    def add(self, integration: Integration, idempotency_key: IdempotencyKey | None) -> None:
        """Write a new integration; NameTakenError, RepeatedRequestError or IdempotencyKeyReusedError if it may not."""
        ...

    def once(self, request: IdempotencyKey) -> "Repository":
        """Return the same, with a `replace` and a `remove` that raise RepeatedRequestError when they come again."""
        ...

    def get(self, account: str, ulid: str) -> Integration | None:
        """Return an integration."""
        ...

    def get_deleted(self, account: str, ulid: str) -> Tombstone | None:
        """Return what is left of a deleted integration."""
        ...

    def replace(self, current: Integration, changed: Integration) -> None:
        """Write over the version that was read; VersionConflictError if it is another by now, or NameTakenError."""
        ...

    def remove(self, tombstone: Tombstone) -> None:
        """Put a tombstone in the place of the version that was read; VersionConflictError if it is another by now."""
        ...

    def bring_back(self, tombstone: Tombstone, restored: Integration) -> None:
        """Put an integration in the place of its tombstone; NameTakenError or VersionConflictError if it may not be."""
        ...


class Vault(Protocol):
    """Where provider keys are kept; this side of it can not read them."""

    def store(self, integration: Integration, api_key: SecretStr) -> Secret:
        """Keep the key of a new integration."""
        ...

    def replace(self, integration: Integration, api_key: SecretStr) -> Secret:
        """Keep another key beside the one that the integration names, if any; it takes effect when it is named."""
        ...

    def refer(self, account: str, reference: SecretReference) -> Secret:
        """Return somebody else's secret, or raise RuleViolationError unless it is meant for the account."""
        ...

    def discard(self, unused: Secret, kept: Secret | None) -> None:
        """Take back, as well as can be, a key that was stored and then not named; `kept` is the one that still is."""
        ...

    def revive(self, secret: Secret) -> None:
        """Make the secret of a deleted integration usable again."""
        ...


class Listing(Protocol):
    """Where integrations are read in their order."""

    def newest(self, account: str, before: str | None, count: int) -> Slice:
        """Return at most `count` integrations of an account that are older than the id `before`, in one read."""
        ...


class Directory(Protocol):
    """Where the spaces of an account are known."""

    def space(self, account: str, space_id: str) -> Space | None:
        """Return what is known of a space."""
        ...

    def spaces(self, account: str) -> list[Space]:
        """Return all spaces of an account that are known, in the order of their ids."""
        ...
