"""The process-wide client that the environment configures."""

import os
import threading
from collections.abc import Callable, Mapping
from typing import Any

from ai_integrations_client.client import Client
from ai_integrations_client.resolved import ResolvedIntegration


class DefaultClient:
    """Creates a client on first use."""

    def __init__(self, create: Callable[[], Client] = Client) -> None:
        self._create = create
        self._lock = threading.Lock()
        self._client: Client | None = None

    def get(self) -> Client:
        """Get the client, and create it on first use. Raise ConfigurationError if a setting is missing."""
        with self._lock:
            if self._client is None:
                self._client = self._create()
            return self._client

    def reset(self) -> None:
        """Reset after fork: the child process does not have the parent's refresh threads."""
        self._lock = threading.Lock()
        self._client = None


default_client = DefaultClient()
os.register_at_fork(after_in_child=default_client.reset)


def resolve(
    integration: str, *, space: str | None = None, organization: str | None = None, key_version: str | None = None
) -> ResolvedIntegration:
    """Resolve an integration by its id or name; see `Client.resolve`."""
    return default_client.get().resolve(integration, space=space, organization=organization, key_version=key_version)


def invalidate(integration: str | None = None) -> None:
    """Mark the cached resolutions of one integration, by id or name, or of all integrations as stale."""
    default_client.get().invalidate(integration)


def handle_event(event: Mapping[str, Any]) -> bool:
    """Apply a change event, as EventBridge delivers it, to the cache; return whether it concerned an entry."""
    return default_client.get().handle_event(event)
