"""The client that the environment describes, made at its first use."""

import os
import threading
from collections.abc import Mapping
from typing import Any

from ai_integrations_client.client import Client
from ai_integrations_client.resolved import ResolvedIntegration


class _Default:
    def __init__(self) -> None:
        self._client: Client | None = None
        self._lock = threading.Lock()

    def client(self) -> Client:
        with self._lock:
            if self._client is None:
                self._client = Client()
            return self._client

    def reset(self) -> None:
        """Begin anew: in a forked process the threads are gone that a question may be waiting for."""
        self.__init__()  # type: ignore[misc]


_default = _Default()
os.register_at_fork(after_in_child=_default.reset)


def resolve(
    integration: str, *, space: str | None = None, organization: str | None = None, key_version: str | None = None
) -> ResolvedIntegration:
    """Return an integration by its id or name; `Client.resolve` says more."""
    return _default.client().resolve(integration, space=space, organization=organization, key_version=key_version)


def invalidate(integration: str | None = None) -> None:
    """Ask again at the next use: of one integration, by id or name, or of all."""
    _default.client().invalidate(integration)


def handle_event(event: Mapping[str, Any]) -> bool:
    """Take in a change event of the service as EventBridge delivers it; tell whether it concerned anything kept."""
    return _default.client().handle_event(event)
